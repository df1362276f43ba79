#include "program.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

namespace striate {

Program::Program(Graph graph, UpdateRule rule, uint64_t seed, const Kernels& kernels, std::shared_ptr<ThreadPool> threads)
    : graph_(std::move(graph)), seed_(seed), kernels_(kernels), threads_(std::move(threads)), updater_(graph_.parameters, rule, kernels_) {}

Program::Compiled& Program::compiled(const Purpose& purpose, int64_t batch_size) {
  const Kernels& kernels = kernels_for(kernels_, batch_size);
  std::string key;
  const auto append = [&key](int number) {
    key += std::to_string(number);
    key += ' ';
  };
  for (int flag : {purpose.training, purpose.losses, purpose.parameter_gradients, purpose.updater != nullptr}) append(flag);
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

static Batch batch_of(const Examples& examples, uint64_t seed) {
  Batch batch;
  batch.images = examples.images;
  batch.targets = examples.targets;
  batch.weights = examples.weights;
  batch.weights_each = examples.weights_each;
  batch.seed = seed;
  return batch;
}

int64_t Program::train(const Examples& examples, const int64_t* order, int64_t count, int64_t batch_size, const double* learning_rates,
                       int64_t steps, uint64_t first_step, double* losses, const std::vector<Sink>& outputs) {
  Purpose purpose;
  purpose.training = purpose.losses = purpose.parameter_gradients = true;
  purpose.outputs = graph_.outputs;
  purpose.updater = &updater_;
  const int64_t largest = std::min(batch_size, std::max(count, examples.count));
  Compiled& c = compiled(purpose, largest);
  c.plan.prepare(c.plan.packs_of(largest));
  if (profiling_ && training_ != &c) c.plan.start_profile();
  training_ = &c;
  Batch batch = batch_of(examples, seed_);
  int64_t done = 0;
  const auto begin_step = [&](int64_t step) {
    const int64_t start = step * batch_size;
    batch.order = order + start;
    batch.count = std::min(batch_size, count - start);
    batch.packs = c.plan.packs_of(batch.count);
    batch.step = first_step + static_cast<uint64_t>(step);
    batch.outputs = outputs;
    for (auto& sink : batch.outputs) sink.data += start * sink.stride;
    updater_.begin_step(learning_rates[step], batch.step);
  };
  threads_->run(c.plan.team(), [&](int thread) {
    for (int64_t step = 0; step < steps; step++) {
      if (thread == 0) begin_step(step);
      c.plan.meet();
      c.plan.run(batch, thread);
      const bool go_on = std::isfinite(c.builder.batch_loss(batch.count));  // the same sum on every thread
      const auto start = std::chrono::steady_clock::now();
      if (go_on) updater_.update(c.builder, std::min(batch.packs, c.plan.slots(c.plan.capacity())), thread);
      if (thread == 0) update_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      c.plan.meet();
      if (thread == 0) {
        losses[step] = c.builder.batch_loss(batch.count) + updater_.penalties();
        done = step + 1;
        if (go_on) {
          for (const auto& hook : c.builder.after_step) hook();
          updater_.end_step(batch.step);
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
    batch.step++;
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

void Program::evaluate(const Examples& examples, int64_t batch_size, float* image_losses, const std::vector<Sink>& outputs, bool training,
                       uint64_t step) {
  Purpose purpose;
  purpose.training = training;
  purpose.losses = true;
  purpose.outputs = graph_.outputs;
  Compiled& c = compiled(purpose, std::min(batch_size, examples.count));
  Batch batch = batch_of(examples, seed_);
  batch.step = step;
  run_batches(c, batch, examples, batch_size, outputs, [&](int64_t start, int64_t count) {
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
