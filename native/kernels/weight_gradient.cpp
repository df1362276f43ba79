// Convolution on lanes: the gradient of the weights, in two forms, and of the bias.
#include "groups.h"
#include "kernels.h"
#include "transpose.h"
#include "wide.h"

namespace striate::STRIATE_ISA {

// Weight gradient, first form: T taps x F filters accumulate in registers of positions and images, which are summed at the end.
constexpr int GRADIENT_T = REGISTERS == 32 ? 6 : 4, GRADIENT_F = REGISTERS == 32 ? 4 : 3;

static inline void store_gradient(float* to, float value, bool accumulate) { *to = accumulate ? *to + value : value; }

template <int T, int F>
static void gradient_tile(const WeightGradient& g, int64_t t0, int64_t f0) {
  const Positions& p = g.positions;
  Wide acc[T][F];
#pragma GCC unroll 8
  for (int t = 0; t < T; t++)
#pragma GCC unroll 4
    for (int f = 0; f < F; f++) acc[t][f] = Wide{};
  for (int64_t pack = 0; pack < g.packs; pack++)
    for (int64_t d = 0; d < p.depth; d++)
      for (int64_t y = 0; y < p.height; y++) {
        const Lane* in = lanes(g.input + pack * g.input_pack) + d * p.in_depth + y * p.in_row;
        const Lane* out = lanes(g.output_gradient + pack * g.output_pack) + d * p.out_depth + y * p.out_row + f0;
        const Lane* tap[T];
#pragma GCC unroll 8
        for (int t = 0; t < T; t++) tap[t] = in + g.tap_input[t0 + t];
        for (int64_t x = 0; x < p.width; x += PAIR) {
          const bool both = x + PAIR <= p.width;  // else the second position is zero
          Wide dy[F];
#pragma GCC unroll 4
          for (int f = 0; f < F; f++) dy[f] = join(out[f], both ? out[(PAIR - 1) * p.out_column + f] : zero());
#pragma GCC unroll 8
          for (int t = 0; t < T; t++) {
            const Lane* at = tap[t] + x * p.in_column;
            const Wide v = join(at[0], both ? at[(PAIR - 1) * p.in_column] : zero());
#pragma GCC unroll 4
            for (int f = 0; f < F; f++) acc[t][f] += v * dy[f];
          }
          out += PAIR * p.out_column;
        }
      }
  for (int t = 0; t < T; t++)
    for (int f = 0; f < F; f++)
      store_gradient(g.gradient + g.tap_row[t0 + t] * g.gradient_step + f0 + f, wide_sum(acc[t][f]), g.accumulate);
}

template <int T, int F = GRADIENT_F>
static void gradient_tile(const WeightGradient& g, int64_t t0, int64_t f0, int64_t f) {
  if constexpr (F > 1)
    if (f < F) return gradient_tile<T, F - 1>(g, t0, f0, f);
  gradient_tile<T, F>(g, t0, f0);
}

template <int T = GRADIENT_T>
static void gradient_tile(const WeightGradient& g, int64_t t0, int64_t t, int64_t f0, int64_t f) {
  if constexpr (T > 1)
    if (t < T) return gradient_tile<T - 1>(g, t0, t, f0, f);
  gradient_tile<T>(g, t0, f0, f);
}

// Both forms sweep the images once for every tile, so they take a few rows at a time, or a part of one, that stay in a cache.
// The chunks depend on the layer alone, and so does the order of the sums.
struct Chunks {
  int64_t rows, columns;
};

static inline Chunks chunks_of(const Positions& p, int64_t most) {
  if (p.width > most) return {1, groups_of(p.width, groups_of(p.width, most > 0 ? most : 1))};
  return {most / p.width < p.height ? most / p.width : p.height, p.width};
}

template <class Tiles>
static void by_chunks(const WeightGradient& g, const Chunks& chunks, Tiles tiles) {
  const Positions& p = g.positions;
  if (p.depth * p.height * p.width == 1) return tiles(g);  // a dense layer: all packs at once
  bool first = true;
  for (int64_t pack = 0; pack < g.packs; pack++)
    for (int64_t d = 0; d < p.depth; d++)
      for (int64_t y = 0; y < p.height; y += chunks.rows)
        for (int64_t x = 0; x < p.width; x += chunks.columns, first = false) {
          WeightGradient part = g;
          part.packs = part.positions.depth = 1;
          part.positions.height = p.height - y < chunks.rows ? p.height - y : chunks.rows;
          part.positions.width = p.width - x < chunks.columns ? p.width - x : chunks.columns;
          part.input += pack * g.input_pack + (d * p.in_depth + y * p.in_row + x * p.in_column) * LANES;
          part.output_gradient += pack * g.output_pack + (d * p.out_depth + y * p.out_row + x * p.out_column) * LANES;
          part.accumulate = g.accumulate || !first;
          tiles(part);
        }
}

static void weight_gradient_tiles(const WeightGradient& g) {
  const int64_t taps = groups_of(g.taps, GRADIENT_T), filters = groups_of(g.outputs, GRADIENT_F), tiles = taps * filters;
  const bool filters_first = g.positions.out_column > g.positions.in_column;  // the larger operand is read once
  for (int64_t i = tiles * g.part / g.parts; i < tiles * (g.part + 1) / g.parts; i++) {
    const int64_t t = filters_first ? i % taps : i / filters, f = filters_first ? i / taps : i % filters;
    const int64_t t0 = group_start(g.taps, taps, t), t1 = group_start(g.taps, taps, t + 1);
    const int64_t f0 = group_start(g.outputs, filters, f), f1 = group_start(g.outputs, filters, f + 1);
    gradient_tile(g, t0, t1 - t0, f0, f1 - f0);
  }
}

void weight_gradient(const WeightGradient& g) {
  constexpr int64_t CACHE_FLOATS = 48 * 1024;  // of the second level
  by_chunks(g, chunks_of(g.positions, CACHE_FLOATS / ((g.positions.in_column + g.positions.out_column) * LANES)), weight_gradient_tiles);
}

// Weight gradient, second form, for many filters: the output gradient is turned to rows of filters for each image, so that a
// register holds WIDTH filters of one image; T taps x V such vectors accumulate, and nothing has to be summed over lanes.
constexpr int rows_t(int v) { return REGISTERS == 32 ? (v == 1 ? 16 : v == 2 ? 12 : v == 3 ? 8 : 6) : (v == 1 ? 12 : 6); }
constexpr int64_t ROWS_CACHE = 8 * 1024;  // floats
constexpr int ROWS_V = REGISTERS == 32 ? 4 : 2;

// Floats from one row to the next: of long rows an odd number of cache lines, so that their parts do not compete for places.
int64_t row_length(int64_t outputs) {
  constexpr int64_t LINE = 16;
  const int64_t vectors = groups_of(outputs, WIDTH), floats = vectors * WIDTH;
  return vectors <= ROWS_V ? floats : ((floats + LINE - 1) / LINE | 1) * LINE;
}

// Chunks of which the part of the rows that one column of tiles reads stays in the first-level cache.
static inline Chunks row_chunks(const WeightGradient& g) {
  const int64_t length = row_length(g.outputs), width = length < ROWS_V * WIDTH ? length : ROWS_V * WIDTH;
  return chunks_of(g.positions, ROWS_CACHE / (LANES * width));
}

// Floats of g.rows: one chunk, [pack][position][lane][row_length].
int64_t rows_room(const WeightGradient& g) {
  const Chunks chunks = row_chunks(g);
  return (g.positions.depth * g.positions.height * g.positions.width == 1 ? g.packs : 1) * chunks.rows * chunks.columns * LANES * row_length(g.outputs);
}

// ADJACENT: the taps' inputs lie side by side, as they do within one row of a kernel, and need no pointer each.
template <int T, int V, bool ADJACENT>
static void rows_tile(const WeightGradient& g, int64_t t0, int64_t f0) {
  const Positions& p = g.positions;
  Wide acc[T][V];
#pragma GCC unroll 16
  for (int t = 0; t < T; t++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) acc[t][v] = Wide{};
  for (int64_t pack = 0; pack < g.packs; pack++) {
    const int64_t length = row_length(g.outputs);
    const float* row = g.rows + pack * p.depth * p.height * p.width * LANES * length + f0;
    for (int64_t d = 0; d < p.depth; d++)
      for (int64_t y = 0; y < p.height; y++)
        for (int64_t x = 0; x < p.width; x++) {
          const float* in = g.input + pack * g.input_pack + (d * p.in_depth + y * p.in_row + x * p.in_column) * LANES;
          const float* first = in + g.tap_input[t0] * LANES;
          const float* tap[T];
#pragma GCC unroll 16
          for (int t = 0; t < T; t++) tap[t] = in + g.tap_input[t0 + t] * LANES;
          for (int l = 0; l < LANES; l++, first++, row += length) {
            Wide dy[V];
#pragma GCC unroll 4
            for (int v = 0; v < V; v++) dy[v] = load_wide(row + v * WIDTH);
#pragma GCC unroll 16
            for (int t = 0; t < T; t++) {
              const Wide value = broadcast_wide(ADJACENT ? first[t * LANES] : tap[t][l]);
#pragma GCC unroll 4
              for (int v = 0; v < V; v++) acc[t][v] += value * dy[v];
            }
          }
        }
  }
  for (int t = 0; t < T; t++) {
    float* to = g.gradient + g.tap_row[t0 + t] * g.gradient_step + f0;
    for (int v = 0; v < V; v++) {
      const int64_t left = g.outputs - f0 - v * WIDTH;
      if (left >= WIDTH)
        store_wide(to + v * WIDTH, g.accumulate ? load_wide(to + v * WIDTH) + acc[t][v] : acc[t][v]);
      else
        for (int64_t i = 0; i < left; i++) store_gradient(to + v * WIDTH + i, acc[t][v][i], g.accumulate);
    }
  }
}

template <int V, int T = rows_t(V)>
static void rows_tile(const WeightGradient& g, int64_t t0, int64_t t, int64_t f0) {
  if constexpr (T > 1)
    if (t < T) return rows_tile<V, T - 1>(g, t0, t, f0);
  if (g.tap_input[t0 + T - 1] - g.tap_input[t0] == T - 1)
    rows_tile<T, V, true>(g, t0, f0);
  else
    rows_tile<T, V, false>(g, t0, f0);
}

// The second form, on rows that lie ready: gradient[row(t)][f] = sum over positions and lanes of input * row.
void weight_gradient_of_rows(const WeightGradient& g) {
  const int64_t vectors = groups_of(g.outputs, WIDTH), columns = groups_of(vectors, ROWS_V);
  const int64_t widest = groups_of(vectors, columns), rows = groups_of(g.taps, rows_t(static_cast<int>(widest)));
  const int64_t tiles = rows * columns;
  // The rows of one column of tiles stay in the first-level cache; rows so few that all do spare reading the inputs again.
  const bool column_first = columns > 1 && g.packs * g.positions.width * g.positions.height * g.positions.depth * LANES * row_length(g.outputs) > ROWS_CACHE;
  const int64_t own_first = tiles * g.part / g.parts, own_last = tiles * (g.part + 1) / g.parts;  // of all chunks the same
  for (int64_t i = 0; i < tiles; i++) {
    const int64_t row = column_first ? i % rows : i / columns, column = column_first ? i / rows : i % columns;
    if (column * rows + row < own_first || column * rows + row >= own_last) continue;
    const int64_t t0 = group_start(g.taps, rows, row), t = group_start(g.taps, rows, row + 1) - t0;
    const int64_t v0 = group_start(vectors, columns, column), v = group_start(vectors, columns, column + 1) - v0;
    if constexpr (ROWS_V == 4) {
      if (v == 4) rows_tile<4>(g, t0, t, v0 * WIDTH);
      if (v == 3) rows_tile<3>(g, t0, t, v0 * WIDTH);
    }
    if (v == 2) rows_tile<2>(g, t0, t, v0 * WIDTH);
    if (v == 1) rows_tile<1>(g, t0, t, v0 * WIDTH);
  }
}

// input [position][channel] of lanes -> rows [position][lane][row_length]; what is beyond the channels becomes zero.
void lanes_to_rows(const float* input, float* rows, int64_t positions, int64_t channels, int64_t row_length) {
  for (int64_t p = 0; p < positions; p++)
    for (int64_t c0 = 0; c0 < row_length; c0 += LANES) {
      Lane v[LANES];
      const Lane* in = lanes(input) + p * channels + c0;
      if (c0 + LANES <= channels)
        for (int c = 0; c < LANES; c++) v[c] = in[c];
      else
        for (int c = 0; c < LANES; c++) v[c] = c0 + c < channels ? in[c] : zero();
      transpose(v);
      for (int l = 0; l < LANES; l++) store(rows + (p * LANES + l) * row_length + c0, v[l]);
    }
}

void weight_gradient_by_rows(const WeightGradient& g) {
  by_chunks(g, row_chunks(g), [](const WeightGradient& chunk) {
    const Positions& p = chunk.positions;
    float* rows = chunk.rows;
    for (int64_t pack = 0; pack < chunk.packs; pack++)
      for (int64_t y = 0; y < p.height; y++, rows += p.width * LANES * row_length(chunk.outputs))
        lanes_to_rows(chunk.output_gradient + pack * chunk.output_pack + y * p.out_row * LANES, rows, p.width, chunk.outputs, row_length(chunk.outputs));
    weight_gradient_of_rows(chunk);
  });
}

// gradient[c] = sum over packs, positions and lanes, for the channels [first, last)
void bias_gradient(const float* output_gradient, float* gradient, int64_t packs, int64_t pack_step, int64_t positions,
                   int64_t channels, int64_t first, int64_t last, bool accumulate) {
  constexpr int64_t BLOCK = 8, CACHE_FLOATS = 32 * 1024, LEAST = 16;
  const int64_t fit = CACHE_FLOATS / (channels * LANES), step = fit > LEAST ? fit : LEAST;  // positions at once
  for (int64_t pack = 0; pack < packs; pack++)
    for (int64_t start = 0; start < positions; start += step) {
      const int64_t end = positions - start < step ? positions : start + step;
      for (int64_t c0 = first; c0 < last; c0 += BLOCK) {
        const int64_t block = last - c0 < BLOCK ? last - c0 : BLOCK;
        const Lane* dy = lanes(output_gradient + pack * pack_step) + c0;
        Lane sum[BLOCK] = {};
        if (block == BLOCK)
          for (int64_t p = start; p < end; p++)
#pragma GCC unroll 8
            for (int64_t c = 0; c < BLOCK; c++) sum[c] += dy[p * channels + c];
        else
          for (int64_t p = start; p < end; p++)
            for (int64_t c = 0; c < block; c++) sum[c] += dy[p * channels + c];
        for (int64_t c = 0; c < block; c++) store_gradient(gradient + c0 + c, lane_sum(sum[c]), accumulate || pack > 0 || start > 0);
      }
    }
}

}  // namespace striate::STRIATE_ISA
