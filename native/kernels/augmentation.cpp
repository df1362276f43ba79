// Images seen through an affine map of their positions, and changes of contrast and brightness: a map, a factor for each lane.
#include "../lanes.h"
#include "kernels.h"

namespace striate::STRIATE_ISA {

// The positions that one output position is a weighted sum of, each lane with its own.
struct Taps {
  int count;
  Mask at[4];
  Lane weight[4];  // 0 beyond the image
  Lane border;     // what lies beyond it adds
};

static inline Mask whole(Lane v) { return __builtin_convertvector(v, Mask); }
static inline Mask between(Mask i, int32_t low, int32_t high) { return i < low ? Mask{} + low : i > high ? Mask{} + high : i; }

// i modulo n, for indices whose distance from the image is a few times its size
static inline Mask modulo(Mask i, int32_t n) {
  const Lane turns = floor_lane((__builtin_convertvector(i, Lane) + 0.5f) / static_cast<float>(n));  // never near a whole number
  return i - whole(turns) * n;
}

// The index in [0, n) that stands for index i: constant, nearest a a|a b c|c c, wrap b c|a b c|a b, reflect b a|a b c|c b
static inline Mask inside(Fill fill, Mask i, int32_t n) {
  switch (fill) {
    case Fill::wrap: return modulo(i, n);
    case Fill::reflect: {
      const Mask r = modulo(i, 2 * n);
      return r < n ? r : 2 * n - 1 - r;
    }
    default: return between(i, 0, n - 1);
  }
}

static inline void add_tap(const Warp& w, Taps& taps, Mask y, Mask x, Lane weight) {
  const auto height = static_cast<int32_t>(w.in[0]), width = static_cast<int32_t>(w.in[1]);
  const int k = taps.count++;
  taps.at[k] = inside(w.fill, y, height) * static_cast<int32_t>(w.in_row) + inside(w.fill, x, width);
  taps.weight[k] = weight;
  if (w.fill != Fill::constant) return;
  const Mask valid = (y >= 0) & (y < height) & (x >= 0) & (x < width);
  taps.weight[k] = keep(valid, weight);
  taps.border += keep(~valid, weight * w.fill_value);
}

static inline Taps taps_at(const Warp& w, Lane y, Lane x) {
  Taps taps = {};
  if (w.nearest) {
    add_tap(w, taps, whole(round_lane(y)), whole(round_lane(x)), broadcast(1.0f));
    return taps;
  }
  const Lane top = floor_lane(y), left = floor_lane(x), down = y - top, right = x - left;
  const Mask iy = whole(top), ix = whole(left);
  add_tap(w, taps, iy, ix, (1.0f - down) * (1.0f - right));
  add_tap(w, taps, iy, ix + 1, (1.0f - down) * right);
  add_tap(w, taps, iy + 1, ix, down * (1.0f - right));
  add_tap(w, taps, iy + 1, ix + 1, down * right);
  return taps;
}

// Calls visit(output position, its taps) for every output position.
template <class Visit>
static inline void each_position(const Warp& w, Visit visit) {
  const Lane* m = lanes(w.matrix);
  for (int64_t y = 0; y < w.out[0]; y++)
    for (int64_t x = 0; x < w.out[1]; x++) {
      const Lane row = broadcast(static_cast<float>(y)), column = broadcast(static_cast<float>(x));
      visit(y * w.out[1] + x, taps_at(w, m[0] * row + m[1] * column + m[2], m[3] * row + m[4] * column + m[5]));
    }
}

// y[p, c] = border + sum over taps: weight x[tap, c]
void warp(const Warp& w) {
  each_position(w, [&](int64_t p, const Taps& taps) {
    for (int64_t c = 0; c < w.channels; c++) {
      Lane sum = taps.border;
      for (int k = 0; k < taps.count; k++) {
        Lane v = {};
        for (int l = 0; l < LANES; l++) v[l] = w.input[(taps.at[k][l] * w.channels + c) * LANES + l];
        sum += (taps.weight[k] == 0.0f) ? zero() : taps.weight[k] * v;  // infinities that do not count
      }
      lanes(w.output)[p * w.channels + c] = sum;
    }
  });
}

// dx[tap, c] += weight dy[p, c], position after position; dx must be zero before
void warp_backward(const Warp& w) {
  each_position(w, [&](int64_t p, const Taps& taps) {
    for (int64_t c = 0; c < w.channels; c++)
      for (int k = 0; k < taps.count; k++) {
        const Lane g = taps.weight[k] * lanes(w.input)[p * w.channels + c];
        for (int l = 0; l < LANES; l++) w.output[(taps.at[k][l] * w.channels + c) * LANES + l] += g[l];
      }
  });
}

// Sum of a channel over all positions, as sums of sums, which round less than one long sum.
static inline Lane channel_sum(const Lane* x, int64_t positions, int64_t channels) {
  constexpr int64_t CHUNK = 256;
  Lane total = zero();
  for (int64_t start = 0; start < positions; start += CHUNK) {
    Lane sum = zero();
    for (int64_t p = start; p < positions && p < start + CHUNK; p++) sum += x[p * channels];
    total += sum;
  }
  return total;
}

static inline Lane adjusted(Lane x, Lane mean, const Lane* factors) { return factors[0] * (x - mean) + mean + factors[1]; }

// y = clip(contrast (x - mean) + mean + brightness, low, high)
void adjust(const Adjustment& a) {
  const Lane *x = lanes(a.input), *factors = lanes(a.factors), low = broadcast(a.low), high = broadcast(a.high);
  Lane *y = lanes(a.output), *means = lanes(a.means);
  for (int64_t c = 0; c < a.channels; c++) {
    Lane mean = zero();
    if (means) mean = means[c] = channel_sum(x + c, a.positions, a.channels) / static_cast<float>(a.positions);
    for (int64_t p = 0; p < a.positions; p++) {
      const Lane v = adjusted(x[p * a.channels + c], mean, factors);
      y[p * a.channels + c] = v < low ? low : v > high ? high : v;
    }
  }
}

// dx = contrast g + (1 - contrast) mean of g, with g = dy where nothing was clipped, else 0
void adjust_backward(const Adjustment& a) {
  const Lane *x = lanes(a.input), *dy = lanes(a.output_gradient), *factors = lanes(a.factors), *means = lanes(a.means);
  Lane* dx = lanes(a.output);
  for (int64_t c = 0; c < a.channels; c++) {
    const Lane mean = means ? means[c] : zero();
    for (int64_t i = c; i < a.positions * a.channels; i += a.channels) {
      const Lane v = adjusted(x[i], mean, factors);
      dx[i] = keep((v >= a.low) & (v <= a.high), dy[i]);
    }
    if (!means) continue;
    const Lane shared = (1.0f - factors[0]) * (channel_sum(dx + c, a.positions, a.channels) / static_cast<float>(a.positions));
    for (int64_t i = c; i < a.positions * a.channels; i += a.channels) dx[i] = factors[0] * dx[i] + shared;
  }
}

}  // namespace striate::STRIATE_ISA
