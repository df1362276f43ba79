// Convolution on lanes, forward and input gradient: one register-blocked correlation.
#include "groups.h"
#include "kernels.h"
#include "wide.h"

namespace striate::STRIATE_ISA {

// The largest tile: F outputs x X registers of positions accumulate, beside X inputs and one weight.
constexpr int MAX_X = REGISTERS == 32 ? 4 : 2;
constexpr int max_f(int x) { return REGISTERS == 32 ? (x == 1 ? 16 : x == 2 ? 12 : x == 3 ? 8 : 6) : (x == 1 ? 12 : 6); }

// acc[f][x] = sum of w(j, f) * in[j + position * column] over the spans. Then out = gate(relu(acc + bias)). The last register of
// an odd number of positions holds the last one twice.
template <int F, int X, bool TRANSPOSED>
static void correlation_tile(const Correlation& c, const Span* first, const Span* last, const Lane* in, Lane* out, const Lane* gate,
                             const float* w, int64_t step, const float* bias, int64_t count) {
  const int64_t column = c.positions.in_column, out_column = c.positions.out_column, last_column = (count - 1) * column;
  Wide acc[F][X];
#pragma GCC unroll 16
  for (int f = 0; f < F; f++)
#pragma GCC unroll 4
    for (int x = 0; x < X; x++) acc[f][x] = bias ? broadcast_wide(bias[f]) : Wide{};
  for (const Span* s = first; s < last; s++) {
    const Lane* ip = in + s->input;
    const float* wp = TRANSPOSED ? w + s->weight : w + s->weight * step;
    for (int64_t j = 0; j < s->length; j++) {
      if (!TRANSPOSED && X <= 2) __builtin_prefetch(wp + 24 * step);  // a dense layer's weights come from far away
      Wide v[X];
#pragma GCC unroll 4
      for (int x = 0; x < X; x++) v[x] = join(ip[PAIR * x * column], ip[x < X - 1 ? (PAIR * x + 1) * column : last_column]);
#pragma GCC unroll 16
      for (int f = 0; f < F; f++) {
        const Wide weight = broadcast_wide(TRANSPOSED ? wp[f * step] : wp[f]);
#pragma GCC unroll 4
        for (int x = 0; x < X; x++) acc[f][x] += weight * v[x];
      }
      ip++;
      wp += TRANSPOSED ? 1 : step;
    }
  }
#pragma GCC unroll 8
  for (int x = 0; x < X * PAIR; x++) {
    if (PAIR > 1 && x >= count) break;
#pragma GCC unroll 16
    for (int f = 0; f < F; f++) {
      Lane r = half(acc[f][x / PAIR], x % PAIR);
      if (c.relu) r = relu(r);
      if (gate) r = keep(gate[x * out_column + f] > 0.0f, r);
      out[x * out_column + f] = r;
    }
  }
}

typedef void (*CorrelationTile)(const Correlation&, const Span*, const Span*, const Lane*, Lane*, const Lane*, const float*, int64_t,
                                const float*, int64_t);

template <bool TRANSPOSED, int X, int F = max_f(X)>
static CorrelationTile find_tile(int f) {
  if constexpr (F > 1)
    if (f < F) return find_tile<TRANSPOSED, X, F - 1>(f);
  return correlation_tile<F, X, TRANSPOSED>;
}

template <bool TRANSPOSED>
static CorrelationTile find_tile(int f, int x) {
  if constexpr (MAX_X == 4) {
    if (x == 4) return find_tile<TRANSPOSED, 4>(f);
    if (x == 3) return find_tile<TRANSPOSED, 3>(f);
  }
  return x == 2 ? find_tile<TRANSPOSED, 2>(f) : find_tile<TRANSPOSED, 1>(f);
}

// Filters a block takes: as many as the registers allow beside the widest tile of a row. pack_weights uses the same blocks.
int64_t outputs_per_block(int64_t width) {
  const int64_t registers = groups_of(width, PAIR);
  return max_f(registers < MAX_X ? static_cast<int>(registers) : MAX_X);
}

// Rows (of a single row, columns) that are computed together for all outputs: few enough that their inputs stay in the cache
// while each block of outputs reads them, enough that the weights are not read too often.
struct Piece {
  int64_t height, width;
};

static inline Piece piece_of(const Correlation& c) {
  constexpr int64_t CACHE_FLOATS = 96 * 1024, LEAST = 64;  // positions
  const Positions& p = c.positions;
  if (p.height == 1) {
    const int64_t fit = CACHE_FLOATS / (p.in_column * LANES + 1), width = fit > LEAST ? fit / LEAST * LEAST : LEAST;
    return {1, width < p.width ? width : p.width};
  }
  const int64_t fit = CACHE_FLOATS / (p.in_row * LANES + 1), height = fit > groups_of(LEAST, p.width) ? fit : groups_of(LEAST, p.width);
  return {height < p.height ? height : p.height, p.width};
}

template <bool TRANSPOSED>
static void correlation_piece(const Correlation& c, int64_t d, int64_t y0, int64_t x0, const Piece& piece) {
  const Positions& p = c.positions;
  const int64_t packed = groups_of(c.packed_width, PAIR), widest = c.packed && packed < MAX_X ? packed : MAX_X;
  const int64_t y1 = y0 + piece.height < p.height ? y0 + piece.height : p.height, width = p.width - x0 < piece.width ? p.width - x0 : piece.width;
  const int64_t registers = groups_of(width, PAIR), tiles = groups_of(registers, widest);
  const int64_t blocks = groups_of(c.outputs, outputs_per_block(c.packed ? c.packed_width : p.width));
  for (int64_t b = blocks * c.part / c.parts; b < blocks * (c.part + 1) / c.parts; b++) {
    const int64_t f0 = group_start(c.outputs, blocks, b), f = group_start(c.outputs, blocks, b + 1) - f0;
    const float* w = TRANSPOSED ? c.weights + f0 * c.weight_step : c.packed ? c.weights + f0 * c.inputs : c.weights + f0;
    const int64_t step = c.packed ? f : c.weight_step;
    const int64_t wide = groups_of(registers, tiles), narrow = registers / tiles;
    const CorrelationTile wide_tile = find_tile<TRANSPOSED>(f, wide), narrow_tile = find_tile<TRANSPOSED>(f, narrow);
    for (int64_t y = y0; y < y1; y++) {
      const Span* first = c.spans + (c.row_first ? c.row_first[y] : 0);
      const Span* last = c.spans + (c.row_last ? c.row_last[y] : c.span_count);
      for (int64_t t = 0; t < tiles; t++) {
        const int64_t start = group_start(registers, tiles, t), size = group_start(registers, tiles, t + 1) - start;
        const int64_t x = x0 + start * PAIR, left = x0 + width - x, count = left < size * PAIR ? left : size * PAIR;
        const Lane* in = lanes(c.input) + d * p.in_depth + y * p.in_row + x * p.in_column;
        const int64_t at = d * p.out_depth + y * p.out_row + x * p.out_column + f0;
        (size == wide ? wide_tile : narrow_tile)(c, first, last, in, lanes(c.output) + at, c.gate ? lanes(c.gate) + at : nullptr, w,
                                                 step, c.bias ? c.bias + f0 : nullptr, count);
      }
    }
  }
}

template <bool TRANSPOSED>
static void correlation(const Correlation& c) {
  const Positions& p = c.positions;
  const Piece piece = piece_of(c);
  for (int64_t d = 0; d < p.depth; d++)
    for (int64_t y = 0; y < p.height; y += piece.height)
      for (int64_t x = 0; x < p.width; x += piece.width) correlation_piece<TRANSPOSED>(c, d, y, x, piece);
}

void correlate(const Correlation& c) { correlation<false>(c); }
void correlate_transposed(const Correlation& c) { correlation<true>(c); }

// weights [inputs][outputs] -> for each block of filters [inputs][filters], the order in which `correlate` reads them.
void pack_weights(const float* weights, float* packed, int64_t inputs, int64_t outputs, int64_t weight_step, int64_t width,
                  int64_t part, int64_t parts) {
  const int64_t blocks = groups_of(outputs, outputs_per_block(width));
  for (int64_t b = blocks * part / parts; b < blocks * (part + 1) / parts; b++) {
    const int64_t f0 = group_start(outputs, blocks, b), f = group_start(outputs, blocks, b + 1) - f0;
    float* to = packed + f0 * inputs;
    for (int64_t j = 0; j < inputs; j++)
      for (int64_t i = 0; i < f; i++) to[j * f + i] = weights[j * weight_step + f0 + i];
  }
}

}  // namespace striate::STRIATE_ISA
