// One photograph seen through an affine map of its positions, as scipy.ndimage.affine_transform sees it, then brighter or darker.
// Positions are computed in double, like there: a chunk of a row at a time into small arrays, in loops that compilers vectorise.
#include "../lanes.h"
#include "kernels.h"

namespace striate::STRIATE_ISA {

constexpr int CHUNK = 64;          // positions at once
constexpr double FAR = 1 << 30;    // farther away than any image is large; its square is exact in double

struct Taps {
  int32_t index[CHUNK];          // of the position above and to the left, in floats
  float down[CHUNK], right[CHUNK];  // how far below and to the right of it, 0 to below 1
  int32_t inside[CHUNK];         // constant only: 0 beyond the image
};

static inline double floor_double(double v) { return __builtin_floor(v); }

// The coordinate in [0, n - 1] that stands for coordinate c of an axis of n positions. reflect: b a|a b c|c b;
// wrap: c and a are one position, so the period is n - 1; else the nearest.
template <Fill FILL>
static inline double inside(double c, double n) {
  if (FILL == Fill::reflect || FILL == Fill::wrap) {
    c = c > -FAR ? c : -FAR;  // also NaN
    c = c < FAR ? c : FAR;
  }
  if (FILL == Fill::reflect) {
    c -= 2 * n * floor_double(c / (2 * n));
    c = c < n ? c : 2 * n - 1 - c;
  }
  if (FILL == Fill::wrap) {
    const double period = n > 1 ? n - 1 : 1;
    const double turns = c < 0 ? floor_double(-c / period) + 1 : c > n - 1 ? -floor_double(c / period) : 0;
    c += period * turns;
  }
  c = c > 0 ? c : 0;  // also NaN
  return c < n - 1 ? c : n - 1;
}

// Where the output positions (y, first ... first + count - 1) lie in the image. What is to the right of its last column or below
// its last row has no weight.
template <Fill FILL>
static void find_taps(const ImageWarp& w, int64_t y, int64_t first, int count, Taps& taps) {
  const double *m = w.matrix, height = static_cast<double>(w.height), width = static_cast<double>(w.width);
  const double row = m[2] + m[0] * static_cast<double>(y), column = m[5] + m[3] * static_cast<double>(y);
  const auto step = static_cast<int32_t>(w.channels), row_step = static_cast<int32_t>(w.width * w.channels);
  const auto start = static_cast<int32_t>(first);
  const double half = w.nearest ? 0.5 : 0;
  const int rounded = (count + 15) & ~15;  // whole vectors; nothing looks at what is too much
  for (int i = 0; i < rounded; i++) {
    const double x = start + i, cy = row + m[1] * x, cx = column + m[4] * x;
    const double iy = inside<FILL>(cy, height), ix = inside<FILL>(cx, width);  // not negative: conversion is floor
    const auto ty = static_cast<int32_t>(iy + half), tx = static_cast<int32_t>(ix + half);
    taps.index[i] = ty * row_step + tx * step;
    taps.down[i] = static_cast<float>(iy - ty);
    taps.right[i] = static_cast<float>(ix - tx);
    if (FILL == Fill::constant) taps.inside[i] = (cy >= 0) & (cy <= height - 1) & (cx >= 0) & (cx <= width - 1);
  }
}

template <class Value>
static inline Value between(Value a, Value b, Value c, Value d, float down, float right) {
  const Value top = a + right * (b - a), bottom = c + right * (d - c);
  return top + down * (bottom - top);
}

typedef float Four __attribute__((vector_size(16), aligned(4)));
static inline Four four(const float* p) { return *reinterpret_cast<const Four*>(p); }

// y[i][c] from the four positions around each. CHANNELS 0: any number. Reads up to three floats beyond the last position, and
// where `roomy` writes one float beyond y.
template <int CHANNELS>
static void interpolate(const float* image, int64_t row_step, int64_t channels, const Taps& taps, int count, bool roomy, float* y) {
  if (CHANNELS) channels = CHANNELS;
  for (int i = 0; i < count; i++, y += channels) {
    const float *p = image + taps.index[i], *q = p + row_step, down = taps.down[i], right = taps.right[i];
    int64_t c = 0;
    if (CHANNELS == 3 && (roomy || i + 1 < count)) {
      *reinterpret_cast<Four*>(y) = between(four(p), four(p + 3), four(q), four(q + 3), down, right);
      continue;
    }
    if (CHANNELS == 0 || CHANNELS == 4)
      for (; c + 4 <= channels; c += 4)
        *reinterpret_cast<Four*>(y + c) =
            between(four(p + c), four(p + channels + c), four(q + c), four(q + channels + c), down, right);
    for (; c < channels; c++) y[c] = between(p[c], p[channels + c], q[c], q[channels + c], down, right);
  }
}

// The same for one channel: neighbours are fetched together, and all else is computed on vectors.
static void interpolate_grey(const float* image, int64_t row_step, const Taps& taps, int count, float* y) {
  float top[2 * CHUNK], bottom[2 * CHUNK], between_them[CHUNK];
  for (int i = 0; i < count; i++) {
    const float* p = image + taps.index[i];
    __builtin_memcpy(top + 2 * i, p, 2 * sizeof(float));
    __builtin_memcpy(bottom + 2 * i, p + row_step, 2 * sizeof(float));
  }
  const int rounded = (count + 15) & ~15;  // whole vectors, of which `count` are taken
  for (int i = 0; i < rounded; i++)
    between_them[i] = between(top[2 * i], top[2 * i + 1], bottom[2 * i], bottom[2 * i + 1], taps.down[i], taps.right[i]);
  __builtin_memcpy(y, between_them, static_cast<size_t>(count) * sizeof(float));
}

template <int CHANNELS>
static void pick(const float* image, int64_t channels, const Taps& taps, int count, float* y) {
  if (CHANNELS) channels = CHANNELS;
  for (int i = 0; i < count; i++, y += channels)
    for (int64_t c = 0; c < channels; c++) y[c] = image[taps.index[i] + c];
}

static void fill_outside(const Taps& taps, int64_t channels, int count, float value, float* y) {
  for (int i = 0; i < count; i++)
    for (int64_t c = 0; c < channels; c++) y[i * channels + c] = taps.inside[i] ? y[i * channels + c] : value;
}

template <Fill FILL, int CHANNELS>
static void warp_rows(const ImageWarp& w) {
  Taps taps;
  const int64_t row_step = w.width * w.channels;
  for (int64_t y = w.first_row; y < w.last_row; y++)
    for (int64_t x = 0; x < w.width; x += CHUNK) {
      const int count = static_cast<int>(w.width - x < CHUNK ? w.width - x : CHUNK);
      float* out = w.output + (y * w.width + x) * w.channels;
      find_taps<FILL>(w, y, x, count, taps);
      if (w.nearest)
        pick<CHANNELS>(w.room, w.channels, taps, count, out);
      else if (CHANNELS == 1)
        interpolate_grey(w.room, row_step, taps, count, out);
      else
        interpolate<CHANNELS>(w.room, row_step, w.channels, taps, count, y + 1 < w.height || x + count < w.width, out);
      if (FILL == Fill::constant) fill_outside(taps, w.channels, count, w.fill_value, out);
    }
}

template <int CHANNELS>
static void warp_channels(const ImageWarp& w) {
  switch (w.fill) {
    case Fill::constant: return warp_rows<Fill::constant, CHANNELS>(w);
    case Fill::nearest: return warp_rows<Fill::nearest, CHANNELS>(w);
    case Fill::wrap: return warp_rows<Fill::wrap, CHANNELS>(w);
    case Fill::reflect: return warp_rows<Fill::reflect, CHANNELS>(w);
  }
}

// `count` numbers of the image, from number `first`, as floats.
static void read(const ImageWarp& w, int64_t first, int64_t count, float* y) {
  if (w.pixel == Pixel::float32) {
    __builtin_memcpy(y, static_cast<const float*>(w.image) + first, static_cast<size_t>(count) * sizeof(float));
    return;
  }
  const uint8_t* x = static_cast<const uint8_t*>(w.image) + first;
  for (int64_t i = 0; i < count; i++) y[i] = static_cast<float>(x[i]);
}

// Whether the map is the identity or a mirror along an axis, which picks whole positions; and which.
static bool is_mirror(const ImageWarp& w, bool& vertical, bool& horizontal) {
  const double* m = w.matrix;
  vertical = m[0] < 0;
  horizontal = m[4] < 0;
  return (m[0] == 1 || m[0] == -1) && m[1] == 0 && m[2] == (vertical ? static_cast<double>(w.height - 1) : 0) &&
         (m[4] == 1 || m[4] == -1) && m[3] == 0 && m[5] == (horizontal ? static_cast<double>(w.width - 1) : 0);
}

static void mirror(const ImageWarp& w, bool vertical, bool horizontal) {
  const int64_t row = w.width * w.channels;
  for (int64_t y = w.first_row; y < w.last_row; y++) {
    float* out = w.output + y * row;
    const int64_t first = (vertical ? w.height - 1 - y : y) * row;
    if (!horizontal) {
      read(w, first, row, out);
      continue;
    }
    read(w, first, row, w.room);
    for (int64_t x = 0; x < w.width; x++)
      for (int64_t c = 0; c < w.channels; c++) out[x * w.channels + c] = w.room[(w.width - 1 - x) * w.channels + c];
  }
}

// The image as floats, and after it zeros: what is read beyond its end has no weight but must be numbers.
static void copy_with_end(const ImageWarp& w) {
  const int64_t count = w.height * w.width * w.channels, room = count + (w.width + 1) * w.channels + 4;
  read(w, 0, count, w.room);
  for (int64_t i = count; i < room; i++) w.room[i] = 0;
}

struct Range {
  float low, high;
};

static Range range_of(const float* x, int64_t count) {
  Lane low = broadcast(x[0]), high = low;
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    const Lane v = load(x + i);
    low = minimum(v, low);
    high = maximum(v, high);
  }
  Range range = {x[0], x[0]};
  for (int l = 0; l < LANES; l++) {
    range.low = low[l] < range.low ? low[l] : range.low;
    range.high = high[l] > range.high ? high[l] : range.high;
  }
  for (; i < count; i++) {
    range.low = x[i] < range.low ? x[i] : range.low;
    range.high = x[i] > range.high ? x[i] : range.high;
  }
  return range;
}

static inline float clip(float v, float low, float high) {
  v = v > low ? v : low;
  return v < high ? v : high;
}

// x = clip(x + shift, smallest x, largest x)
static void shift_channels(float* x, int64_t count, float shift) {
  const Range r = range_of(x, count);
  for (int64_t i = 0; i < count; i++) x[i] = clip(x[i] + shift, r.low, r.high);
}

// x = whole part of clip(factor v, 0, 255) with v the whole part of x as a byte, as image files and Pillow's enhancers have it.
// Values beyond 0 to 255 are spread over that range before, and put back after. An alpha channel stays.
static void brighten(float* x, int64_t positions, int64_t channels, float factor) {
  const int64_t count = positions * channels;
  const Range r = range_of(x, count);
  const bool spread = r.low < 0 || r.high > 255;
  const float length = r.high - r.low, divisor = length != 0 ? length : 1;
  const auto kept = channels == 4 ? 3 : channels;
  for (int64_t i = 0; i < count; i++) {
    const float byte = static_cast<float>(static_cast<int32_t>(clip(spread ? (x[i] - r.low) / divisor * 255 : x[i], 0, 255)));
    const float bright = static_cast<float>(static_cast<int32_t>(clip(byte * factor, 0, 255)));
    const float v = kept == channels || i % channels < kept ? bright : byte;
    x[i] = spread ? v / 255 * length + r.low : v;
  }
}

void warp_image(const ImageWarp& w) {
  const int64_t positions = w.height * w.width, count = positions * w.channels, row = w.width * w.channels;
  bool vertical = false, horizontal = false;
  if (!w.matrix || is_mirror(w, vertical, horizontal)) {
    mirror(w, vertical, horizontal);
  } else {
    copy_with_end(w);
    switch (w.channels) {
      case 1: warp_channels<1>(w); break;
      case 3: warp_channels<3>(w); break;
      case 4: warp_channels<4>(w); break;
      default: warp_channels<0>(w);
    }
  }
  if (w.shift == w.shift) shift_channels(w.output, count, w.shift);
  if (w.brightness == w.brightness) brighten(w.output, positions, w.channels, w.brightness);
  if (w.scale != 1)
    for (int64_t i = w.first_row * row; i < w.last_row * row; i++) w.output[i] *= w.scale;
}

}  // namespace striate::STRIATE_ISA
