// Depthwise convolution on lanes: filter f sees channel f / multiplier alone, so that neighbours in memory are independent and
// what limits the speed is loading the inputs. Forward and input gradient, then the weights' gradient.
#include "groups.h"
#include "kernels.h"
#include "../lanes.h"

namespace striate::STRIATE_ISA {

constexpr int DEPTHWISE_X = REGISTERS == 32 ? 8 : 4;

// X positions side by side. forward: out[f] = sum over taps of in[f / m] w[f]; transposed: out[c] = sum over taps and the m
// filters f of channel c of in[f] w[f].
template <int X, bool TRANSPOSED>
static void depthwise_tile(const Correlation& c, const Span* first, const Span* last, const Lane* in, Lane* out, const Lane* gate) {
  const int64_t column = c.positions.in_column, out_column = c.positions.out_column, m = c.multiplier;
  for (int64_t o = c.outputs * c.part / c.parts; o < c.outputs * (c.part + 1) / c.parts; o++) {
    Lane acc[X];
#pragma GCC unroll 8
    for (int x = 0; x < X; x++) acc[x] = c.bias ? broadcast(c.bias[o]) : zero();
    for (const Span* s = first; s < last; s++)
      for (int64_t j = 0; j < (TRANSPOSED ? m : 1); j++) {
        const Lane* ip = in + s->input + (TRANSPOSED ? o * m + j : m == 1 ? o : o / m);
        const Lane weight = broadcast(TRANSPOSED ? c.weights[s->weight + o * m + j] : c.weights[s->weight * c.weight_step + o]);
#pragma GCC unroll 8
        for (int x = 0; x < X; x++) acc[x] += weight * ip[x * column];
      }
#pragma GCC unroll 8
    for (int x = 0; x < X; x++) {
      Lane r = c.relu ? relu(acc[x]) : acc[x];
      if (gate) r = keep(gate[x * out_column + o] > 0.0f, r);
      out[x * out_column + o] = r;
    }
  }
}

template <bool TRANSPOSED, int X = DEPTHWISE_X>
static void depthwise_tile(int64_t x, const Correlation& c, const Span* first, const Span* last, const Lane* in, Lane* out, const Lane* gate) {
  if constexpr (X > 1)
    if (x < X) return depthwise_tile<TRANSPOSED, X - 1>(x, c, first, last, in, out, gate);
  depthwise_tile<X, TRANSPOSED>(c, first, last, in, out, gate);
}

template <bool TRANSPOSED>
static void depthwise(const Correlation& c) {
  const Positions& p = c.positions;
  const int64_t tiles = groups_of(p.width, DEPTHWISE_X);
  for (int64_t d = 0; d < p.depth; d++)
    for (int64_t y = 0; y < p.height; y++) {
      const Span* first = c.spans + (c.row_first ? c.row_first[y] : 0);
      const Span* last = c.spans + (c.row_last ? c.row_last[y] : c.span_count);
      for (int64_t t = 0; t < tiles; t++) {
        const int64_t x = group_start(p.width, tiles, t), size = group_start(p.width, tiles, t + 1) - x;
        const int64_t at = d * p.out_depth + y * p.out_row + x * p.out_column;
        depthwise_tile<TRANSPOSED>(size, c, first, last, lanes(c.input) + d * p.in_depth + y * p.in_row + x * p.in_column,
                                   lanes(c.output) + at, c.gate ? lanes(c.gate) + at : nullptr);
      }
    }
}

void correlate_depthwise(const Correlation& c) { depthwise<false>(c); }
void correlate_depthwise_transposed(const Correlation& c) { depthwise<true>(c); }

constexpr int DEPTHWISE_T = 9;

// sums[t][f] += in[tap t][f / m] * dy[f] over `height` rows of positions, for T taps
template <int T>
static void depthwise_sums(const WeightGradient& g, int64_t t0, int64_t f, const Lane* in, const Lane* dy, int64_t height) {
  const Positions& p = g.positions;
  Lane* sums = lanes(g.rows) + t0 * g.outputs + f;
  Lane acc[T];
  for (int t = 0; t < T; t++) acc[t] = sums[t * g.outputs];
  for (int64_t y = 0; y < height; y++) {
    const Lane* tap[T];
    for (int t = 0; t < T; t++) tap[t] = in + y * p.in_row + g.tap_input[t0 + t] + (g.multiplier == 1 ? f : f / g.multiplier);
    const Lane* out = dy + y * p.out_row + f;
    for (int64_t x = 0; x < p.width; x++) {
      const Lane v = out[x * p.out_column];
#pragma GCC unroll 9
      for (int t = 0; t < T; t++) acc[t] += v * tap[t][x * p.in_column];
    }
  }
  for (int t = 0; t < T; t++) sums[t * g.outputs] = acc[t];
}

template <int T = DEPTHWISE_T>
static void depthwise_sums(int64_t t, const WeightGradient& g, int64_t t0, int64_t f, const Lane* in, const Lane* dy, int64_t height) {
  if constexpr (T > 1)
    if (t < T) return depthwise_sums<T - 1>(t, g, t0, f, in, dy, height);
  depthwise_sums<T>(g, t0, f, in, dy, height);
}

// gradient[row(t)][f] = sum over packs, positions, lanes. A few rows at a time stay in the cache for all filters; the sums, one
// lane vector for each weight, wait in g.rows.
void weight_gradient_depthwise(const WeightGradient& g) {
  const Positions& p = g.positions;
  const int64_t first = g.outputs * g.part / g.parts, last = g.outputs * (g.part + 1) / g.parts, rows = groups_of(32, p.width);
  for (int64_t t = 0; t < g.taps; t++)
    for (int64_t f = first; f < last; f++) lanes(g.rows)[t * g.outputs + f] = zero();
  for (int64_t pack = 0; pack < g.packs; pack++)
    for (int64_t d = 0; d < p.depth; d++)
      for (int64_t y = 0; y < p.height; y += rows) {
        const int64_t height = p.height - y < rows ? p.height - y : rows;
        const Lane* in = lanes(g.input + pack * g.input_pack) + d * p.in_depth + y * p.in_row;
        const Lane* dy = lanes(g.output_gradient + pack * g.output_pack) + d * p.out_depth + y * p.out_row;
        for (int64_t f = first; f < last; f++)
          for (int64_t t = 0; t < g.taps; t += DEPTHWISE_T)
            depthwise_sums<>(g.taps - t < DEPTHWISE_T ? g.taps - t : DEPTHWISE_T, g, t, f, in, dy, height);
      }
  for (int64_t t = 0; t < g.taps; t++)
    for (int64_t f = first; f < last; f++) {
      float* to = g.gradient + g.tap_row[t] * g.gradient_step + f;
      const float sum = lane_sum(lanes(g.rows)[t * g.outputs + f]);
      *to = g.accumulate ? *to + sum : sum;
    }
}

}  // namespace striate::STRIATE_ISA
