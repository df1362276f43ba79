// Elementwise functions on lanes, each beside its derivative; softmax and penalties.
#include "../lanes.h"
#include "kernels.h"

namespace striate::STRIATE_ISA {

constexpr float SELU_SCALE = 1.0507009873554805f, SELU_ALPHA = 1.6732632423543772f;
constexpr float GELU_C = 0.7978845608028654f;  // sqrt(2 / pi)

static inline Lane normal_cdf(Lane x) {
  Lane r = {};
  for (int l = 0; l < LANES; l++) r[l] = 0.5f * __builtin_erfcf(-x[l] * 0.70710678118654752f);
  return r;
}

// e^x - 1, accurate near zero: e^x - 1 = tanh(x / 2) (e^x + 1)
static inline Lane exponential_minus_one(Lane x) { return hyperbolic_tangent(0.5f * x) * (exponential(x) + 1.0f); }

// y = f(x) and dx = dy f'(x), for each function; f' is written in x, or in y where that is exact.
template <Function F>
struct Elementwise;

#define STRIATE_FUNCTION(NAME, FORWARD, BACKWARD)                                                                        \
  template <>                                                                                                            \
  struct Elementwise<Function::NAME> {                                                                                   \
    static inline Lane forward([[maybe_unused]] const ActivationOptions& o, Lane x) { return FORWARD; }                  \
    static inline Lane backward([[maybe_unused]] const ActivationOptions& o, [[maybe_unused]] Lane x,                    \
                                [[maybe_unused]] Lane y, Lane dy) {                                                      \
      return BACKWARD;                                                                                                   \
    }                                                                                                                    \
  };

// y = max_value above it, x from the threshold on, alpha (x - threshold) below; alpha 0 is 0 at minus infinity, too
static inline Lane relu_with(const ActivationOptions& o, Lane x) {
  const Lane below = o.alpha == 0.0f ? (x != x ? x : zero()) : o.alpha * (x - o.threshold);
  return minimum(broadcast(o.max_value), x >= o.threshold ? x : below);
}
STRIATE_FUNCTION(relu, relu_with(o, x),
                 (x > o.threshold ? keep(x < o.max_value, dy) : o.alpha * dy))
STRIATE_FUNCTION(leaky_relu, (x > 0.0f ? x : o.alpha * x), (x > 0.0f ? dy : o.alpha * dy))
STRIATE_FUNCTION(elu, (x > 0.0f ? x : o.alpha * exponential_minus_one(x)), (x > 0.0f ? dy : dy * (y + o.alpha)))
STRIATE_FUNCTION(selu, SELU_SCALE * (x > 0.0f ? x : SELU_ALPHA * exponential_minus_one(x)),
                 (x > 0.0f ? SELU_SCALE * dy : dy * (y + SELU_SCALE * SELU_ALPHA)))
STRIATE_FUNCTION(sigmoid, striate::STRIATE_ISA::sigmoid(x), dy * y * (1.0f - y))
STRIATE_FUNCTION(tanh, hyperbolic_tangent(x), dy * (1.0f - y * y))
STRIATE_FUNCTION(softplus, striate::STRIATE_ISA::softplus(x), dy * striate::STRIATE_ISA::sigmoid(x))
STRIATE_FUNCTION(softsign, x / (1.0f + absolute(x)), dy / ((1.0f + absolute(x)) * (1.0f + absolute(x))))
static inline Lane silu_slope(Lane x) {
  const Lane s = sigmoid(x);
  return s * (1.0f + x * (1.0f - s));
}
STRIATE_FUNCTION(silu, x * striate::STRIATE_ISA::sigmoid(x), dy * silu_slope(x))
STRIATE_FUNCTION(exponential, striate::STRIATE_ISA::exponential(x), dy * y)
STRIATE_FUNCTION(hard_sigmoid, minimum(broadcast(1.0f), maximum(zero(), x / 6.0f + 0.5f)),
                 keep((x > -3.0f) & (x < 3.0f), dy / 6.0f))
STRIATE_FUNCTION(gelu, x * normal_cdf(x), dy * (normal_cdf(x) + x * 0.3989422804014327f * striate::STRIATE_ISA::exponential(-0.5f * x * x)))
static inline Lane gelu_inner(Lane x) { return hyperbolic_tangent(GELU_C * (x + 0.044715f * x * x * x)); }
static inline Lane gelu_tanh_slope(Lane x) {
  const Lane t = gelu_inner(x);
  return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * GELU_C * (1.0f + 3.0f * 0.044715f * x * x);
}
STRIATE_FUNCTION(gelu_tanh, 0.5f * x * (1.0f + gelu_inner(x)), dy * gelu_tanh_slope(x))
static inline Lane mish_slope(Lane x) {
  const Lane t = hyperbolic_tangent(softplus(x));
  return t + x * sigmoid(x) * (1.0f - t * t);
}
STRIATE_FUNCTION(mish, x * hyperbolic_tangent(striate::STRIATE_ISA::softplus(x)), dy * mish_slope(x))
STRIATE_FUNCTION(hard_silu, x * minimum(broadcast(1.0f), maximum(zero(), x / 6.0f + 0.5f)),
                 (x > 3.0f ? dy : keep(x > -3.0f, dy * (x / 3.0f + 0.5f))))
STRIATE_FUNCTION(hard_shrink, (absolute(x) <= o.threshold ? zero() : x), keep(absolute(x) > o.threshold, dy))
STRIATE_FUNCTION(soft_shrink, (absolute(x) <= o.threshold ? zero() : x > 0.0f ? x - o.threshold : x + o.threshold),
                 keep(absolute(x) > o.threshold, dy))
STRIATE_FUNCTION(tanh_shrink, x - hyperbolic_tangent(x), dy * hyperbolic_tangent(x) * hyperbolic_tangent(x))
// sqrt(x^2 + alpha), also where the square overflows
static inline Lane squareplus_root(const ActivationOptions& o, Lane x) {
  return absolute(x) > 1e15f ? absolute(x) : square_root(x * x + o.alpha);
}
// (x + root) / 2, below zero in the form that does not cancel
static inline Lane squareplus_of(const ActivationOptions& o, Lane x) {
  const Lane root = squareplus_root(o, x);
  return x >= 0.0f ? 0.5f * x + 0.5f * root : 0.5f * o.alpha / (root - x);
}
STRIATE_FUNCTION(squareplus, squareplus_of(o, x), dy * y / squareplus_root(o, x))
STRIATE_FUNCTION(sparse_plus, (x >= 1.0f ? x : x <= -1.0f ? zero() : 0.25f * (x + 1.0f) * (x + 1.0f)),
                 (x >= 1.0f ? dy : keep(x > -1.0f, 0.5f * (x + 1.0f) * dy)))
STRIATE_FUNCTION(threshold, (x <= o.threshold ? broadcast(o.alpha) : x), keep(x > o.threshold, dy))
STRIATE_FUNCTION(sqrt, square_root(x), 0.5f * dy / y)
// also of what is too small for the exponent of a float
static inline Lane log_of(Lane x) {
  const Mask small = x < 1.17549435e-38f;
  const Lane y = logarithm(small ? 16777216.0f * x : x);
  return small ? y - 16.635532333438687f : y;
}
STRIATE_FUNCTION(log, log_of(x), dy / x)
STRIATE_FUNCTION(reciprocal, 1.0f / x, -dy * y * y)
STRIATE_FUNCTION(step, (x != x ? x : keep(x > 0.0f, broadcast(1.0f))), dy - dy)
#undef STRIATE_FUNCTION

// Calls visit(Elementwise<F>) for the function that is asked for.
template <class Visit>
static inline void with_function(Function f, Visit visit) {
  switch (f) {
    case Function::relu: return visit(Elementwise<Function::relu>());
    case Function::leaky_relu: return visit(Elementwise<Function::leaky_relu>());
    case Function::elu: return visit(Elementwise<Function::elu>());
    case Function::selu: return visit(Elementwise<Function::selu>());
    case Function::sigmoid: return visit(Elementwise<Function::sigmoid>());
    case Function::tanh: return visit(Elementwise<Function::tanh>());
    case Function::softplus: return visit(Elementwise<Function::softplus>());
    case Function::softsign: return visit(Elementwise<Function::softsign>());
    case Function::silu: return visit(Elementwise<Function::silu>());
    case Function::exponential: return visit(Elementwise<Function::exponential>());
    case Function::hard_sigmoid: return visit(Elementwise<Function::hard_sigmoid>());
    case Function::gelu: return visit(Elementwise<Function::gelu>());
    case Function::gelu_tanh: return visit(Elementwise<Function::gelu_tanh>());
    case Function::mish: return visit(Elementwise<Function::mish>());
    case Function::hard_silu: return visit(Elementwise<Function::hard_silu>());
    case Function::hard_shrink: return visit(Elementwise<Function::hard_shrink>());
    case Function::soft_shrink: return visit(Elementwise<Function::soft_shrink>());
    case Function::tanh_shrink: return visit(Elementwise<Function::tanh_shrink>());
    case Function::squareplus: return visit(Elementwise<Function::squareplus>());
    case Function::sparse_plus: return visit(Elementwise<Function::sparse_plus>());
    case Function::threshold: return visit(Elementwise<Function::threshold>());
    case Function::sqrt: return visit(Elementwise<Function::sqrt>());
    case Function::log: return visit(Elementwise<Function::log>());
    case Function::reciprocal: return visit(Elementwise<Function::reciprocal>());
    case Function::step: return visit(Elementwise<Function::step>());
  }
}

void activate(const ActivationOptions& o, const float* input, float* output, int64_t count) {
  const Lane* x = lanes(input);
  Lane* y = lanes(output);
  with_function(o.function, [&](auto f) {
    for (int64_t i = 0; i < count; i++) y[i] = f.forward(o, x[i]);
  });
}

void activate_backward(const ActivationOptions& o, const float* input, const float* output, const float* output_gradient,
                       float* input_gradient, int64_t count) {
  const Lane *x = lanes(input), *y = lanes(output), *dy = lanes(output_gradient);
  Lane* dx = lanes(input_gradient);
  with_function(o.function, [&](auto f) {
    for (int64_t i = 0; i < count; i++) dx[i] = f.backward(o, x[i], y[i], dy[i]);
  });
}

// The gradient stops where a fused ReLU's output is not positive.
void gate(float* gradient, const float* output, int64_t count) {
  Lane* g = lanes(gradient);
  const Lane* y = lanes(output);
  for (int64_t i = 0; i < count; i++) g[i] = keep(y[i] > 0.0f, g[i]);
}

// y = e^(x - max) / sum, or x - max - ln sum, over the channels of each position
void softmax(const float* input, float* output, int64_t positions, int64_t channels, bool logarithmic) {
  for (int64_t p = 0; p < positions; p++) {
    const Lane* x = lanes(input) + p * channels;
    Lane* y = lanes(output) + p * channels;
    Lane top = x[0], sum = zero();
    for (int64_t c = 1; c < channels; c++) top = maximum(x[c], top);
    for (int64_t c = 0; c < channels; c++) {
      const Lane e = exponential(x[c] - top);
      sum += e;
      y[c] = logarithmic ? x[c] - top : e;
    }
    const Lane factor = logarithmic ? logarithm(sum) : 1.0f / sum;
    for (int64_t c = 0; c < channels; c++) y[c] = logarithmic ? y[c] - factor : y[c] * factor;
  }
}

// softmax: dx = y (dy - sum y dy); log-softmax: dx = dy - e^y sum dy
void softmax_backward(const float* output, const float* output_gradient, float* input_gradient, int64_t positions,
                      int64_t channels, bool logarithmic) {
  for (int64_t p = 0; p < positions; p++) {
    const Lane *y = lanes(output) + p * channels, *dy = lanes(output_gradient) + p * channels;
    Lane *dx = lanes(input_gradient) + p * channels, sum = zero();
    for (int64_t c = 0; c < channels; c++) sum += logarithmic ? dy[c] : y[c] * dy[c];
    for (int64_t c = 0; c < channels; c++)
      dx[c] = logarithmic ? dy[c] - exponential(y[c]) * sum : y[c] * (dy[c] - sum);
  }
}

// y = max(x - t, 0) over the channels of each position, with the t for which sum y = 1 (Martins and Astudillo 2016).
// t rises from the value for which all channels count, by leaving out those below it, until none is (Michelot 1986).
void sparsemax(const float* input, float* output, int64_t positions, int64_t channels) {
  for (int64_t p = 0; p < positions; p++) {
    const Lane* x = lanes(input) + p * channels;
    Lane* y = lanes(output) + p * channels;
    Lane top = x[0], t = broadcast(-__builtin_inff());
    for (int64_t c = 1; c < channels; c++) top = maximum(x[c], top);
    for (int64_t round = 0; round < channels; round++) {
      Lane sum = zero(), count = zero();
      for (int64_t c = 0; c < channels; c++) {
        const Mask counts = ~(x[c] - top <= t);
        sum += keep(counts, x[c] - top);
        count += keep(counts, broadcast(1.0f));
      }
      const Lane risen = (sum - 1.0f) / count;
      const Mask rises = ~(risen <= t);
      t = rises ? risen : t;
      bool any = false;
      for (int l = 0; l < LANES; l++) any |= rises[l] != 0;
      if (!any) break;
    }
    for (int64_t c = 0; c < channels; c++) y[c] = keep(~(x[c] - top <= t), x[c] - top - t);
  }
}

// dx = dy - mean of dy over the channels with y > 0, and 0 in the others
void sparsemax_backward(const float* output, const float* output_gradient, float* input_gradient, int64_t positions, int64_t channels) {
  for (int64_t p = 0; p < positions; p++) {
    const Lane *y = lanes(output) + p * channels, *dy = lanes(output_gradient) + p * channels;
    Lane *dx = lanes(input_gradient) + p * channels, sum = zero(), count = zero();
    for (int64_t c = 0; c < channels; c++) {
      sum += keep(y[c] > 0.0f, dy[c]);
      count += keep(y[c] > 0.0f, broadcast(1.0f));
    }
    const Lane mean = sum / count;
    for (int64_t c = 0; c < channels; c++) dx[c] = keep(y[c] > 0.0f, dy[c] - mean);
  }
}

void affine(const float* input, float* output, int64_t count, float scale, float offset) {
  const Lane* x = lanes(input);
  Lane* y = lanes(output);
  for (int64_t i = 0; i < count; i++) y[i] = x[i] * scale + offset;
}

void add(const float* a, const float* b, float* output, int64_t count) {
  for (int64_t i = 0; i < count; i++) lanes(output)[i] = lanes(a)[i] + lanes(b)[i];
}

// l1 sum |x| + l2 sum x^2 for each image
void penalty(const float* input, int64_t count, float l1, float l2, float* image_penalty) {
  const Lane* x = lanes(input);
  Lane total = zero();
  constexpr int64_t CHUNK = 256;  // sums of sums, which round less than one long sum
  for (int64_t start = 0; start < count; start += CHUNK) {
    Lane sum = zero();
    for (int64_t i = start; i < count && i < start + CHUNK; i++) sum += l1 * absolute(x[i]) + l2 * x[i] * x[i];
    total += sum;
  }
  store(image_penalty, total);
}

void penalty_backward(const float* input, const float* output_gradient, float* input_gradient, int64_t count, float l1,
                      float l2, int filled) {
  const Lane *x = lanes(input), *dy = lanes(output_gradient);
  Lane* dx = lanes(input_gradient);
  const Mask images = filled_lanes(filled);
  for (int64_t i = 0; i < count; i++) {
    const Lane sign = x[i] > 0.0f ? broadcast(l1) : x[i] < 0.0f ? broadcast(-l1) : zero();
    dx[i] = dy[i] + keep(images, sign + 2.0f * l2 * x[i]);
  }
}

}  // namespace striate::STRIATE_ISA
