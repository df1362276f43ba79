#include "program.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

namespace striate {

constexpr int64_t BLOCK = 4096;  // numbers: small enough for the first-level cache

Program::Program(Graph graph, UpdateRule rule, uint64_t seed, const Kernels& kernels, std::shared_ptr<ThreadPool> threads)
    : graph_(std::move(graph)), rule_(rule), seed_(seed), kernels_(kernels), threads_(std::move(threads)) {
  for (size_t p = 0; p < graph_.parameters.size(); p++)
    for (int64_t first = 0; first < graph_.parameters[p].count; first += BLOCK)
      blocks_.push_back({static_cast<int>(p), first, std::min(BLOCK, graph_.parameters[p].count - first)});
  for (size_t p = 0; p < graph_.parameters.size(); p++) {
    if (graph_.parameters[p].orthogonality.factor != 0 && graph_.parameters[p].trainable) wholes_.orthogonal.push_back(static_cast<int>(p));
    if (graph_.parameters[p].norms.any() && graph_.parameters[p].trainable) wholes_.bounded.push_back(static_cast<int>(p));
  }
  whole_penalties_.assign(wholes_.orthogonal.size(), 0.0);
  block_penalties_.assign(blocks_.size(), 0.0);
  block_squares_.assign(blocks_.size(), 0.0);
}

Program::Compiled& Program::compiled(const Purpose& purpose, int64_t batch_size) {
  const Kernels& kernels = kernels_for(kernels_, batch_size);
  std::string key;
  const auto append = [&key](int number) {
    key += std::to_string(number);
    key += ' ';
  };
  for (int flag : {purpose.training, purpose.losses, purpose.parameter_gradients}) append(flag);
  append(kernels.lanes);
  append(purpose.of);
  append(static_cast<int>(purpose.outputs.size()));
  for (int node : purpose.outputs) append(node);
  for (int node : purpose.wrt) append(node);
  auto& entry = compiled_[key];
  if (!entry) {
    constexpr size_t KEPT = 16;  // plans hold memory: those of one-off questions do not pile up
    if (compiled_.size() > KEPT) {
      compiled_.clear();
      training_ = nullptr;
      return *(compiled_[key] = std::make_unique<Compiled>(graph_, purpose, kernels, *threads_));
    }
    entry = std::make_unique<Compiled>(graph_, purpose, kernels, *threads_);
  }
  return *entry;
}

// Sum of the images' weighted losses over n, plus the penalties; in the same order on every thread and every machine.
double Program::batch_loss(const Builder& b, int64_t count) const {
  double total = 0;
  const size_t losses = graph_.losses.size();
  for (size_t i = 0; i < static_cast<size_t>(count) * losses; i++) total += static_cast<double>(b.image_losses[i]);
  const int64_t places = b.plan.capacity() * b.plan.kernels.lanes;
  for (int64_t k = 0; k < b.penalty_operations; k++)
    for (int64_t i = 0; i < count; i++) total += static_cast<double>(b.image_penalties[static_cast<size_t>(k * places + i)]);
  return total / static_cast<double>(count);
}

double Program::parameter_penalties() {
  double total = 0;
  for (const Block& block : blocks_) {
    const Parameter& p = graph_.parameters[static_cast<size_t>(block.parameter)];
    if (!p.trainable || (p.l1 == 0 && p.l2 == 0)) continue;
    double absolute, squared;
    kernels_.penalty_sums(p.value + block.first, block.count, &absolute, &squared);
    total += static_cast<double>(p.l1) * absolute + static_cast<double>(p.l2) * squared;
  }
  for (int index : wholes_.orthogonal) {
    const Parameter& p = graph_.parameters[static_cast<size_t>(index)];
    total += orthogonality_penalty(p.orthogonality, p.value);
  }
  return total;
}

// The rule's numbers for one step (counted from 0), with Keras's bias corrections.
Program::StepNumbers Program::step_numbers(double learning_rate, uint64_t step) {
  UpdateArguments a = {};
  a.rule = rule_.rule;
  a.learning_rate = static_cast<float>(learning_rate);
  a.weight_decay = rule_.weight_decay;
  a.beta_1 = rule_.beta_1;
  a.beta_2 = rule_.beta_2;
  a.epsilon = rule_.epsilon;
  a.momentum = rule_.momentum;
  a.rho = rule_.rho;
  a.nesterov = rule_.nesterov;
  a.centered = rule_.centered;
  a.clip_value = rule_.clip_value;
  a.power = -rule_.learning_rate_power;
  a.l1 = rule_.l1;
  a.l2 = rule_.beta == 0 ? rule_.l2 : rule_.l2 + rule_.beta / (2 * a.learning_rate);
  a.shrinkage = rule_.shrinkage;
  a.gradient_scale = 1.0f;
  a.average_momentum = step == 0 ? 0.0f : rule_.average_momentum;
  a.average_overwrites = rule_.overwrite_frequency > 0 && (step + 1) % rule_.overwrite_frequency == 0;
  const double t = static_cast<double>(step) + 1, b1 = static_cast<double>(rule_.beta_1), b2 = static_cast<double>(rule_.beta_2);
  if (rule_.rule == Rule::adam || rule_.rule == Rule::adamw)
    a.correction_1 = static_cast<float>(std::sqrt(1 - std::pow(b2, t)) / (1 - std::pow(b1, t)));
  if (rule_.rule == Rule::adamax) a.correction_1 = static_cast<float>(1 / (1 - std::pow(b1, t)));
  if (rule_.rule == Rule::nadam) {
    const double now = b1 * (1 - 0.5 * std::pow(0.96, t)), next = b1 * (1 - 0.5 * std::pow(0.96, t + 1));
    const double product = *rule_.u_product * now;
    a.correction_1 = static_cast<float>(next / (1 - product * next));
    a.correction_2 = static_cast<float>((1 - now) / (1 - product));
    a.correction_3 = static_cast<float>(1 / (1 - std::pow(b2, t)));
  }
  return {a, rule_.clip_norm > 0 || rule_.global_clip_norm > 0};
}

// The block's gradient from all slots, with the penalties' slopes, left in the first slot.
void Program::sum_block(Builder& b, const Block& block, int64_t slots) {
  const Parameter& p = graph_.parameters[static_cast<size_t>(block.parameter)];
  GradientSlots& g = b.gradients[static_cast<size_t>(block.parameter)];
  const int64_t used = g.whole_batch ? 1 : slots;
  if (used == 1 && p.l1 == 0 && p.l2 == 0) return;
  const float* from[16];
  for (int64_t s = 0; s < used; s++) from[s] = g.slot(s) + block.first;
  kernels_.sum_gradients(from, used, p.value + block.first, g.slot(0) + block.first, block.count, p.l1, p.l2);
}

// What gradients are multiplied with so that their norm, by parameter or of all, stays within its bound.
float Program::clip_scale(int parameter) const {
  double squares = 0;
  for (size_t i = 0; i < blocks_.size(); i++)
    if (rule_.global_clip_norm > 0 || blocks_[i].parameter == parameter) squares += block_squares_[i];
  const double norm = std::sqrt(squares), bound = static_cast<double>(rule_.global_clip_norm > 0 ? rule_.global_clip_norm : rule_.clip_norm);
  return norm > bound ? static_cast<float>(bound / norm) : 1.0f;
}

// Each thread takes whole parameters: their penalties as a whole, added to the gradients that sum_block left.
void Program::whole_penalties(Builder& b, int thread) {
  const int threads = b.plan.team();
  for (size_t i = static_cast<size_t>(thread); i < wholes_.orthogonal.size(); i += static_cast<size_t>(threads)) {
    const auto index = static_cast<size_t>(wholes_.orthogonal[i]);
    const Parameter& p = graph_.parameters[index];
    if (b.gradients[index].written) whole_penalties_[i] = add_orthogonality_gradient(p.orthogonality, p.value, b.gradients[index].slot(0));
  }
}

void Program::bound_parameters(Builder& b, int thread) {
  const int threads = b.plan.team();
  for (size_t i = static_cast<size_t>(thread); i < wholes_.bounded.size(); i += static_cast<size_t>(threads)) {
    const auto index = static_cast<size_t>(wholes_.bounded[i]);
    if (b.gradients[index].written) bound_norms(graph_.parameters[index].norms, graph_.parameters[index].value);
  }
}

void Program::update_parameters(Builder& b, const StepNumbers& numbers, int64_t slots, int thread) {
  const size_t threads = static_cast<size_t>(b.plan.team()), me = static_cast<size_t>(thread);
  const size_t first = blocks_.size() * me / threads, last = blocks_.size() * (me + 1) / threads;
  const auto each = [&](auto work) {
    for (size_t i = first; i < last; i++) {
      const Block& block = blocks_[i];
      if (b.gradients[static_cast<size_t>(block.parameter)].written) work(i, block, graph_.parameters[static_cast<size_t>(block.parameter)]);
    }
  };
  const auto penalties = [&](size_t i, const Block& block, const Parameter& p) {
    if (p.l1 == 0 && p.l2 == 0) return;
    double absolute, squared;
    kernels_.penalty_sums(p.value + block.first, block.count, &absolute, &squared);
    block_penalties_[i] = static_cast<double>(p.l1) * absolute + static_cast<double>(p.l2) * squared;
  };
  const auto update = [&](const Block& block, const Parameter& p, float scale) {
    UpdateArguments a = numbers.arguments;
    a.weights = p.value + block.first;
    a.gradient = b.gradients[static_cast<size_t>(block.parameter)].slot(0) + block.first;
    for (int k = 0; k < 3; k++) a.slot[k] = p.slots[k] ? p.slots[k] + block.first : nullptr;
    a.average = p.average ? p.average + block.first : nullptr;
    a.count = block.count;
    a.gradient_scale = scale;
    a.non_negative = p.non_negative;
    if (!p.decays) a.weight_decay = 0;
    kernels_.update(a);
  };
  const auto squares = [&](size_t i, const Block& block) {
    block_squares_[i] = kernels_.sum_of_squares(b.gradients[static_cast<size_t>(block.parameter)].slot(0) + block.first, block.count);
  };
  const bool whole = !wholes_.orthogonal.empty(), at_once = !whole && !numbers.clips_norms;
  each([&](size_t i, const Block& block, const Parameter& p) {
    penalties(i, block, p);
    sum_block(b, block, slots);
    if (at_once) update(block, p, 1.0f);
    if (!whole && numbers.clips_norms) squares(i, block);
  });
  if (whole) {
    b.plan.meet();
    whole_penalties(b, thread);
    b.plan.meet();
    if (numbers.clips_norms) each([&](size_t i, const Block& block, const Parameter&) { squares(i, block); });
  }
  if (!at_once) {
    if (numbers.clips_norms) b.plan.meet();
    int scaled = -1;
    float scale = 1;
    each([&](size_t, const Block& block, const Parameter& p) {
      if (numbers.clips_norms && block.parameter != scaled) scale = clip_scale(scaled = block.parameter);
      update(block, p, scale);
    });
  }
  if (!wholes_.bounded.empty()) {
    b.plan.meet();
    bound_parameters(b, thread);
  }
}

static Batch batch_of(const Examples& examples, uint64_t seed) {
  Batch batch;
  batch.images = examples.images;
  batch.targets = examples.targets;
  batch.weights = examples.weights;
  batch.seed = seed;
  return batch;
}

int64_t Program::train(const Examples& examples, const int64_t* order, int64_t count, int64_t batch_size, const double* learning_rates,
                       int64_t steps, uint64_t first_step, double* losses, const std::vector<Sink>& outputs) {
  Purpose purpose;
  purpose.training = purpose.losses = purpose.parameter_gradients = true;
  purpose.outputs = graph_.outputs;
  const int64_t largest = std::min(batch_size, std::max(count, examples.count));
  Compiled& c = compiled(purpose, largest);
  c.plan.prepare(c.plan.packs_of(largest));
  if (profiling_ && training_ != &c) c.plan.start_profile();
  training_ = &c;
  const bool penalised = std::any_of(graph_.parameters.begin(), graph_.parameters.end(),
                                     [](const Parameter& p) { return p.penalised(); });
  Batch batch = batch_of(examples, seed_);
  StepNumbers numbers = {};
  int64_t done = 0;
  const auto begin_step = [&](int64_t step) {
    const int64_t start = step * batch_size;
    batch.order = order + start;
    batch.count = std::min(batch_size, count - start);
    batch.packs = c.plan.packs_of(batch.count);
    batch.step = first_step + static_cast<uint64_t>(step);
    batch.outputs = outputs;
    for (auto& sink : batch.outputs) sink.data += start * sink.stride;
    numbers = step_numbers(learning_rates[step], batch.step);
  };
  threads_->run(c.plan.team(), [&](int thread) {
    for (int64_t step = 0; step < steps; step++) {
      if (thread == 0) begin_step(step);
      c.plan.meet();
      c.plan.run(batch, thread);
      const bool go_on = std::isfinite(batch_loss(c.builder, batch.count));  // the same sum on every thread
      const auto start = std::chrono::steady_clock::now();
      if (go_on) update_parameters(c.builder, numbers, std::min(batch.packs, c.plan.slots(c.plan.capacity())), thread);
      if (thread == 0) update_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      c.plan.meet();
      if (thread == 0) {
        losses[step] = batch_loss(c.builder, batch.count);
        for (const auto* penalties : {&block_penalties_, &whole_penalties_})
          if (penalised) losses[step] += std::accumulate(penalties->begin(), penalties->end(), 0.0);
        done = step + 1;
        if (go_on) {
          for (const auto& hook : c.builder.after_step) hook();
          if (rule_.u_product) *rule_.u_product *= static_cast<double>(rule_.beta_1) * (1 - 0.5 * std::pow(0.96, static_cast<double>(batch.step) + 1));
        }
      }
      if (!go_on) break;
    }
  });
  return done;
}

// Runs consecutive images through a plan, batch by batch.
void Program::run_batches(Compiled& c, Batch batch, const Examples& examples, int64_t batch_size, const std::vector<Sink>& outputs,
                          const std::function<void(int64_t, int64_t)>& after_batch) {
  std::vector<int64_t> order(static_cast<size_t>(std::min(batch_size, examples.count)));
  c.plan.prepare(c.plan.packs_of(static_cast<int64_t>(order.size())));
  const auto cotangents = batch.cotangents;
  for (int64_t start = 0; start < examples.count; start += batch_size) {
    std::iota(order.begin(), order.end(), start);
    batch.order = order.data();
    batch.count = std::min(batch_size, examples.count - start);
    batch.packs = c.plan.packs_of(batch.count);
    batch.outputs = outputs;
    for (auto& sink : batch.outputs) sink.data += start * sink.stride;
    batch.cotangents = cotangents;
    for (auto& source : batch.cotangents) source.data += start * source.stride;
    threads_->run(c.plan.team(), [&](int thread) { c.plan.run(batch, thread); });
    after_batch(start, batch.count);
  }
}

void Program::start_profile() {
  profiling_ = true;
  training_ = nullptr;
  update_seconds_ = 0;
}

std::vector<std::pair<std::string, double>> Program::profile() const {
  if (!training_) return {};
  auto result = training_->plan.profile();
  result.push_back({"update", update_seconds_});
  return result;
}

void Program::evaluate(const Examples& examples, int64_t batch_size, float* image_losses, const std::vector<Sink>& outputs) {
  Purpose purpose;
  purpose.losses = true;
  purpose.outputs = graph_.outputs;
  Compiled& c = compiled(purpose, std::min(batch_size, examples.count));
  run_batches(c, batch_of(examples, seed_), examples, batch_size, outputs, [&](int64_t start, int64_t count) {
    const int64_t losses = static_cast<int64_t>(graph_.losses.size()), places = c.plan.capacity() * c.plan.kernels.lanes;
    for (int64_t i = 0; i < count; i++) {
      float total = 0;
      for (int64_t k = 0; k < losses; k++) total += c.builder.image_losses[static_cast<size_t>(i * losses + k)];
      for (int64_t k = 0; k < c.builder.penalty_operations; k++) total += c.builder.image_penalties[static_cast<size_t>(k * places + i)];
      image_losses[start + i] = total;
    }
  });
}

void Program::read(const Examples& examples, int64_t batch_size, const std::vector<int>& nodes, bool training, uint64_t step,
                   const std::vector<Sink>& outputs) {
  Purpose purpose;
  purpose.training = training;
  purpose.outputs = nodes;
  Batch batch = batch_of(examples, seed_);
  batch.step = step;
  run_batches(compiled(purpose, std::min(batch_size, examples.count)), batch, examples, batch_size, outputs, [](int64_t, int64_t) {});
}

void Program::gradient(const Examples& examples, int64_t batch_size, int of, Source cotangent, const std::vector<int>& wrt,
                       bool training, uint64_t step, const std::vector<Sink>& outputs) {
  Purpose purpose;
  purpose.training = training;
  purpose.of = of;
  purpose.wrt = wrt;
  Batch batch = batch_of(examples, seed_);
  batch.step = step;
  batch.cotangents = {cotangent};
  run_batches(compiled(purpose, std::min(batch_size, examples.count)), batch, examples, batch_size, outputs, [](int64_t, int64_t) {});
}

void Program::parameter_gradients(const Examples& examples, int of, Source cotangent, bool training, uint64_t step,
                                  const std::vector<float*>& results) {
  Purpose purpose;
  purpose.training = training;
  purpose.of = of;
  purpose.parameter_gradients = true;
  Batch batch = batch_of(examples, seed_);
  batch.step = step;
  batch.cotangents = {cotangent};
  Compiled& c = compiled(purpose, examples.count);
  run_batches(c, batch, examples, examples.count, {}, [](int64_t, int64_t) {});
  const int64_t slots = std::min(c.plan.packs_of(examples.count), c.plan.slots(c.plan.capacity()));
  for (size_t p = 0; p < results.size(); p++) {
    GradientSlots& g = c.builder.gradients[p];
    std::fill(results[p], results[p] + g.count, 0.0f);
    if (!g.written) continue;
    for (int64_t s = 0; s < (g.whole_batch ? 1 : slots); s++)
      for (int64_t i = 0; i < g.count; i++) results[p][i] += g.slot(s)[i];
  }
}

}  // namespace striate
