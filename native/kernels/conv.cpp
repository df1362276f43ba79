// Convolution on lanes: forward and input gradient are one register-blocked correlation, the weight gradient has two forms.
#include "../lanes.h"
#include "kernels.h"
#include "transpose.h"

namespace striate::STRIATE_ISA {

// The largest tile: F outputs x X positions accumulate in registers, beside X inputs and one weight.
constexpr int MAX_X = REGISTERS == 32 ? 4 : 2;
constexpr int max_f(int x) { return REGISTERS == 32 ? (x == 1 ? 16 : x == 2 ? 12 : x == 3 ? 8 : 6) : (x == 1 ? 12 : 6); }

// n things in even groups of at most `most`: first thing of group i.
static inline int64_t groups_of(int64_t n, int64_t most) { return (n + most - 1) / most; }
static inline int64_t group_start(int64_t n, int64_t groups, int64_t i) { return n * i / groups; }

// acc[f][x] = sum of w(j, f) * in[j + x * column] over the spans. Then out = gate(relu(acc + bias)).
template <int F, int X, bool TRANSPOSED>
static void correlation_tile(const Correlation& c, const Span* first, const Span* last, const Lane* in, Lane* out, const Lane* gate,
                             const float* w, int64_t step, const float* bias) {
  const int64_t column = c.positions.in_column, out_column = c.positions.out_column;
  Lane acc[F][X];
#pragma GCC unroll 16
  for (int f = 0; f < F; f++)
#pragma GCC unroll 4
    for (int x = 0; x < X; x++) acc[f][x] = bias ? broadcast(bias[f]) : zero();
  for (const Span* s = first; s < last; s++) {
    const Lane* ip = in + s->input;
    const float* wp = TRANSPOSED ? w + s->weight : w + s->weight * step;
    for (int64_t j = 0; j < s->length; j++) {
      if (!TRANSPOSED && X <= 2) __builtin_prefetch(wp + 24 * step);  // a dense layer's weights come from far away
      Lane v[X];
#pragma GCC unroll 4
      for (int x = 0; x < X; x++) v[x] = ip[x * column];
#pragma GCC unroll 16
      for (int f = 0; f < F; f++) {
        const Lane weight = broadcast(TRANSPOSED ? wp[f * step] : wp[f]);
#pragma GCC unroll 4
        for (int x = 0; x < X; x++) acc[f][x] += weight * v[x];
      }
      ip++;
      wp += TRANSPOSED ? 1 : step;
    }
  }
#pragma GCC unroll 4
  for (int x = 0; x < X; x++)
#pragma GCC unroll 16
    for (int f = 0; f < F; f++) {
      Lane r = c.relu ? relu(acc[f][x]) : acc[f][x];
      if (gate) r = keep(gate[x * out_column + f] > 0.0f, r);
      out[x * out_column + f] = r;
    }
}

typedef void (*CorrelationTile)(const Correlation&, const Span*, const Span*, const Lane*, Lane*, const Lane*, const float*, int64_t,
                                const float*);

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
int64_t outputs_per_block(int64_t width) { return max_f(width < MAX_X ? static_cast<int>(width) : MAX_X); }

template <bool TRANSPOSED>
static void correlation(const Correlation& c) {
  const Positions& p = c.positions;
  const int64_t widest = c.packed && c.packed_width < MAX_X ? c.packed_width : MAX_X;
  const int64_t blocks = groups_of(c.outputs, outputs_per_block(c.packed ? c.packed_width : p.width)), tiles = groups_of(p.width, widest);
  for (int64_t b = blocks * c.part / c.parts; b < blocks * (c.part + 1) / c.parts; b++) {
    const int64_t f0 = group_start(c.outputs, blocks, b), f = group_start(c.outputs, blocks, b + 1) - f0;
    const float* w = TRANSPOSED ? c.weights + f0 * c.weight_step : c.packed ? c.weights + f0 * c.inputs : c.weights + f0;
    const int64_t step = c.packed ? f : c.weight_step;
    const int64_t wide = groups_of(p.width, tiles), narrow = p.width / tiles;
    const CorrelationTile wide_tile = find_tile<TRANSPOSED>(f, wide), narrow_tile = find_tile<TRANSPOSED>(f, narrow);
    for (int64_t d = 0; d < p.depth; d++)
      for (int64_t y = 0; y < p.height; y++) {
        const Span* first = c.spans + (c.row_first ? c.row_first[y] : 0);
        const Span* last = c.spans + (c.row_last ? c.row_last[y] : c.span_count);
        for (int64_t t = 0; t < tiles; t++) {
          const int64_t x = group_start(p.width, tiles, t), size = group_start(p.width, tiles, t + 1) - x;
          const Lane* in = lanes(c.input) + d * p.in_depth + y * p.in_row + x * p.in_column;
          const int64_t at = d * p.out_depth + y * p.out_row + x * p.out_column + f0;
          (size == wide ? wide_tile : narrow_tile)(c, first, last, in, lanes(c.output) + at, c.gate ? lanes(c.gate) + at : nullptr, w,
                                                   step, c.bias ? c.bias + f0 : nullptr);
        }
      }
  }
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

// Weight gradient, first form: T taps x F filters of lane vectors accumulate in registers; the lanes are summed at the end.
constexpr int GRADIENT_T = REGISTERS == 32 ? 6 : 4, GRADIENT_F = REGISTERS == 32 ? 4 : 3;

static inline void store_gradient(float* to, float value, bool accumulate) { *to = accumulate ? *to + value : value; }

template <int T, int F>
static void gradient_tile(const WeightGradient& g, int64_t t0, int64_t f0) {
  const Positions& p = g.positions;
  Lane acc[T][F];
#pragma GCC unroll 8
  for (int t = 0; t < T; t++)
#pragma GCC unroll 4
    for (int f = 0; f < F; f++) acc[t][f] = zero();
  for (int64_t pack = 0; pack < g.packs; pack++)
    for (int64_t d = 0; d < p.depth; d++)
      for (int64_t y = 0; y < p.height; y++) {
        const Lane* in = lanes(g.input + pack * g.input_pack) + d * p.in_depth + y * p.in_row;
        const Lane* out = lanes(g.output_gradient + pack * g.output_pack) + d * p.out_depth + y * p.out_row + f0;
        const Lane* tap[T];
#pragma GCC unroll 8
        for (int t = 0; t < T; t++) tap[t] = in + g.tap_input[t0 + t];
        for (int64_t x = 0; x < p.width; x++) {
          Lane dy[F];
#pragma GCC unroll 4
          for (int f = 0; f < F; f++) dy[f] = out[f];
#pragma GCC unroll 8
          for (int t = 0; t < T; t++) {
            const Lane v = tap[t][x * p.in_column];
#pragma GCC unroll 4
            for (int f = 0; f < F; f++) acc[t][f] += v * dy[f];
          }
          out += p.out_column;
        }
      }
  for (int t = 0; t < T; t++)
    for (int f = 0; f < F; f++)
      store_gradient(g.gradient + g.tap_row[t0 + t] * g.gradient_step + f0 + f, lane_sum(acc[t][f]), g.accumulate);
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
  for (int64_t i = tiles * g.part / g.parts; i < tiles * (g.part + 1) / g.parts; i++) {
    const int64_t t0 = group_start(g.taps, taps, i / filters), t1 = group_start(g.taps, taps, i / filters + 1);
    const int64_t f0 = group_start(g.outputs, filters, i % filters), f1 = group_start(g.outputs, filters, i % filters + 1);
    gradient_tile(g, t0, t1 - t0, f0, f1 - f0);
  }
}

void weight_gradient(const WeightGradient& g) {
  constexpr int64_t CACHE_FLOATS = 48 * 1024;  // of the second level
  by_chunks(g, chunks_of(g.positions, CACHE_FLOATS / ((g.positions.in_column + g.positions.out_column) * LANES)), weight_gradient_tiles);
}

// Weight gradient, second form, for many filters: the output gradient is turned to rows of filters for each image, so that a
// vector holds LANES filters of one image; T taps x V such vectors accumulate, and nothing has to be summed over lanes.
constexpr int rows_t(int v) { return REGISTERS == 32 ? (v == 1 ? 16 : v == 2 ? 12 : v == 3 ? 8 : 6) : (v == 1 ? 12 : 6); }
constexpr int64_t ROWS_CACHE = 8 * 1024;  // floats
constexpr int ROWS_V = REGISTERS == 32 ? 4 : 2;

// Floats from one row to the next: of long rows an odd number of cache lines, so that their parts do not compete for places.
int64_t row_length(int64_t outputs) {
  constexpr int64_t LINE = 16;
  const int64_t vectors = groups_of(outputs, LANES), floats = vectors * LANES;
  return vectors <= ROWS_V ? floats : ((floats + LINE - 1) / LINE | 1) * LINE;
}

// Chunks of which the part of the rows that one column of tiles reads stays in the first-level cache.
static inline Chunks row_chunks(const WeightGradient& g) {
  const int64_t length = row_length(g.outputs), width = length < ROWS_V * LANES ? length : ROWS_V * LANES;
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
  Lane acc[T][V];
#pragma GCC unroll 16
  for (int t = 0; t < T; t++)
#pragma GCC unroll 4
    for (int v = 0; v < V; v++) acc[t][v] = zero();
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
            Lane dy[V];
#pragma GCC unroll 4
            for (int v = 0; v < V; v++) dy[v] = load(row + v * LANES);
#pragma GCC unroll 16
            for (int t = 0; t < T; t++) {
              const Lane value = broadcast(ADJACENT ? first[t * LANES] : tap[t][l]);
#pragma GCC unroll 4
              for (int v = 0; v < V; v++) acc[t][v] += value * dy[v];
            }
          }
        }
  }
  for (int t = 0; t < T; t++) {
    float* to = g.gradient + g.tap_row[t0 + t] * g.gradient_step + f0;
    for (int v = 0; v < V; v++) {
      const int64_t left = g.outputs - f0 - v * LANES;
      if (left >= LANES)
        store(to + v * LANES, g.accumulate ? load(to + v * LANES) + acc[t][v] : acc[t][v]);
      else
        for (int64_t i = 0; i < left; i++) store_gradient(to + v * LANES + i, acc[t][v][i], g.accumulate);
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
  const int64_t vectors = groups_of(g.outputs, LANES), columns = groups_of(vectors, ROWS_V);
  const int64_t widest = groups_of(vectors, columns), rows = groups_of(g.taps, rows_t(static_cast<int>(widest)));
  const int64_t tiles = rows * columns;
  // The rows of one column of tiles stay in the first-level cache; rows so few that all do spare reading the inputs again.
  const bool column_first = columns > 1 && g.packs * g.positions.width * g.positions.height * g.positions.depth * LANES * row_length(g.outputs) > ROWS_CACHE;
  for (int64_t i = tiles * g.part / g.parts; i < tiles * (g.part + 1) / g.parts; i++) {
    const int64_t row = column_first ? i % rows : i / columns, column = column_first ? i / rows : i % columns;
    const int64_t t0 = group_start(g.taps, rows, row), t = group_start(g.taps, rows, row + 1) - t0;
    const int64_t v0 = group_start(vectors, columns, column), v = group_start(vectors, columns, column + 1) - v0;
    if constexpr (ROWS_V == 4) {
      if (v == 4) rows_tile<4>(g, t0, t, v0 * LANES);
      if (v == 3) rows_tile<3>(g, t0, t, v0 * LANES);
    }
    if (v == 2) rows_tile<2>(g, t0, t, v0 * LANES);
    if (v == 1) rows_tile<1>(g, t0, t, v0 * LANES);
  }
}

// input [position][channel] of lanes -> rows [position][lane][row_length]; what is beyond the channels becomes zero.
void lanes_to_rows(const float* input, float* rows, int64_t positions, int64_t channels, int64_t row_length) {
  for (int64_t p = 0; p < positions; p++)
    for (int64_t c0 = 0; c0 < row_length; c0 += LANES) {
      Lane v[LANES];
      const Lane* in = lanes(input) + p * channels + c0;
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

// gradient[c] = sum over packs, positions and lanes
void bias_gradient(const float* output_gradient, float* gradient, int64_t packs, int64_t pack_step, int64_t positions,
                   int64_t channels, bool accumulate) {
  constexpr int64_t BLOCK = 8;
  for (int64_t c0 = 0; c0 < channels; c0 += BLOCK) {
    const int64_t block = channels - c0 < BLOCK ? channels - c0 : BLOCK;
    Lane sum[BLOCK] = {};
    for (int64_t pack = 0; pack < packs; pack++) {
      const Lane* dy = lanes(output_gradient + pack * pack_step) + c0;
      if (block == BLOCK)
        for (int64_t p = 0; p < positions; p++)
#pragma GCC unroll 8
          for (int64_t c = 0; c < BLOCK; c++) sum[c] += dy[p * channels + c];
      else
        for (int64_t p = 0; p < positions; p++)
          for (int64_t c = 0; c < block; c++) sum[c] += dy[p * channels + c];
    }
    for (int64_t c = 0; c < block; c++) store_gradient(gradient + c0 + c, lane_sum(sum[c]), accumulate);
  }
}

}  // namespace striate::STRIATE_ISA
