// Losses of one pack: each image's loss, and the gradient for the network's output. y are outputs, t targets.
#include "../lanes.h"
#include "kernels.h"

namespace striate::STRIATE_ISA {

constexpr float EPSILON = 1e-7f;  // Keras's: probabilities are kept in [1e-7, 1 - 1e-7]

static inline Lane in_open_interval(Lane p) { return minimum(maximum(p, broadcast(EPSILON)), broadcast(1.0f - EPSILON)); }

// x^e for x >= 0; 1 for e = 0
static inline Lane power(Lane x, float e) { return e == 0.0f ? broadcast(1.0f) : exponential(e * logarithm(x)); }

// The target of one element in each lane, and that target smoothed.
static inline Lane target(const LossArguments& a, int64_t position, int64_t channel) {
  Lane t = zero();
  if (a.loss == Loss::sparse_categorical_crossentropy)
    for (int l = 0; l < a.filled; l++) t[l] = static_cast<const int32_t*>(a.targets[l])[position] == channel ? 1.0f : 0.0f;
  else
    for (int l = 0; l < a.filled; l++) t[l] = static_cast<const float*>(a.targets[l])[position * a.channels + channel];
  return t;
}

static inline Lane smooth_target(const LossArguments& a, int64_t position, int64_t channel) {
  const float s = a.options.label_smoothing;
  return target(a, position, channel) * (1.0f - s) + s / static_cast<float>(a.channels);
}

// Over a position's channels, with targets t: loss = -sum t ln(softmax(x)), gradient = softmax(x) sum t - t.
static Lane categorical_fused(const LossArguments& a, int64_t position, Lane scale) {
  const Lane* x = lanes(a.output) + position * a.channels;
  Lane top = x[0], sum = zero(), loss = zero(), mass = zero();
  for (int64_t c = 1; c < a.channels; c++) top = maximum(x[c], top);
  for (int64_t c = 0; c < a.channels; c++) sum += exponential(x[c] - top);
  const Lane log_sum = logarithm(sum), inverse = 1.0f / sum;
  for (int64_t c = 0; c < a.channels; c++) {
    const Lane t = smooth_target(a, position, c);
    loss -= t * (x[c] - top - log_sum);
    mass += t;
  }
  for (int64_t c = 0; c < a.channels; c++) {
    const int64_t at = position * a.channels + c;
    const Lane t = smooth_target(a, position, c);
    const Lane p = exponential(x[c] - top) * inverse;
    if (a.probabilities) lanes(a.probabilities)[at] = p;
    if (a.gradient) lanes(a.gradient)[at] = scale * (p * mass - t);
  }
  return loss;
}

// The same from probabilities, which are first made to sum to one and kept off 0 and 1:
// with q = p / s, s = sum p: loss = -sum t ln q, gradient_c = (sum_k t_k [q_k inside] - t_c [q_c inside] / q_c) / s.
static Lane categorical_plain(const LossArguments& a, int64_t position, Lane scale) {
  const Lane* p = lanes(a.output) + position * a.channels;
  Lane sum = zero(), loss = zero(), inside = zero();
  for (int64_t c = 0; c < a.channels; c++) sum += p[c];
  for (int64_t c = 0; c < a.channels; c++) {
    const Lane t = smooth_target(a, position, c);
    const Lane raw = p[c] / sum, q = in_open_interval(raw);
    loss -= t * logarithm(q);
    inside += keep(raw == q, t);
  }
  if (a.gradient)
    for (int64_t c = 0; c < a.channels; c++) {
      const Lane t = smooth_target(a, position, c);
      const Lane raw = p[c] / sum, q = in_open_interval(raw);
      lanes(a.gradient)[position * a.channels + c] = scale * (inside - keep(raw == q, t / q)) / sum;
    }
  return loss;
}

// loss = -sum alpha (1 - q)^gamma t ln q with q = p / s inside (0, 1), s = sum p, p the softmax of logits or given.
// With d_c = dloss / dq_c where q_c is inside, else 0: gradient_c = (d_c - sum d q) / s, for logits q_c (d_c - sum d q).
static Lane categorical_focal(const LossArguments& a, int64_t position, Lane scale) {
  const Lane* x = lanes(a.output) + position * a.channels;
  const float alpha = a.options.alpha, gamma = a.options.gamma;
  Lane top = x[0], sum = zero(), loss = zero(), mean_slope = zero();
  for (int64_t c = 1; c < a.channels; c++) top = maximum(x[c], top);
  for (int64_t c = 0; c < a.channels; c++) sum += a.fused ? exponential(x[c] - top) : x[c];
  const auto share = [&](int64_t c) { return (a.fused ? exponential(x[c] - top) : x[c]) / sum; };
  const auto slope = [&](int64_t c, Lane raw, Lane* value) {
    const Lane q = in_open_interval(raw), t = smooth_target(a, position, c), log_q = logarithm(q), far = power(1.0f - q, gamma);
    if (value) *value -= alpha * far * t * log_q;
    return keep(raw == q, alpha * t * far * (gamma * log_q / (1.0f - q) - 1.0f / q));
  };
  for (int64_t c = 0; c < a.channels; c++) mean_slope += slope(c, share(c), &loss) * share(c);
  if (a.gradient)
    for (int64_t c = 0; c < a.channels; c++) {
      const Lane q = share(c), d = slope(c, q, nullptr) - mean_slope;
      lanes(a.gradient)[position * a.channels + c] = scale * (a.fused ? q * d : d / sum);
    }
  return loss;
}

// loss = max(max_c (1 - t) y - sum t y + 1, 0); the maximum's slope is shared by all classes that reach it.
static Lane categorical_hinge(const LossArguments& a, int64_t position, Lane scale) {
  const Lane* y = lanes(a.output) + position * a.channels;
  Lane wrong = (1.0f - target(a, position, 0)) * y[0], right = zero(), reached = zero();
  for (int64_t c = 0; c < a.channels; c++) {
    const Lane t = target(a, position, c);
    wrong = maximum((1.0f - t) * y[c], wrong);
    right += t * y[c];
  }
  const Lane loss = relu(wrong - right + 1.0f);
  if (!a.gradient) return loss;
  const auto is_top = [&](int64_t c) { return keep((1.0f - target(a, position, c)) * y[c] == wrong, broadcast(1.0f)); };
  for (int64_t c = 0; c < a.channels; c++) reached += is_top(c);
  for (int64_t c = 0; c < a.channels; c++) {
    const Lane t = target(a, position, c);
    lanes(a.gradient)[position * a.channels + c] = keep(loss > 0.0f, scale * (is_top(c) * (1.0f - t) / reached - t));
  }
  return loss;
}

// loss = sum t ln(t / p), gradient -t / p, both t and p first brought into [1e-7, 1]
static Lane kl_divergence(const LossArguments& a, int64_t position, Lane scale) {
  const Lane* y = lanes(a.output) + position * a.channels;
  const auto bounded = [](Lane v) { return minimum(maximum(v, broadcast(EPSILON)), broadcast(1.0f)); };
  Lane loss = zero();
  for (int64_t c = 0; c < a.channels; c++) {
    const Lane t = bounded(target(a, position, c)), p = bounded(y[c]);
    loss += t * logarithm(t / p);
    if (a.gradient) lanes(a.gradient)[position * a.channels + c] = keep(y[c] == p, -scale * t / p);
  }
  return loss;
}

// loss = -sum t y / (|t| |y|), gradient -(t / |t| - y / |y| (-loss)) / |y|; lengths are at least 1e-7, where |y| is
// below that it counts as constant
static Lane cosine_similarity(const LossArguments& a, int64_t position, Lane scale) {
  const Lane* y = lanes(a.output) + position * a.channels;
  Lane product = zero(), y_squares = zero(), t_squares = zero();
  for (int64_t c = 0; c < a.channels; c++) {
    const Lane t = target(a, position, c);
    product += t * y[c];
    y_squares += y[c] * y[c];
    t_squares += t * t;
  }
  const Lane length = square_root(y_squares), y_length = maximum(length, broadcast(EPSILON));
  const Lane t_length = maximum(square_root(t_squares), broadcast(EPSILON));
  const Lane cosine = product / (y_length * t_length), turn = keep(length >= EPSILON, cosine / y_length);
  if (a.gradient)
    for (int64_t c = 0; c < a.channels; c++)
      lanes(a.gradient)[position * a.channels + c] = scale * (y[c] * turn - target(a, position, c) / t_length) / y_length;
  return -cosine;
}

// The loss of one element and its slope.
struct Term {
  Lane value, slope;
};

// probabilities: -(t ln p + (1 - t) ln(1 - p))
static inline Term binary_plain(Lane y, Lane t) {
  const Lane p = in_open_interval(y);
  return {-(t * logarithm(p) + (1.0f - t) * logarithm(1.0f - p)), keep(y == p, (p - t) / (p * (1.0f - p)))};
}

// logits: softplus(x) - t x, slope sigmoid(x) - t
static Term binary(const LossArguments& a, int64_t at, Lane x, Lane t) {
  if (!a.fused) return binary_plain(x, t);
  const Lane p = sigmoid(x);
  if (a.probabilities) lanes(a.probabilities)[at] = p;
  return {softplus(x) - t * x, p - t};
}

// b u^gamma B with B the binary cross-entropy, u = 1 - t p - (1 - t)(1 - p), du / dp = 1 - 2 t
static Term binary_focal(const LossArguments& a, Lane x, Lane t) {
  const float alpha = a.options.alpha, gamma = a.options.gamma;
  const Lane p = a.fused ? sigmoid(x) : x, u = maximum(1.0f - t * p - (1.0f - t) * (1.0f - p), zero());
  const Lane weight = a.options.balanced ? t * alpha + (1.0f - t) * (1.0f - alpha) : broadcast(1.0f);
  const Term b = binary_plain(p, t);
  const Lane far = power(u, gamma), bend = gamma == 0.0f ? zero() : gamma * power(u, gamma - 1.0f) * (1.0f - 2.0f * t);
  const Lane slope = weight * (far * b.slope + bend * b.value);
  return {weight * far * b.value, a.fused ? slope * p * (1.0f - p) : slope};
}

static inline Lane sign(Lane x) { return x > 0.0f ? broadcast(1.0f) : x < 0.0f ? broadcast(-1.0f) : zero(); }

static Term huber(Lane e, float delta) {
  const Mask near = absolute(e) <= delta;
  return {near ? 0.5f * e * e : delta * absolute(e) - 0.5f * delta * delta, near ? e : delta * sign(e)};
}

// ln((1 + y) / (1 + t))^2, both raised to at least 1e-7
static Term squared_logarithmic_error(Lane y, Lane t) {
  const Lane raised = maximum(y, broadcast(EPSILON)), d = logarithm(1.0f + raised) - logarithm(1.0f + maximum(t, broadcast(EPSILON)));
  return {d * d, keep(y == raised, 2.0f * d / (1.0f + raised))};
}

static Term element(const LossArguments& a, int64_t at, Lane y, Lane t) {
  const Lane e = y - t;
  switch (a.loss) {
    case Loss::binary_crossentropy: return binary(a, at, y, t);
    case Loss::binary_focal_crossentropy: return binary_focal(a, y, t);
    case Loss::mean_absolute_error: return {absolute(e), sign(e)};
    case Loss::mean_absolute_percentage_error: {
      const Lane share = 100.0f / maximum(absolute(t), broadcast(EPSILON));
      return {absolute(e) * share, sign(e) * share};
    }
    case Loss::mean_squared_logarithmic_error: return squared_logarithmic_error(y, t);
    case Loss::huber: return huber(e, a.options.delta);
    case Loss::log_cosh: return {absolute(e) + softplus(-2.0f * absolute(e)) - 0.69314718f, hyperbolic_tangent(e)};
    case Loss::poisson: return {y - t * logarithm(y + EPSILON), 1.0f - t / (y + EPSILON)};
    case Loss::hinge: case Loss::squared_hinge: {
      const Lane side = t == 0.0f ? broadcast(-1.0f) : t, lack = relu(1.0f - side * y);
      if (a.loss == Loss::hinge) return {lack, keep(lack > 0.0f, -side)};
      return {lack * lack, -2.0f * side * lack};
    }
    case Loss::value: return {y, broadcast(1.0f)};
    default: return {e * e, 2.0f * e};  // mean_squared_error
  }
}

// All channels of one position.
static Lane elements(const LossArguments& a, int64_t position, Lane scale) {
  const bool binary = a.loss == Loss::binary_crossentropy || a.loss == Loss::binary_focal_crossentropy;
  const float smooth = binary ? a.options.label_smoothing : 0.0f;
  Lane total = zero();
  for (int64_t c = 0; c < a.channels; c++) {
    const int64_t at = position * a.channels + c;
    const Term term = element(a, at, lanes(a.output)[at], target(a, position, c) * (1.0f - smooth) + 0.5f * smooth);
    if (a.gradient) lanes(a.gradient)[at] = scale * term.slope;
    total += term.value;
  }
  return total;
}

static Lane one_position(const LossArguments& a, int64_t position, Lane scale) {
  switch (a.loss) {
    case Loss::sparse_categorical_crossentropy: case Loss::categorical_crossentropy:
      return a.fused ? categorical_fused(a, position, scale) : categorical_plain(a, position, scale);
    case Loss::categorical_focal_crossentropy: return categorical_focal(a, position, scale);
    case Loss::categorical_hinge: return categorical_hinge(a, position, scale);
    case Loss::kl_divergence: return kl_divergence(a, position, scale);
    case Loss::cosine_similarity: return cosine_similarity(a, position, scale);
    default: return elements(a, position, scale);
  }
}

void loss(LossArguments& a) {
  const int64_t terms = a.loss <= Loss::cosine_similarity ? a.positions : a.positions * a.channels;
  const float mean = 1.0f / static_cast<float>(terms);
  Lane scale = zero(), total = zero();
  for (int l = 0; l < a.filled; l++) scale[l] = a.scale[l] * mean;
  for (int64_t p = 0; p < a.positions; p++) total += one_position(a, p, scale);
  for (int l = 0; l < a.filled; l++) a.image_loss[l] = total[l] * mean;
  if (a.gradient)  // nothing flows back from lanes that hold no image, whatever is in them
    for (int64_t i = 0; i < a.positions * a.channels; i++) {
      Lane& g = lanes(a.gradient)[i];
      g = keep(filled_lanes(a.filled), g);
    }
}

}  // namespace striate::STRIATE_ISA
