// Moving data: from images to lanes and back, and padding.
#include "../lanes.h"
#include "kernels.h"
#include "transpose.h"

namespace striate::STRIATE_ISA {

template <class T>
static void gather_typed(const void* const* images, int filled, Lane* out, int64_t count, float scale, float offset) {
  typedef T Values __attribute__((vector_size(sizeof(T) * LANES)));
  const T* from[LANES];
  for (int l = 0; l < LANES; l++) from[l] = static_cast<const T*>(images[l < filled ? l : 0]);
  const Mask used = filled_lanes(filled);
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    Lane block[LANES];  // of each image LANES values, then of each value LANES images
    for (int l = 0; l < LANES; l++) {
      Values values;
      __builtin_memcpy(&values, from[l] + i, sizeof values);
      block[l] = __builtin_convertvector(values, Lane);
    }
    transpose(block);
    for (int j = 0; j < LANES; j++) out[i + j] = keep(used, block[j] * scale + offset);
  }
  for (; i < count; i++) {
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
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    Lane block[LANES];
    for (int j = 0; j < LANES; j++) block[j] = lanes(input)[i + j];
    transpose(block);
    for (int l = 0; l < filled; l++) store(images[l] + i, block[l]);
  }
  for (; i < count; i++)
    for (int l = 0; l < filled; l++) images[l][i] = input[i * LANES + l];
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

// output[p][i] = input[p][chosen[i]]
void select(const float* input, float* output, const int32_t* chosen, int64_t count, int64_t positions, int64_t channels) {
  for (int64_t p = 0; p < positions; p++) {
    const Lane* from = lanes(input) + p * channels;
    Lane* to = lanes(output) + p * count;
    for (int64_t i = 0; i < count; i++) to[i] = from[chosen[i]];
  }
}

// input_gradient[p][c] = sum over i with chosen[i] = c: output_gradient[p][i]
void select_backward(const float* output_gradient, float* input_gradient, const int32_t* chosen, int64_t count,
                     int64_t positions, int64_t channels) {
  for (int64_t p = 0; p < positions; p++) {
    const Lane* from = lanes(output_gradient) + p * count;
    Lane* to = lanes(input_gradient) + p * channels;
    for (int64_t c = 0; c < channels; c++) to[c] = zero();
    for (int64_t i = 0; i < count; i++) to[chosen[i]] += from[i];
  }
}

// y[r] = sum over taps: weights[r][t] x[source[r][t]]
void resample(const Resampling& r, const float* input, float* output) {
  Lane* to = lanes(output);
  for (int64_t row = 0; row < r.rows; row++, to += r.length)
    for (int64_t t = 0; t < r.taps; t++) {
      const Lane* from = lanes(input) + r.source[row * r.taps + t];
      const float weight = r.weights ? r.weights[row * r.taps + t] : 1.0f;
      for (int64_t i = 0; i < r.length; i++) to[i] = t == 0 ? weight * from[i] : to[i] + weight * from[i];
    }
}

// dx[source[r][t]] += weights[r][t] dy[r]
void resample_backward(const Resampling& r, const float* output_gradient, float* input_gradient) {
  const Lane* from = lanes(output_gradient);
  for (int64_t row = 0; row < r.rows; row++, from += r.length)
    for (int64_t t = 0; t < r.taps; t++) {
      Lane* to = lanes(input_gradient) + r.source[row * r.taps + t];
      const float weight = r.weights ? r.weights[row * r.taps + t] : 1.0f;
      for (int64_t i = 0; i < r.length; i++) to[i] += weight * from[i];
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
