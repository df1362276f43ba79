// Winograd's minimal filtering F(4x4, 3x3) on lanes (Lavin and Gray 2016): for a tile d of 6x6 inputs and y of 4x4 outputs
//   y = A^T [(G g G^T) * (B^T d B)] A      with * by element: 36 products in place of 144.
// The input's gradient is the same with the kernel turned by half a turn. The same matrices give the weights' gradient:
//   dg = G^T [(A dy A^T) * (B^T d B)] G, summed over tiles and images.
// The products are sums over channels (over tiles, for dg), one correlation for each of the 36 places.
#include "../lanes.h"
#include "kernels.h"
#include "transpose.h"

namespace striate::STRIATE_ISA {

int64_t row_length(int64_t outputs);  // weight_gradient.cpp

constexpr int OUT = 4, IN = 6, PLACES = IN * IN;

// The 1-D transforms: N numbers `step` apart become M numbers `to_step` apart.
struct InputTransform {  // B^T
  static constexpr int N = IN, M = IN;
  static inline void apply(const Lane* d, int step, Lane* o, int to_step) {
    const Lane d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    const Lane even = d4 - 4.0f * d2, odd = d3 - 4.0f * d1, near = d4 - d2, twice = 2.0f * (d3 - d1);
    o[0] = 4.0f * d0 - 5.0f * d2 + d4;
    o[to_step] = even + odd;
    o[2 * to_step] = even - odd;
    o[3 * to_step] = near + twice;
    o[4 * to_step] = near - twice;
    o[5 * to_step] = 4.0f * d1 - 5.0f * d3 + d5;
  }
};

struct OutputTransform {  // A^T
  static constexpr int N = IN, M = OUT;
  static inline void apply(const Lane* m, int step, Lane* o, int to_step) {
    const Lane sum = m[step] + m[2 * step], difference = m[step] - m[2 * step];
    const Lane sum2 = m[3 * step] + m[4 * step], difference2 = m[3 * step] - m[4 * step];
    o[0] = m[0] + sum + sum2;
    o[to_step] = difference + 2.0f * difference2;
    o[2 * to_step] = sum + 4.0f * sum2;
    o[3 * to_step] = difference + 8.0f * difference2 + m[5 * step];
  }
};

struct OutputGradientTransform {  // A
  static constexpr int N = OUT, M = IN;
  static inline void apply(const Lane* y, int step, Lane* o, int to_step) {
    const Lane a = y[0], b = y[step], c = y[2 * step], d = y[3 * step];
    const Lane even = a + c, odd = b + d, even2 = a + 4.0f * c, odd2 = 2.0f * b + 8.0f * d;
    o[0] = a;
    o[to_step] = even + odd;
    o[2 * to_step] = even - odd;
    o[3 * to_step] = even2 + odd2;
    o[4 * to_step] = even2 - odd2;
    o[5 * to_step] = d;
  }
};

struct KernelTransform {  // G
  static constexpr int N = 3, M = IN;
  static inline void apply(const Lane* g, int step, Lane* o, int to_step) {
    const Lane g0 = g[0], g1 = g[step], g2 = g[2 * step];
    const Lane outer = (g0 + g2) * (-1.0f / 6), middle = g1 * (1.0f / 6), outer2 = g0 * (1.0f / 24) + g2 * (1.0f / 6), middle2 = g1 * (1.0f / 12);
    o[0] = g0 * 0.25f;
    o[to_step] = outer - middle;
    o[2 * to_step] = outer + middle;
    o[3 * to_step] = outer2 + middle2;
    o[4 * to_step] = outer2 - middle2;
    o[5 * to_step] = g2;
  }
};

struct KernelGradientTransform {  // G^T
  static constexpr int N = IN, M = 3;
  static inline void apply(const Lane* u, int step, Lane* o, int to_step) {
    const Lane sum = u[step] + u[2 * step], difference = u[2 * step] - u[step];
    const Lane sum2 = u[3 * step] + u[4 * step], difference2 = u[3 * step] - u[4 * step];
    o[0] = u[0] * 0.25f - sum * (1.0f / 6) + sum2 * (1.0f / 24);
    o[to_step] = difference * (1.0f / 6) + difference2 * (1.0f / 12);
    o[2 * to_step] = (sum2 - sum) * (1.0f / 6) + u[5 * step];
  }
};

// Both dimensions: from[N][N] -> to[M][M]; neighbours in a row are `step` apart, rows N or M times as far.
template <class Transform>
static inline void transform(const Lane* from, int step, Lane* to, int64_t to_step) {
  constexpr int N = Transform::N, M = Transform::M;
  Lane columns[M * N];
#pragma GCC unroll 6
  for (int i = 0; i < N; i++) Transform::apply(from + i * step, N * step, columns + i, N);
#pragma GCC unroll 6
  for (int i = 0; i < M; i++) Transform::apply(columns + i * N, 1, to + i * M * to_step, to_step);
}

constexpr int64_t BLOCK = 8;  // channels that a tile is read by: neighbours in memory, read together

// map [height][width][channels] -> transformed [36][tile][channel]; beyond the borders of the map lie zeros.
void winograd_input(const WinogradTiles& w) {
  const int64_t channels = w.channel_last - w.channel_first;
  for (int64_t t = w.first; t < w.last; t++) {
    const int64_t top = t / w.across * OUT - w.top, left = t % w.across * OUT - w.left;
    Lane* to = lanes(w.transformed) + (t - w.first) * channels;
    for (int64_t c0 = 0; c0 < channels; c0 += BLOCK) {
      const int64_t block = channels - c0 < BLOCK ? channels - c0 : BLOCK;
      Lane d[PLACES * BLOCK];
      for (int i = 0; i < PLACES; i++) {
        const int64_t y = top + i / IN, x = left + i % IN;
        const bool inside = y >= 0 && y < w.height && x >= 0 && x < w.width;
        const Lane* from = lanes(w.map) + (inside ? (y * w.width + x) * w.channels + w.channel_first + c0 : 0);
        if (inside && block == BLOCK)
#pragma GCC unroll 8
          for (int64_t c = 0; c < BLOCK; c++) {
            d[i * BLOCK + c] = from[c];
            __builtin_prefetch(from + BLOCK + c);
          }
        else
          for (int64_t c = 0; c < block; c++) d[i * BLOCK + c] = inside ? from[c] : zero();
      }
      for (int64_t c = 0; c < block; c++) transform<InputTransform>(d + c, BLOCK, to + c0 + c, w.place);
    }
  }
}

// map [height][width][channels] -> rows [36][tile][lane][row_length]: for the weights' gradient the tile's values of each image
// are turned to vectors of LANES channels before they are transformed.
void winograd_gradient_rows(const WinogradTiles& w) {
  constexpr int N = OutputGradientTransform::N;
  const int64_t length = row_length(w.channels);
  for (int64_t t = w.first; t < w.last; t++) {
    const int64_t top = t / w.across * OUT, left = t % w.across * OUT;
    float* to = w.transformed + (t - w.first) * LANES * length;
    for (int64_t c0 = 0; c0 < w.channels; c0 += LANES) {
      const int64_t block = w.channels - c0 < LANES ? w.channels - c0 : LANES;
      Lane turned[N * N][LANES];
      for (int i = 0; i < N * N; i++) {
        const int64_t y = top + i / N, x = left + i % N;
        const bool inside = y < w.height && x < w.width;
        const Lane* from = lanes(w.map) + (inside ? (y * w.width + x) * w.channels + c0 : 0);
        for (int64_t c = 0; c < LANES; c++) turned[i][c] = inside && c < block ? from[c] : zero();
        transpose(turned[i]);
      }
      for (int l = 0; l < LANES; l++) {
        Lane d[N * N], v[PLACES];
#pragma GCC unroll 16
        for (int i = 0; i < N * N; i++) d[i] = turned[i][l];
        transform<OutputGradientTransform>(d, 1, v, 1);
#pragma GCC unroll 36
        for (int k = 0; k < PLACES; k++) store(to + k * w.place + l * length + c0, v[k]);
      }
    }
  }
}

// transformed [36][tile][channel] -> map [height][width][channels] = gate(relu(. + bias))
void winograd_output(const WinogradTiles& w) {
  for (int64_t t = w.first; t < w.last; t++) {
    const int64_t top = t / w.across * OUT, left = t % w.across * OUT;
    const int64_t rows = w.height - top < OUT ? w.height - top : OUT, columns = w.width - left < OUT ? w.width - left : OUT;
    const Lane* from = lanes(w.transformed) + (t - w.first) * w.channels;
    for (int64_t c0 = 0; c0 < w.channels; c0 += BLOCK) {
      const int64_t block = w.channels - c0 < BLOCK ? w.channels - c0 : BLOCK;
      Lane y[OUT * OUT * BLOCK];
      for (int64_t c = 0; c < block; c++) {
        Lane m[PLACES];
#pragma GCC unroll 36
        for (int k = 0; k < PLACES; k++) m[k] = from[k * w.place + c0 + c];
        transform<OutputTransform>(m, 1, y + c, BLOCK);
      }
      for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
          const int64_t at = ((top + i) * w.width + left + j) * w.channels + c0;
          Lane* to = lanes(w.map) + at;
          for (int64_t c = 0; c < block; c++) {
            Lane r = y[(i * OUT + j) * BLOCK + c];
            if (w.bias) r += broadcast(w.bias[c0 + c]);
            if (w.relu) r = relu(r);
            if (w.gate) r = keep(lanes(w.gate)[at + c] > 0.0f, r);
            to[c] = r;
          }
        }
    }
  }
}

// Some numbers of a vector, to or from memory.
static inline Lane load_some(const float* from, int64_t count) {
  Lane v = {};
  std::memcpy(&v, from, static_cast<size_t>(count) * sizeof(float));
  return v;
}
static inline void store_some(float* to, Lane v, int64_t count) { std::memcpy(to, &v, static_cast<size_t>(count) * sizeof(float)); }

// weights [3][3][channels][filters] -> [36][channels][filters], of the turned kernel: what `correlate_transposed` reads.
static void turned_weights(const WinogradWeights& w) {
  const int64_t tap = w.channels * w.filters;
  for (int64_t c = w.channels * w.part / w.parts; c < w.channels * (w.part + 1) / w.parts; c++)
    for (int64_t f = 0; f < w.filters; f += LANES) {
      const int64_t size = w.filters - f < LANES ? w.filters - f : LANES, at = c * w.filters + f;
      Lane g[9], u[PLACES];
      for (int k = 0; k < 9; k++) g[k] = size == LANES ? load(w.weights + (8 - k) * tap + at) : load_some(w.weights + (8 - k) * tap + at, size);
      transform<KernelTransform>(g, 1, u, 1);
      for (int k = 0; k < PLACES; k++)
        if (size == LANES)
          store(w.transformed + k * w.place + at, u[k]);
        else
          store_some(w.transformed + k * w.place + at, u[k], size);
    }
}

// weights [3][3][channels][filters] -> for each of 36 places, for each block of filters, [channel][filter of the block]: the order
// in which `correlate` reads packed weights. A vector holds more filters than a block: what it leaves beyond its own is overwritten
// by the channels that follow, so that only a block's last channels need care.
void winograd_weights(const WinogradWeights& w) {
  if (w.turned) return turned_weights(w);
  constexpr int64_t STORED = 8;
  const int64_t blocks = (w.filters + w.block - 1) / w.block, tap = w.channels * w.filters;
  for (int64_t b = blocks * w.part / w.parts; b < blocks * (w.part + 1) / w.parts; b++) {
    const int64_t first = w.filters * b / blocks, size = w.filters * (b + 1) / blocks - first;
    for (int64_t c = 0; c < w.channels; c++) {
      const int64_t from = c * w.filters + first;
      float* to = w.transformed + first * w.channels + c * size;
      const bool whole = size <= STORED && (w.channels - c) * size >= STORED && from + LANES <= tap;
      Lane g[9], u[PLACES];
      for (int k = 0; k < 9; k++) g[k] = whole ? load(w.weights + k * tap + from) : load_some(w.weights + k * tap + from, size);
      transform<KernelTransform>(g, 1, u, 1);
      for (int k = 0; k < PLACES; k++)
        if (whole)
          std::memcpy(to + k * w.place, &u[k], STORED * sizeof(float));
        else
          store_some(to + k * w.place, u[k], size);
    }
  }
}

// sums [36][channel][filters] for a range of channels -> gradient [3][3][channels][filters]
void winograd_weight_gradient(const WinogradWeightGradient& w) {
  const int64_t channels = w.channel_last - w.channel_first;
  for (int64_t c = 0; c < channels; c++)
    for (int64_t f = 0; f < w.filters; f += LANES) {
      const int64_t size = w.filters - f < LANES ? w.filters - f : LANES;
      Lane u[PLACES], g[9];
      for (int k = 0; k < PLACES; k++) {
        const float* from = w.sums + k * w.place + c * w.filters + f;
        u[k] = size == LANES ? load(from) : load_some(from, size);
      }
      transform<KernelGradientTransform>(u, 1, g, 1);
      for (int k = 0; k < 9; k++) {
        float* to = w.gradient + (k * w.channels + w.channel_first + c) * w.filters + f;
        if (size == LANES)
          store(to, w.accumulate ? load(to) + g[k] : g[k]);
        else
          store_some(to, w.accumulate ? load_some(to, size) + g[k] : g[k], size);
      }
    }
}

}  // namespace striate::STRIATE_ISA
