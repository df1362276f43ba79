// Moving data: from images to lanes and back, padding, and the turn from lanes to rows of channels.
#pragma once
#include "../lanes.h"
#include "kernels.h"

namespace striate::STRIATE_ISA {

template <class T>
static void gather_typed(const void* const* images, int filled, Lane* out, int64_t count, float scale, float offset) {
  const T* from[LANES];
  for (int l = 0; l < LANES; l++) from[l] = static_cast<const T*>(images[l < filled ? l : 0]);
  const Mask used = filled_lanes(filled);
  for (int64_t i = 0; i < count; i++) {
    Lane v = {};
    for (int l = 0; l < LANES; l++) v[l] = static_cast<float>(from[l][i]);
    out[i] = keep(used, v * scale + offset);
  }
}

// One pack from its images: out[i][lane] = scale * image[lane][i] + offset, zero in the lanes that hold no image.
static void gather(const void* const* images, Pixel pixel, int filled, float* output, int64_t count, float scale, float offset) {
  Lane* out = lanes(output);
  switch (pixel) {
    case Pixel::uint8: return gather_typed<uint8_t>(images, filled, out, count, scale, offset);
    case Pixel::float32: return gather_typed<float>(images, filled, out, count, scale, offset);
    case Pixel::float64: return gather_typed<double>(images, filled, out, count, scale, offset);
  }
}

static void scatter(const float* input, float* const* images, int filled, int64_t count) {
  for (int l = 0; l < filled; l++)
    for (int64_t i = 0; i < count; i++) images[l][i] = input[i * LANES + l];
}

// Copies depth x height rows of `row` lane vectors between tensors of different sizes.
static void copy_box(const float* input, float* output, int64_t depth, int64_t height, int64_t row, int64_t in_depth,
                     int64_t in_row, int64_t out_depth, int64_t out_row) {
  for (int64_t d = 0; d < depth; d++)
    for (int64_t h = 0; h < height; h++) {
      const Lane* from = lanes(input) + d * in_depth + h * in_row;
      Lane* to = lanes(output) + d * out_depth + h * out_row;
      for (int64_t i = 0; i < row; i++) to[i] = from[i];
    }
}

static void fill_zero(float* output, int64_t count) {
  Lane* out = lanes(output);
  for (int64_t i = 0; i < count; i++) out[i] = zero();
}

// Turns a LANES x LANES block: afterwards v[i][j] is what v[j][i] was. Each round swaps blocks of half the size.
static inline void transpose(Lane v[LANES]) {
#if defined(__clang__)  // its shuffles take constant patterns only
  Lane turned[LANES];
  for (int i = 0; i < LANES; i++)
    for (int l = 0; l < LANES; l++) turned[i][l] = v[l][i];
  for (int i = 0; i < LANES; i++) v[i] = turned[i];
#else
  Mask low = {}, high = {};
  for (int half = LANES / 2; half > 0; half /= 2) {
    for (int l = 0; l < LANES; l++) {
      const bool second = l & half;
      low[l] = second ? LANES + l - half : l;
      high[l] = second ? LANES + l : l + half;
    }
    for (int i = 0; i < LANES; i++) {
      if (i & half) continue;
      const Lane a = v[i], b = v[i + half];
      v[i] = __builtin_shuffle(a, b, low);
      v[i + half] = __builtin_shuffle(a, b, high);
    }
  }
#endif
}

// input [position][channel] of lanes -> rows [position][lane][row_length]; what is beyond the channels becomes zero.
static void lanes_to_rows(const float* input, float* rows, int64_t positions, int64_t channels, int64_t row_length) {
  for (int64_t p = 0; p < positions; p++)
    for (int64_t c0 = 0; c0 < row_length; c0 += LANES) {
      Lane v[LANES];
      const Lane* in = lanes(input) + p * channels + c0;
      for (int c = 0; c < LANES; c++) v[c] = c0 + c < channels ? in[c] : zero();
      transpose(v);
      for (int l = 0; l < LANES; l++) store(rows + (p * LANES + l) * row_length + c0, v[l]);
    }
}

// Whether all values are finite as float32.
template <class T>
static bool all_finite_typed(const T* v, int64_t count) {
  constexpr T LARGEST = T(3.4028234663852886e38);
  bool finite = true;
  for (int64_t start = 0; start < count; start += 4096) {
    const int64_t end = start + 4096 < count ? start + 4096 : count;
    T sum = 0;
    for (int64_t i = start; i < end; i++) sum += v[i] <= LARGEST && v[i] >= -LARGEST ? T(0) : T(1);  // false for NaN
    finite &= sum == 0;
  }
  return finite;
}

static bool all_finite(const void* values, Pixel pixel, int64_t count) {
  switch (pixel) {
    case Pixel::uint8: return true;
    case Pixel::float32: return all_finite_typed(static_cast<const float*>(values), count);
    case Pixel::float64: return all_finite_typed(static_cast<const double*>(values), count);
  }
  return true;
}

}  // namespace striate::STRIATE_ISA
