// Batch normalisation on lanes: a pack's moments, the affine map that normalises, and the backward pass's sums and map.
#include "../lanes.h"
#include "kernels.h"

namespace striate::STRIATE_ISA {

constexpr int64_t NORM_BLOCK = 4;  // channels whose sums stay in registers

// Calls visit(first channel, number of channels) block by block; full blocks get a constant that the compiler can unroll.
template <class Visit>
static inline void each_channel_block(int64_t channels, Visit visit) {
  int64_t c = 0;
  for (; c + NORM_BLOCK <= channels; c += NORM_BLOCK) visit(c, NORM_BLOCK);
  if (c < channels) visit(c, channels - c);
}

// mean and sum of squared deviations of this pack's images, in two passes so that nothing cancels
void moments(const float* input, int64_t positions, int64_t channels, int filled, float* result) {
  const Mask images = filled_lanes(filled);
  const float count = static_cast<float>(positions * filled);
  each_channel_block(channels, [&](int64_t c0, int64_t block) {
    const Lane* x = lanes(input) + c0;
    Lane sum[NORM_BLOCK] = {}, squares[NORM_BLOCK] = {}, mean[NORM_BLOCK];
    for (int64_t p = 0; p < positions; p++)
      for (int64_t c = 0; c < block; c++) sum[c] += keep(images, x[p * channels + c]);
    for (int64_t c = 0; c < block; c++) mean[c] = broadcast(lane_sum(sum[c]) / count);
    for (int64_t p = 0; p < positions; p++)
      for (int64_t c = 0; c < block; c++) {
        const Lane d = keep(images, x[p * channels + c] - mean[c]);
        squares[c] += d * d;
      }
    for (int64_t c = 0; c < block; c++) {
      result[c0 + c] = mean[c][0];
      result[channels + c0 + c] = lane_sum(squares[c]);
    }
  });
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

void norm_sums(const float* input, const float* output_gradient, int64_t positions, int64_t channels, const float* mean,
               const float* inverse_deviation, float* sums) {
  each_channel_block(channels, [&](int64_t c0, int64_t block) {
    const Lane *x = lanes(input) + c0, *dy = lanes(output_gradient) + c0;
    Lane plain[NORM_BLOCK] = {}, weighted[NORM_BLOCK] = {};
    for (int64_t p = 0; p < positions; p++)
      for (int64_t c = 0; c < block; c++) {
        const Lane g = dy[p * channels + c];
        plain[c] += g;
        weighted[c] += g * (x[p * channels + c] - mean[c0 + c]);
      }
    for (int64_t c = 0; c < block; c++) {
      sums[c0 + c] = lane_sum(plain[c]);
      sums[channels + c0 + c] = lane_sum(weighted[c]) * inverse_deviation[c0 + c];
    }
  });
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
