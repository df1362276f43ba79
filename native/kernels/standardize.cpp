// Normalisation within each image: over any axes (layer, group, unit normalisation), and over neighbouring channels.
#include "../lanes.h"
#include "kernels.h"

namespace striate::STRIATE_ISA {

// Sum of term(0), term(1), ...: sums of sums, which round less than one long sum.
template <class Term>
static inline Lane sum_of(int64_t count, Term term) {
  constexpr int64_t CHUNK = 256;
  Lane total = zero();
  for (int64_t start = 0; start < count; start += CHUNK) {
    const int64_t end = start + CHUNK < count ? start + CHUNK : count;
    Lane sum = zero();
    for (int64_t i = start; i < end; i++) sum += term(i);
    total += sum;
  }
  return total;
}

// For each kept place the numbers x over the reduced ones, m of them:
//   deviation: y = (x - mean) / sqrt(variance + epsilon)    root_mean_square: y = x / sqrt(sum x^2 / m + epsilon)
//   length: y = x / max(sqrt(sum x^2), epsilon)
// inverse: [kept] what x was multiplied by; negative where the length was below its bound, so that y is linear in x there.
void standardize(const Standardization& s, const float* input, float* output, float* inverse) {
  const float share = 1.0f / static_cast<float>(s.reduced_count);
  for (int64_t k = 0; k < s.kept_count; k++) {
    const Lane* x = lanes(input) + s.kept[k];
    Lane* y = lanes(output) + s.kept[k];
    Lane mean = zero();
    if (s.kind == Standard::deviation) mean = sum_of(s.reduced_count, [&](int64_t r) { return x[s.reduced[r]]; }) * share;
    const Lane squares = sum_of(s.reduced_count, [&](int64_t r) {
      const Lane d = x[s.reduced[r]] - mean;
      return d * d;
    });
    const bool length = s.kind == Standard::length;
    const Lane bounded = length ? maximum(squares, broadcast(s.epsilon * s.epsilon)) : squares * share + s.epsilon;
    const Lane scale = 1.0f / square_root(bounded);
    for (int64_t r = 0; r < s.reduced_count; r++) y[s.reduced[r]] = (x[s.reduced[r]] - mean) * scale;
    lanes(inverse)[k] = length ? (squares < s.epsilon * s.epsilon ? -scale : scale) : scale;
  }
}

// dx = (dy - mean dy - y mean(dy y)) inverse; without the mean of dy where none was taken from x, with sums in place of
// means for the length
void standardize_backward(const Standardization& s, const float* output, const float* inverse, const float* output_gradient,
                          float* input_gradient) {
  const float share = s.kind == Standard::length ? 1.0f : 1.0f / static_cast<float>(s.reduced_count);
  for (int64_t k = 0; k < s.kept_count; k++) {
    const Lane *y = lanes(output) + s.kept[k], *dy = lanes(output_gradient) + s.kept[k];
    Lane* dx = lanes(input_gradient) + s.kept[k];
    const Lane scale = lanes(inverse)[k];
    Lane mean = zero();
    if (s.kind == Standard::deviation) mean = sum_of(s.reduced_count, [&](int64_t r) { return dy[s.reduced[r]]; }) * share;
    Lane slope = sum_of(s.reduced_count, [&](int64_t r) { return dy[s.reduced[r]] * y[s.reduced[r]]; }) * share;
    slope = scale < 0.0f ? zero() : slope;
    for (int64_t r = 0; r < s.reduced_count; r++)
      dx[s.reduced[r]] = (dy[s.reduced[r]] - mean - y[s.reduced[r]] * slope) * absolute(scale);
  }
}

static inline Lane power(Lane x, float exponent) { return exponential(exponent * logarithm(x)); }

// s = bias + alpha sum of x^2 over the channels c - radius to c + radius that there are
static inline Lane neighbourhood(const LocalResponse& l, const Lane* x, int64_t c) {
  const int64_t first = c > l.radius ? c - l.radius : 0, last = c + l.radius < l.channels ? c + l.radius : l.channels - 1;
  Lane sum = zero();
  for (int64_t j = first; j <= last; j++) sum += x[j] * x[j];
  return l.alpha * sum + l.bias;
}

// y = x s^-beta
void local_response(const LocalResponse& l, const float* input, float* output) {
  const Lane* x = lanes(input);
  Lane* y = lanes(output);
  for (int64_t p = 0; p < l.positions; p++, x += l.channels, y += l.channels)
    for (int64_t c = 0; c < l.channels; c++) y[c] = x[c] * power(neighbourhood(l, x, c), -l.beta);
}

// dx_c = dy_c s_c^-beta - 2 alpha beta x_c sum over the neighbours j: dy_j y_j / s_j; work: [2][channels] lanes
void local_response_backward(const LocalResponse& l, const float* input, const float* output_gradient, float* input_gradient,
                             float* work) {
  const Lane *x = lanes(input), *dy = lanes(output_gradient);
  Lane *dx = lanes(input_gradient), *scale = lanes(work), *ratio = lanes(work) + l.channels;
  for (int64_t p = 0; p < l.positions; p++, x += l.channels, dy += l.channels, dx += l.channels) {
    for (int64_t c = 0; c < l.channels; c++) {
      const Lane s = neighbourhood(l, x, c);
      scale[c] = power(s, -l.beta);
      ratio[c] = dy[c] * x[c] * scale[c] / s;
    }
    for (int64_t c = 0; c < l.channels; c++) {
      const int64_t first = c > l.radius ? c - l.radius : 0, last = c + l.radius < l.channels ? c + l.radius : l.channels - 1;
      Lane sum = zero();
      for (int64_t j = first; j <= last; j++) sum += ratio[j];
      dx[c] = dy[c] * scale[c] - (2.0f * l.alpha * l.beta) * x[c] * sum;
    }
  }
}

}  // namespace striate::STRIATE_ISA
