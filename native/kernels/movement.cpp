// Moving data: from images to lanes and back, and padding.
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
void gather(const void* const* images, Pixel pixel, int filled, float* output, int64_t count, float scale, float offset) {
  Lane* out = lanes(output);
  switch (pixel) {
    case Pixel::uint8: return gather_typed<uint8_t>(images, filled, out, count, scale, offset);
    case Pixel::float32: return gather_typed<float>(images, filled, out, count, scale, offset);
    case Pixel::float64: return gather_typed<double>(images, filled, out, count, scale, offset);
  }
}

void scatter(const float* input, float* const* images, int filled, int64_t count) {
  for (int l = 0; l < filled; l++)
    for (int64_t i = 0; i < count; i++) images[l][i] = input[i * LANES + l];
}

// Copies depth x height rows of `row` lane vectors between tensors of different sizes.
void copy_box(const float* input, float* output, int64_t depth, int64_t height, int64_t row, int64_t in_depth,
              int64_t in_row, int64_t out_depth, int64_t out_row) {
  for (int64_t d = 0; d < depth; d++)
    for (int64_t h = 0; h < height; h++) {
      const Lane* from = lanes(input) + d * in_depth + h * in_row;
      Lane* to = lanes(output) + d * out_depth + h * out_row;
      for (int64_t i = 0; i < row; i++) to[i] = from[i];
    }
}

void fill_zero(float* output, int64_t count) {
  Lane* out = lanes(output);
  for (int64_t i = 0; i < count; i++) out[i] = zero();
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

bool all_finite(const void* values, Pixel pixel, int64_t count) {
  switch (pixel) {
    case Pixel::uint8: return true;
    case Pixel::float32: return all_finite_typed(static_cast<const float*>(values), count);
    case Pixel::float64: return all_finite_typed(static_cast<const double*>(values), count);
  }
  return true;
}

}  // namespace striate::STRIATE_ISA
