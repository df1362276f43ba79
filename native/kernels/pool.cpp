// Pooling over up to three spatial dimensions, [depth][height][width][channel] of lane vectors.
#include "../lanes.h"
#include "kernels.h"

namespace striate::STRIATE_ISA {

// The part of a window that lies inside the input, along one dimension: first, first + step, ... below last.
struct Extent {
  int64_t first, last, step;
  int64_t count() const { return (last - first + step - 1) / step; }
};

static inline Extent inside(const Pooling& p, int axis, int64_t position) {
  if (p.adaptive) return {position * p.in[axis] / p.out[axis], ((position + 1) * p.in[axis] + p.out[axis] - 1) / p.out[axis], 1};
  const int64_t step = p.dilation[axis], start = position * p.stride[axis] - p.before[axis];
  const int64_t end = start + (p.window[axis] - 1) * step + 1;
  return {start < 0 ? start + (-start + step - 1) / step * step : start, end > p.in[axis] ? p.in[axis] : end, step};
}

// Calls visit(output offset, the three extents of its window) for every output position.
template <class Visit>
static inline void each_window(const Pooling& p, Visit visit) {
  int64_t output = 0;
  for (int64_t d = 0; d < p.out[0]; d++) {
    const Extent z = inside(p, 0, d);
    for (int64_t h = 0; h < p.out[1]; h++) {
      const Extent y = inside(p, 1, h);
      for (int64_t w = 0; w < p.out[2]; w++, output += p.channels) visit(output, z, y, inside(p, 2, w));
    }
  }
}

// Calls visit(input offset) for every element of a window, in row order.
template <class Visit>
static inline void each_element(const Pooling& p, Extent z, Extent y, Extent x, Visit visit) {
  for (int64_t d = z.first; d < z.last; d += z.step)
    for (int64_t h = y.first; h < y.last; h += y.step)
      for (int64_t w = x.first; w < x.last; w += x.step) visit(((d * p.in[1] + h) * p.in[2] + w) * p.channels);
}

static inline bool is_two_by_two(const Pooling& p) {
  return p.window[0] == 1 && p.window[1] == 2 && p.window[2] == 2 && p.stride[1] == 2 && p.stride[2] == 2 && p.stride[0] == 1 &&
         p.dilation[1] == 1 && p.dilation[2] == 1 && !p.before[0] && !p.before[1] && !p.before[2] && p.out[1] * 2 <= p.in[1] && p.out[2] * 2 <= p.in[2];
}

// y = max over the window
void max_pool(const Pooling& p) {
  const Lane* in = lanes(p.input);
  Lane* out = lanes(p.output);
  const int64_t channels = p.channels, row = p.in[2] * channels;
  if (is_two_by_two(p)) {
    each_window(p, [&](int64_t o, Extent z, Extent y, Extent x) {
      const Lane* a = in + (z.first * p.in[1] + y.first) * row + x.first * channels;
      for (int64_t c = p.first; c < p.last; c++)
        out[o + c] = maximum_or_nan(maximum_or_nan(a[c], a[channels + c]), maximum_or_nan(a[row + c], a[row + channels + c]));
    });
    return;
  }
  each_window(p, [&](int64_t o, Extent z, Extent y, Extent x) {
    for (int64_t c = p.first; c < p.last; c++) out[o + c] = broadcast(-__builtin_inff());
    each_element(p, z, y, x, [&](int64_t i) {
      for (int64_t c = p.first; c < p.last; c++) out[o + c] = maximum_or_nan(in[i + c], out[o + c]);
    });
  });
}

static void clear_gradient(const Pooling& p) {
  Lane* dx = lanes(p.input_gradient);
  for (int64_t i = 0; i < p.in[0] * p.in[1] * p.in[2]; i++, dx += p.channels)
    for (int64_t c = p.first; c < p.last; c++) dx[c] = zero();
}

// The gradient goes to the first element of the window that equals the maximum; where `gate` is not positive it stops.
void max_pool_backward(const Pooling& p) {
  const Lane *in = lanes(p.input), *out = lanes(p.output), *dy = lanes(p.output_gradient);
  Lane* dx = lanes(p.input_gradient);
  const int64_t channels = p.channels, row = p.in[2] * channels;
  const bool gated = p.gate != nullptr;  // the gate is the pool's own input, so the maximum's sign is the element's
  if (is_two_by_two(p)) {
    if (p.in[1] % 2 || p.in[2] % 2) clear_gradient(p);  // rows and columns that no window reaches
    each_window(p, [&](int64_t o, Extent z, Extent y, Extent x) {
      const int64_t i = (z.first * p.in[1] + y.first) * row + x.first * channels;
      for (int64_t c = p.first; c < p.last; c++) {
        const Lane m = out[o + c];
        Lane g = gated ? keep(m > 0.0f, dy[o + c]) : dy[o + c];
        const int64_t at[4] = {i + c, i + channels + c, i + row + c, i + row + channels + c};
#pragma GCC unroll 4
        for (int k = 0; k < 4; k++) {
          const Mask here = in[at[k]] == m;
          dx[at[k]] = keep(here, g);
          g = keep(~here, g);
        }
      }
    });
    return;
  }
  clear_gradient(p);
  each_window(p, [&](int64_t o, Extent z, Extent y, Extent x) {
    for (int64_t c = p.first; c < p.last; c++) {
      const Lane m = out[o + c];
      Lane g = gated ? keep(m > 0.0f, dy[o + c]) : dy[o + c];
      each_element(p, z, y, x, [&](int64_t i) {
        const Mask here = in[i + c] == m;
        dx[i + c] += keep(here, g);
        g = keep(~here, g);
      });
    }
  });
}

static inline Lane inverse_count(Extent z, Extent y, Extent x) {
  return broadcast(1.0f / static_cast<float>(z.count() * y.count() * x.count()));
}

// y = mean over the elements of the window that lie inside the input
void average_pool(const Pooling& p) {
  const Lane* in = lanes(p.input);
  Lane* out = lanes(p.output);
  each_window(p, [&](int64_t o, Extent z, Extent y, Extent x) {
    for (int64_t c = p.first; c < p.last; c++) out[o + c] = zero();
    each_element(p, z, y, x, [&](int64_t i) {
      for (int64_t c = p.first; c < p.last; c++) out[o + c] += in[i + c];
    });
    const Lane scale = inverse_count(z, y, x);
    for (int64_t c = p.first; c < p.last; c++) out[o + c] *= scale;
  });
}

void average_pool_backward(const Pooling& p) {
  const Lane *dy = lanes(p.output_gradient), *gate = lanes(p.gate);
  Lane* dx = lanes(p.input_gradient);
  clear_gradient(p);
  each_window(p, [&](int64_t o, Extent z, Extent y, Extent x) {
    const Lane scale = inverse_count(z, y, x);
    each_element(p, z, y, x, [&](int64_t i) {
      for (int64_t c = p.first; c < p.last; c++) dx[i + c] += dy[o + c] * scale;
    });
  });
  if (p.gate)
    for (int64_t i = 0; i < p.in[0] * p.in[1] * p.in[2]; i++, dx += p.channels, gate += p.channels)
      for (int64_t c = p.first; c < p.last; c++) dx[c] = keep(gate[c] > 0.0f, dx[c]);
}

}  // namespace striate::STRIATE_ISA
