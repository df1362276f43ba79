// Losses of one pack: each image's loss, and the gradient for the network's output.
#include "../lanes.h"
#include "kernels.h"

namespace striate::STRIATE_ISA {

constexpr float PROBABILITY_FLOOR = 1e-7f;  // Keras's epsilon: probabilities are kept in [1e-7, 1 - 1e-7]

static inline Lane in_open_interval(Lane p) {
  return minimum(maximum(p, broadcast(PROBABILITY_FLOOR)), broadcast(1.0f - PROBABILITY_FLOOR));
}

// The target of one element in each lane.
static inline Lane target(const LossArguments& a, int64_t position, int64_t channel) {
  Lane t = zero();
  if (a.loss == Loss::sparse_categorical_crossentropy)
    for (int l = 0; l < a.filled; l++) t[l] = static_cast<const int32_t*>(a.targets[l])[position] == channel ? 1.0f : 0.0f;
  else
    for (int l = 0; l < a.filled; l++) t[l] = static_cast<const float*>(a.targets[l])[position * a.channels + channel];
  return t;
}

// Over a position's channels, with targets t: loss = -sum t ln(softmax(x)), gradient = softmax(x) sum t - t.
static Lane categorical_fused(const LossArguments& a, int64_t position, Lane scale, float smooth) {
  const Lane* x = lanes(a.output) + position * a.channels;
  Lane top = x[0], sum = zero(), loss = zero(), mass = zero();
  for (int64_t c = 1; c < a.channels; c++) top = maximum(x[c], top);
  for (int64_t c = 0; c < a.channels; c++) sum += exponential(x[c] - top);
  const Lane log_sum = logarithm(sum), inverse = 1.0f / sum;
  for (int64_t c = 0; c < a.channels; c++) {
    const Lane t = target(a, position, c) * (1.0f - smooth) + smooth / static_cast<float>(a.channels);
    loss -= t * (x[c] - top - log_sum);
    mass += t;
  }
  for (int64_t c = 0; c < a.channels; c++) {
    const int64_t at = position * a.channels + c;
    const Lane t = target(a, position, c) * (1.0f - smooth) + smooth / static_cast<float>(a.channels);
    const Lane p = exponential(x[c] - top) * inverse;
    if (a.probabilities) lanes(a.probabilities)[at] = p;
    if (a.gradient) lanes(a.gradient)[at] = scale * (p * mass - t);
  }
  return loss;
}

// The same from probabilities, which are first made to sum to one and kept off 0 and 1:
// with q = p / s, s = sum p: loss = -sum t ln q, gradient_c = (sum_k t_k [q_k inside] - t_c [q_c inside] / q_c) / s.
static Lane categorical_plain(const LossArguments& a, int64_t position, Lane scale, float smooth) {
  const Lane* p = lanes(a.output) + position * a.channels;
  Lane sum = zero(), loss = zero(), inside = zero();
  for (int64_t c = 0; c < a.channels; c++) sum += p[c];
  for (int64_t c = 0; c < a.channels; c++) {
    const Lane t = target(a, position, c) * (1.0f - smooth) + smooth / static_cast<float>(a.channels);
    const Lane raw = p[c] / sum, q = in_open_interval(raw);
    loss -= t * logarithm(q);
    inside += keep(raw == q, t);
  }
  if (a.gradient)
    for (int64_t c = 0; c < a.channels; c++) {
      const Lane t = target(a, position, c) * (1.0f - smooth) + smooth / static_cast<float>(a.channels);
      const Lane raw = p[c] / sum, q = in_open_interval(raw);
      lanes(a.gradient)[position * a.channels + c] = scale * (inside - keep(raw == q, t / q)) / sum;
    }
  return loss;
}

// logits: loss = softplus(x) - t x, gradient sigmoid(x) - t; probabilities: -(t ln p + (1 - t) ln(1 - p))
static Lane binary(const LossArguments& a, int64_t at, Lane t, Lane scale) {
  const Lane x = lanes(a.output)[at];
  if (a.fused) {
    const Lane p = sigmoid(x);
    if (a.probabilities) lanes(a.probabilities)[at] = p;
    if (a.gradient) lanes(a.gradient)[at] = scale * (p - t);
    return softplus(x) - t * x;
  }
  const Lane p = in_open_interval(x);
  if (a.gradient) lanes(a.gradient)[at] = keep(x == p, scale * (p - t) / (p * (1.0f - p)));
  return -(t * logarithm(p) + (1.0f - t) * logarithm(1.0f - p));
}

static Lane squared_error(const LossArguments& a, int64_t at, Lane t, Lane scale) {
  const Lane d = lanes(a.output)[at] - t;
  if (a.gradient) lanes(a.gradient)[at] = scale * 2.0f * d;
  return d * d;
}

void loss(LossArguments& a) {
  const bool categorical = a.loss == Loss::sparse_categorical_crossentropy || a.loss == Loss::categorical_crossentropy;
  const int64_t terms = categorical ? a.positions : a.positions * a.channels;
  const float mean = 1.0f / static_cast<float>(terms), smooth = a.label_smoothing;
  Lane scale = zero(), total = zero();
  for (int l = 0; l < a.filled; l++) scale[l] = a.scale[l] * mean;
  for (int64_t p = 0; p < a.positions; p++) {
    if (categorical) {
      total += a.fused ? categorical_fused(a, p, scale, smooth) : categorical_plain(a, p, scale, smooth);
      continue;
    }
    for (int64_t c = 0; c < a.channels; c++) {
      const Lane t = target(a, p, c);
      total += a.loss == Loss::binary_crossentropy
                   ? binary(a, p * a.channels + c, t * (1.0f - smooth) + 0.5f * smooth, scale)
                   : squared_error(a, p * a.channels + c, t, scale);
    }
  }
  for (int l = 0; l < a.filled; l++) a.image_loss[l] = total[l] * mean;
  if (a.gradient)  // nothing flows back from lanes that hold no image, whatever is in them
    for (int64_t i = 0; i < a.positions * a.channels; i++) {
      Lane& g = lanes(a.gradient)[i];
      g = keep(filled_lanes(a.filled), g);
    }
}

}  // namespace striate::STRIATE_ISA
