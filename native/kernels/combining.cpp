// Two tensors element by element, with sizes of one repeated, and their products summed over an axis.
#include "../lanes.h"
#include "kernels.h"

namespace striate::STRIATE_ISA {

static inline Lane minimum_or_nan(Lane a, Lane b) { return (a < b) | (a != a) ? a : b; }

// y = f(a, b), and what dy gives to a and to b. The larger or smaller takes the gradient, a where they are equal.
template <Combine K>
struct Pair;

#define STRIATE_PAIR(NAME, FORWARD, FIRST, SECOND)                                                                              \
  template <>                                                                                                                   \
  struct Pair<Combine::NAME> {                                                                                                  \
    static inline Lane forward(Lane a, Lane b) { return FORWARD; }                                                              \
    static inline Lane first([[maybe_unused]] Lane a, [[maybe_unused]] Lane b, Lane dy) { return FIRST; }                       \
    static inline Lane second([[maybe_unused]] Lane a, [[maybe_unused]] Lane b, Lane dy) { return SECOND; }                     \
  };
STRIATE_PAIR(add, a + b, dy, dy)
STRIATE_PAIR(subtract, a - b, dy, -dy)
STRIATE_PAIR(multiply, a* b, dy* b, dy* a)
STRIATE_PAIR(maximum, maximum_or_nan(a, b), keep((a >= b) | (a != a), dy), keep(~((a >= b) | (a != a)), dy))
STRIATE_PAIR(minimum, minimum_or_nan(a, b), keep((a <= b) | (a != a), dy), keep(~((a <= b) | (a != a)), dy))
#undef STRIATE_PAIR

template <class Visit>
static inline void with_pair(Combine kind, Visit visit) {
  switch (kind) {
    case Combine::add: return visit(Pair<Combine::add>());
    case Combine::subtract: return visit(Pair<Combine::subtract>());
    case Combine::multiply: return visit(Pair<Combine::multiply>());
    case Combine::maximum: return visit(Pair<Combine::maximum>());
    case Combine::minimum: return visit(Pair<Combine::minimum>());
  }
}

// Calls visit(a, b, i) for each element of one row; with the steps as constants the loop is plain.
template <class Visit>
static inline void along_row(const Combination& c, const Lane* a, const Lane* b, Visit visit) {
  if (c.a_step && c.b_step)
    for (int64_t i = 0; i < c.width; i++) visit(a[i], b[i], i);
  else if (c.a_step)
    for (int64_t i = 0; i < c.width; i++) visit(a[i], b[0], i);
  else if (c.b_step)
    for (int64_t i = 0; i < c.width; i++) visit(a[0], b[i], i);
  else
    for (int64_t i = 0; i < c.width; i++) visit(a[0], b[0], i);
}

void combine(const Combination& c, float* output) {
  with_pair(c.kind, [&](auto f) {
    Lane* y = lanes(output);
    for (int64_t r = 0; r < c.rows; r++, y += c.width)
      along_row(c, lanes(c.a) + c.a_rows[r], lanes(c.b) + c.b_rows[r], [&](Lane a, Lane b, int64_t i) { y[i] = f.forward(a, b); });
  });
}

// The gradient of a, or of b if `second`; of a repeated element it is the sum over its copies, added to what is there.
void combine_backward(const Combination& c, const float* output_gradient, float* input_gradient, bool second, bool repeated) {
  const int64_t* places = second ? c.b_rows : c.a_rows;
  const bool one = !(second ? c.b_step : c.a_step);
  with_pair(c.kind, [&](auto f) {
    const Lane* dy = lanes(output_gradient);
    for (int64_t r = 0; r < c.rows; r++, dy += c.width) {
      const Lane *a = lanes(c.a) + c.a_rows[r], *b = lanes(c.b) + c.b_rows[r];
      Lane* dx = lanes(input_gradient) + places[r];
      Lane sum = zero();
      along_row(c, a, b, [&](Lane u, Lane v, int64_t i) {
        const Lane g = second ? f.second(u, v, dy[i]) : f.first(u, v, dy[i]);
        if (one)
          sum += g;
        else
          dx[i] = repeated ? dx[i] + g : g;
      });
      if (one) dx[0] += sum;
    }
  });
}

// y[m][n] = sum over k: a[m][k] b[k][n], every index through a table of offsets; four products at a time stay in registers
void contract(const Contraction& c, const float* left, const float* right, float* output) {
  const Lane *a = lanes(left), *b = lanes(right);
  Lane* y = lanes(output);
  constexpr int64_t BLOCK = 4;
  for (int64_t m = 0; m < c.rows; m++)
    for (int64_t n = 0; n < c.columns; n += BLOCK) {
      const int64_t block = c.columns - n < BLOCK ? c.columns - n : BLOCK;
      Lane sum[BLOCK] = {};
      for (int64_t k = 0; k < c.terms; k++) {
        const Lane v = a[c.a_row[m] + c.a_term[k]];
        for (int64_t j = 0; j < block; j++) sum[j] += v * b[c.b_term[k] + c.b_column[n + j]];
      }
      for (int64_t j = 0; j < block; j++) y[c.y_row[m] + c.y_column[n + j]] = sum[j];
    }
}

}  // namespace striate::STRIATE_ISA
