// Functions of each number with parameters that belong to some of the axes and repeat over the others; table look-up.
#include "../lanes.h"
#include "kernels.h"

namespace striate::STRIATE_ISA {

// y = f(x; p, q) for one number and its parameters; dx = dy f'(x).
template <Parametric P>
struct Mapping;

template <>
struct Mapping<Parametric::affine> {  // p x + q
  static inline Lane forward(Lane x, float p, float q, float) { return x * p + q; }
  static inline Lane backward(Lane, Lane dy, float p, float, float) { return dy * p; }
};
template <>
struct Mapping<Parametric::prelu> {  // x above zero, p x below
  static inline Lane forward(Lane x, float p, float, float) { return x > 0.0f ? x : x * p; }
  static inline Lane backward(Lane x, Lane dy, float p, float, float) { return x > 0.0f ? dy : dy * p; }
};
static inline float deviation(float variance, float epsilon) {
  const float root = __builtin_sqrtf(variance);
  return root > epsilon ? root : epsilon;
}
template <>
struct Mapping<Parametric::standardize> {  // (x - p) / max(sqrt(q), epsilon)
  static inline Lane forward(Lane x, float p, float q, float epsilon) { return (x - p) / deviation(q, epsilon); }
  static inline Lane backward(Lane, Lane dy, float, float q, float epsilon) { return dy / deviation(q, epsilon); }
};
template <>
struct Mapping<Parametric::restore> {  // p + x max(sqrt(q), epsilon)
  static inline Lane forward(Lane x, float p, float q, float epsilon) { return x * deviation(q, epsilon) + p; }
  static inline Lane backward(Lane, Lane dy, float, float q, float epsilon) { return dy * deviation(q, epsilon); }
};

// Calls visit(function, element, p, q) for every element; a null p stands for ones, a null q for zeros.
template <class Visit>
static inline void each_element(const Parameters& a, Visit visit) {
  const auto all = [&](auto f) {
    for (int64_t r = 0, i = 0; r < a.rows; r++)
      for (int64_t k = 0; k < a.width; k++, i++) {
        const int64_t place = a.place[r] + k * a.step;
        visit(f, i, a.p ? a.p[place] : 1.0f, a.q ? a.q[place] : 0.0f);
      }
  };
  switch (a.function) {
    case Parametric::affine: return all(Mapping<Parametric::affine>());
    case Parametric::prelu: return all(Mapping<Parametric::prelu>());
    case Parametric::standardize: return all(Mapping<Parametric::standardize>());
    case Parametric::restore: return all(Mapping<Parametric::restore>());
  }
}

void parametric(const Parameters& a, const float* input, float* output) {
  const Lane* x = lanes(input);
  Lane* y = lanes(output);
  each_element(a, [&](auto f, int64_t i, float p, float q) { y[i] = f.forward(x[i], p, q, a.epsilon); });
}

void parametric_backward(const Parameters& a, const float* input, const float* output_gradient, float* input_gradient) {
  const Lane *x = lanes(input), *dy = lanes(output_gradient);
  Lane* dx = lanes(input_gradient);
  each_element(a, [&](auto f, int64_t i, float p, float q) { dx[i] = f.backward(x[i], dy[i], p, q, a.epsilon); });
}

// gradient[k] = sum over the places where parameter k is used: dy x, dy, or dy x where x is not positive
template <class Term>
static inline void sums(const ParameterSums& s, const float* input, const float* output_gradient, float* gradient, Term term) {
  constexpr int64_t BLOCK = 4;  // parameters whose sums stay in registers
  const Lane *x = lanes(input), *dy = lanes(output_gradient);
  for (int64_t k = s.first; k < s.last; k += BLOCK) {
    const int64_t block = s.last - k < BLOCK ? s.last - k : BLOCK;
    Lane sum[BLOCK] = {};
    for (int64_t r = 0; r < s.reduced_count; r++)
      for (int64_t j = 0; j < block; j++) {
        const int64_t place = s.kept[k + j] + s.reduced[r];
        sum[j] += term(x[place], dy[place]);
      }
    for (int64_t j = 0; j < block; j++) gradient[k + j] = lane_sum(sum[j]) + (s.accumulate ? gradient[k + j] : 0.0f);
  }
}

void parameter_sums(const ParameterSums& s, const float* input, const float* output_gradient, float* gradient) {
  switch (s.slope) {
    case Slope::factor: return sums(s, input, output_gradient, gradient, [](Lane x, Lane dy) { return dy * x; });
    case Slope::offset: return sums(s, input, output_gradient, gradient, [](Lane, Lane dy) { return dy; });
    case Slope::below: return sums(s, input, output_gradient, gradient, [](Lane x, Lane dy) { return dy * minimum(x, zero()); });
  }
}

// The row of the table that a number stands for; -1 for what is no row.
static inline int64_t row_of(float index, int64_t rows) {
  return index >= 0.0f && index < static_cast<float>(rows) ? static_cast<int64_t>(index) : -1;
}

// y[i] = table[x[i]], rows of `width` numbers; zeros for an index outside
void embed(const float* input, const float* table, float* output, int64_t count, int64_t rows, int64_t width) {
  for (int64_t i = 0; i < count; i++)
    for (int l = 0; l < LANES; l++) {
      const int64_t row = row_of(input[i * LANES + l], rows);
      float* y = output + i * width * LANES + l;
      for (int64_t d = 0; d < width; d++) y[d * LANES] = row < 0 ? 0.0f : table[row * width + d];
    }
}

// gradient[x[i]] += dy[i], for columns `first` to `last`; element after element, image after image
void embed_backward(const float* input, const float* output_gradient, float* gradient, int64_t count, int64_t rows, int64_t width,
                    int filled, int64_t first, int64_t last) {
  for (int64_t i = 0; i < count; i++)
    for (int l = 0; l < filled; l++) {
      const int64_t row = row_of(input[i * LANES + l], rows);
      if (row < 0) continue;
      const float* dy = output_gradient + i * width * LANES + l;
      for (int64_t d = first; d < last; d++) gradient[row * width + d] += dy[d * LANES];
    }
}

}  // namespace striate::STRIATE_ISA
