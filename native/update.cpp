#include "update.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "weights.h"

namespace striate {

constexpr int64_t BLOCK = 4096;  // numbers: small enough for the first-level cache

Updater::Updater(const std::vector<Parameter>& parameters, const UpdateRule& rule, const Kernels& kernels)
    : parameters_(parameters), rule_(rule), kernels_(kernels) {
  for (size_t p = 0; p < parameters.size(); p++)
    for (int64_t first = 0; first < parameters[p].count; first += BLOCK)
      blocks_.push_back({static_cast<int>(p), first, std::min(BLOCK, parameters[p].count - first)});
  for (size_t p = 0; p < parameters.size(); p++) {
    if (parameters[p].orthogonality.factor != 0 && parameters[p].trainable) wholes_.orthogonal.push_back(static_cast<int>(p));
    if (parameters[p].norms.any() && parameters[p].trainable) wholes_.bounded.push_back(static_cast<int>(p));
  }
  whole_penalties_.assign(wholes_.orthogonal.size(), 0.0);
  block_penalties_.assign(blocks_.size(), 0.0);
  block_squares_.assign(blocks_.size(), 0.0);
}

// The rule's numbers for one step (counted from 0), with Keras's bias corrections.
void Updater::begin_step(double learning_rate, uint64_t step) {
  UpdateArguments& a = numbers_ = {};
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
}

bool Updater::elementwise(int parameter) const {
  const Parameter& p = parameters_[static_cast<size_t>(parameter)];
  return p.trainable && !p.penalised() && !p.norms.any() && !clips_norms();
}

void Updater::update_run(int parameter, int64_t first, int64_t count, const float* gradient, float scale) const {
  const Parameter& p = parameters_[static_cast<size_t>(parameter)];
  UpdateArguments a = numbers_;
  a.weights = p.value + first;
  a.gradient = gradient;
  for (int k = 0; k < 3; k++) a.slot[k] = p.slots[k] ? p.slots[k] + first : nullptr;
  a.average = p.average ? p.average + first : nullptr;
  a.count = count;
  a.gradient_scale = scale;
  a.non_negative = p.non_negative;
  if (!p.decays) a.weight_decay = 0;
  kernels_.update(a);
}

void Updater::end_step(uint64_t step) {
  if (rule_.u_product) *rule_.u_product *= static_cast<double>(rule_.beta_1) * (1 - 0.5 * std::pow(0.96, static_cast<double>(step) + 1));
}

double Updater::penalties() const {
  return std::accumulate(block_penalties_.begin(), block_penalties_.end(), 0.0) +
         std::accumulate(whole_penalties_.begin(), whole_penalties_.end(), 0.0);
}

// The block's gradient from all slots, with the penalties' slopes, left in the first slot.
void Updater::sum_block(Builder& b, const Block& block, int64_t slots) {
  const Parameter& p = parameters_[static_cast<size_t>(block.parameter)];
  GradientSlots& g = b.gradients[static_cast<size_t>(block.parameter)];
  const int64_t used = g.whole_batch ? 1 : slots;
  if (used == 1 && p.l1 == 0 && p.l2 == 0) return;
  const float* from[16];
  for (int64_t s = 0; s < used; s++) from[s] = g.slot(s) + block.first;
  kernels_.sum_gradients(from, used, p.value + block.first, g.slot(0) + block.first, block.count, p.l1, p.l2);
}

// What gradients are multiplied with so that their norm, by parameter or of all, stays within its bound.
float Updater::clip_scale(int parameter) const {
  double squares = 0;
  for (size_t i = 0; i < blocks_.size(); i++)
    if (rule_.global_clip_norm > 0 || blocks_[i].parameter == parameter) squares += block_squares_[i];
  const double norm = std::sqrt(squares), bound = static_cast<double>(rule_.global_clip_norm > 0 ? rule_.global_clip_norm : rule_.clip_norm);
  return norm > bound ? static_cast<float>(bound / norm) : 1.0f;
}

// Each thread takes whole parameters: their penalties as a whole, added to the gradients that sum_block left.
void Updater::whole_penalties(Builder& b, int thread) {
  const int threads = b.plan.team();
  for (size_t i = static_cast<size_t>(thread); i < wholes_.orthogonal.size(); i += static_cast<size_t>(threads)) {
    const auto index = static_cast<size_t>(wholes_.orthogonal[i]);
    const Parameter& p = parameters_[index];
    if (b.gradients[index].written) whole_penalties_[i] = add_orthogonality_gradient(p.orthogonality, p.value, b.gradients[index].slot(0));
  }
}

void Updater::bound_parameters(Builder& b, int thread) {
  const int threads = b.plan.team();
  for (size_t i = static_cast<size_t>(thread); i < wholes_.bounded.size(); i += static_cast<size_t>(threads)) {
    const auto index = static_cast<size_t>(wholes_.bounded[i]);
    if (b.gradients[index].written) bound_norms(parameters_[index].norms, parameters_[index].value);
  }
}

void Updater::update(Builder& b, int64_t slots, int thread) {
  const size_t threads = static_cast<size_t>(b.plan.team()), me = static_cast<size_t>(thread);
  const size_t first = blocks_.size() * me / threads, last = blocks_.size() * (me + 1) / threads;
  const auto each = [&](auto work) {
    for (size_t i = first; i < last; i++) {
      const Block& block = blocks_[i];
      if (b.gradients[static_cast<size_t>(block.parameter)].written) work(i, block, parameters_[static_cast<size_t>(block.parameter)]);
    }
  };
  const auto penalties = [&](size_t i, const Block& block, const Parameter& p) {
    if (p.l1 == 0 && p.l2 == 0) return;
    double absolute, squared;
    kernels_.penalty_sums(p.value + block.first, block.count, &absolute, &squared);
    block_penalties_[i] = static_cast<double>(p.l1) * absolute + static_cast<double>(p.l2) * squared;
  };
  const auto squares = [&](size_t i, const Block& block) {
    block_squares_[i] = kernels_.sum_of_squares(b.gradients[static_cast<size_t>(block.parameter)].slot(0) + block.first, block.count);
  };
  const auto update = [&](const Block& block, float scale) {
    update_run(block.parameter, block.first, block.count, b.gradients[static_cast<size_t>(block.parameter)].slot(0) + block.first, scale);
  };
  const bool clips = clips_norms();
  const bool whole = !wholes_.orthogonal.empty(), at_once = !whole && !clips;
  each([&](size_t i, const Block& block, const Parameter& p) {
    penalties(i, block, p);
    sum_block(b, block, slots);
    if (at_once) update(block, 1.0f);
    if (!whole && clips) squares(i, block);
  });
  if (whole) {
    b.plan.meet();
    whole_penalties(b, thread);
    b.plan.meet();
    if (clips) each([&](size_t i, const Block& block, const Parameter&) { squares(i, block); });
  }
  if (!at_once) {
    if (clips) b.plan.meet();
    int scaled = -1;
    float scale = 1;
    each([&](size_t, const Block& block, const Parameter&) {
      if (clips && block.parameter != scaled) scale = clip_scale(scaled = block.parameter);
      update(block, scale);
    });
  }
  if (!wholes_.bounded.empty()) {
    b.plan.meet();
    bound_parameters(b, thread);
  }
}

double Updater::parameter_penalties() const {
  double total = 0;
  for (const Block& block : blocks_) {
    const Parameter& p = parameters_[static_cast<size_t>(block.parameter)];
    if (!p.trainable || (p.l1 == 0 && p.l2 == 0)) continue;
    double absolute, squared;
    kernels_.penalty_sums(p.value + block.first, block.count, &absolute, &squared);
    total += static_cast<double>(p.l1) * absolute + static_cast<double>(p.l2) * squared;
  }
  for (int index : wholes_.orthogonal) {
    const Parameter& p = parameters_[static_cast<size_t>(index)];
    total += orthogonality_penalty(p.orthogonality, p.value);
  }
  return total;
}

}  // namespace striate
