// Batch normalisation on lanes: a pack's moments, the affine map that normalises, and the backward pass's sums and map.
#include "../lanes.h"
#include "kernels.h"

namespace striate::STRIATE_ISA {

constexpr int64_t NORM_BLOCK = 4;  // channels whose sums stay in registers

// Calls visit(first channel, number of channels) block by block; full blocks get a constant that the compiler can unroll.
template <class Visit>
static inline void each_channel_block(int64_t first, int64_t last, Visit visit) {
  int64_t c = first;
  for (; c + NORM_BLOCK <= last; c += NORM_BLOCK) visit(c, NORM_BLOCK);
  if (c < last) visit(c, last - c);
}

// Positions that stay in the cache while block after block of channels is summed over them. Depends on the layer alone.
static inline int64_t positions_at_once(int64_t channels) {
  constexpr int64_t CACHE_FLOATS = 32 * 1024, LEAST = 16;
  const int64_t fit = CACHE_FLOATS / (channels * LANES);
  return fit > LEAST ? fit : LEAST;
}

// mean and sum of squared deviations of this pack's images, for some channels. Within a chunk in two passes, so that nothing
// cancels; chunks are put together by the formula of Chan, Golub and LeVeque (1979).
void moments(const float* input, int64_t positions, int64_t channels, int64_t first, int64_t last, int filled, float* result) {
  const Mask images = filled_lanes(filled);
  const int64_t step = positions_at_once(channels);
  for (int64_t start = 0; start < positions; start += step) {
    const int64_t size = positions - start < step ? positions - start : step;
    const float count = static_cast<float>(size * filled), before = static_cast<float>(start * filled);
    each_channel_block(first, last, [&](int64_t c0, int64_t block) {
      const Lane* x = lanes(input) + start * channels + c0;
      Lane sum[NORM_BLOCK] = {}, squares[NORM_BLOCK] = {}, mean[NORM_BLOCK];
      for (int64_t p = 0; p < size; p++)
        for (int64_t c = 0; c < block; c++) sum[c] += keep(images, x[p * channels + c]);
      for (int64_t c = 0; c < block; c++) mean[c] = broadcast(lane_sum(sum[c]) / count);
      for (int64_t p = 0; p < size; p++)
        for (int64_t c = 0; c < block; c++) {
          const Lane d = keep(images, x[p * channels + c] - mean[c]);
          squares[c] += d * d;
        }
      for (int64_t c = 0; c < block; c++) {
        float& total_mean = result[c0 + c];
        float& total_squares = result[channels + c0 + c];
        if (start == 0) total_mean = total_squares = 0.0f;
        const float difference = mean[c][0] - total_mean, share = count / (before + count);
        total_mean += difference * share;
        total_squares += lane_sum(squares[c]) + difference * difference * before * share;
      }
    });
  }
}

// y = x * scale + shift for each channel
void scale_shift(const float* input, float* output, int64_t positions, int64_t channels, const float* scale,
                 const float* shift, bool with_relu) {
  const Lane* x = lanes(input);
  Lane* y = lanes(output);
  for (int64_t p = 0; p < positions; p++, x += channels, y += channels)
    for (int64_t c = 0; c < channels; c++) {
      const Lane v = x[c] * scale[c] + shift[c];
      y[c] = with_relu ? relu(v) : v;
    }
}

void norm_sums(const float* input, const float* output_gradient, int64_t positions, int64_t channels, int64_t first, int64_t last,
               const float* mean, const float* inverse_deviation, float* sums) {
  const int64_t step = positions_at_once(2 * channels);
  for (int64_t start = 0; start < positions; start += step) {
    const int64_t size = positions - start < step ? positions - start : step;
    each_channel_block(first, last, [&](int64_t c0, int64_t block) {
      const Lane *x = lanes(input) + start * channels + c0, *dy = lanes(output_gradient) + start * channels + c0;
      Lane plain[NORM_BLOCK] = {}, weighted[NORM_BLOCK] = {};
      for (int64_t p = 0; p < size; p++)
        for (int64_t c = 0; c < block; c++) {
          const Lane g = dy[p * channels + c];
          plain[c] += g;
          weighted[c] += g * (x[p * channels + c] - mean[c0 + c]);
        }
      for (int64_t c = 0; c < block; c++) {
        float &total = sums[c0 + c], &total_weighted = sums[channels + c0 + c];
        if (start == 0) total = total_weighted = 0.0f;
        total += lane_sum(plain[c]);
        total_weighted += lane_sum(weighted[c]) * inverse_deviation[c0 + c];
      }
    });
  }
}

// dx = a dy + b x + c, zero in the lanes that hold no image
void norm_backward(const float* input, const float* output_gradient, float* input_gradient, int64_t positions,
                   int64_t channels, const float* factors, int filled) {
  const Mask images = filled_lanes(filled);
  const float *a = factors, *b = factors + channels, *k = factors + 2 * channels;
  const Lane *x = lanes(input), *dy = lanes(output_gradient);
  Lane* dx = lanes(input_gradient);
  for (int64_t p = 0; p < positions; p++, dy += channels, dx += channels) {
    for (int64_t c = 0; c < channels; c++) dx[c] = input ? keep(images, dy[c] * a[c] + x[c] * b[c] + k[c]) : dy[c] * a[c];
    if (input) x += channels;
  }
}

}  // namespace striate::STRIATE_ISA
