#include "convolution.h"

#include <algorithm>

namespace striate {

Convolution Convolution::of_conv(const Node& node, const Shape& input) {
  return {Spatial(input), Spatial(node.shape), axes_of(node.list("window"), 1), axes_of(node.list("strides"), 1),
          axes_of(node.list("dilation"), 1), axes_of(node.list("before"), 0), axes_of(node.list("after"), 0),
          static_cast<int64_t>(node.number("groups")), node.flag("bias")};
}

Convolution Convolution::of_dense(const Node& node, const Shape& input) {
  const int64_t positions = elements(input) / input.back();
  return {Spatial({1, 1, positions}, input.back()), Spatial({1, 1, positions}, node.channels()), {1, 1, 1}, {1, 1, 1}, {1, 1, 1},
          {0, 0, 0}, {0, 0, 0}, 1, node.flag("bias")};
}

Spatial Convolution::padded_in() const {
  return {{in.size[0] + before[0] + after[0], in.size[1] + before[1] + after[1], in.size[2] + before[2] + after[2]}, in.channels};
}

Positions Convolution::positions() const {
  const Spatial p = padded_in();
  if (kernel_taps() == 1 && stride == Axes{1, 1, 1} && p.size == out.size && !padded())  // a 1x1 kernel sees one long row
    return {1, 1, out.positions(), 0, 0, in.channels, 0, 0, out.channels};
  return {out.size[0], out.size[1], out.size[2], stride[0] * p.plane(), stride[1] * p.row(), stride[2] * p.channels,
          out.plane(), out.row(), out.channels};
}

// Within a row of the kernel the taps and their channels lie side by side in the input, unless dilation or groups part them.
std::vector<Span> Convolution::spans() const {
  const Spatial p = padded_in();
  const bool whole_row = dilation[2] == 1 && groups == 1;
  std::vector<Span> result;
  for (int64_t z = 0; z < kernel[0]; z++)
    for (int64_t y = 0; y < kernel[1]; y++)
      for (int64_t x = 0; x < (whole_row ? 1 : kernel[2]); x++) {
        const int64_t tap = (z * kernel[1] + y) * kernel[2] + x;
        result.push_back({z * dilation[0] * p.plane() + y * dilation[1] * p.row() + x * dilation[2] * p.channels,
                          tap * group_channels(), (whole_row ? kernel[2] : 1) * group_channels()});
      }
  return result;
}

// Rows near the border meet rows of the kernel that lie wholly in the padding: those are left out. reach(y, k): whether row k
// of `kernel_rows` rows, of `per_row` spans each, reads real data for output row y; such k are consecutive.
template <class Reach>
static RowSpans spans_within(int64_t height, int64_t kernel_rows, int64_t per_row, Reach reach) {
  RowSpans result;
  bool all = true;
  for (int64_t y = 0; y < height; y++) {
    int64_t first = 0, last = kernel_rows;
    while (first < last && !reach(y, first)) first++;
    while (last > first && !reach(y, last - 1)) last--;
    all = all && first == 0 && last == kernel_rows;
    result.first.push_back(static_cast<int32_t>(first * per_row));
    result.last.push_back(static_cast<int32_t>(last * per_row));
  }
  return all ? RowSpans() : result;
}

RowSpans Convolution::row_spans() const {
  if (kernel[0] != 1) return {};
  const bool whole_row = dilation[2] == 1 && groups == 1;
  return spans_within(positions().height, kernel[1], whole_row ? 1 : kernel[2], [this](int64_t y, int64_t k) {
    const int64_t row = y * stride[1] + k * dilation[1] - before[1];
    return row >= 0 && row < in.size[1];
  });
}

Taps Convolution::taps() const {
  const Spatial p = padded_in();
  Taps result;
  for (int64_t z = 0; z < kernel[0]; z++)
    for (int64_t y = 0; y < kernel[1]; y++)
      for (int64_t x = 0; x < kernel[2]; x++)
        for (int64_t c = 0; c < group_channels(); c++) {
          result.input.push_back(z * dilation[0] * p.plane() + y * dilation[1] * p.row() + x * dilation[2] * p.channels + c);
          result.row.push_back(((z * kernel[1] + y) * kernel[2] + x) * group_channels() + c);
        }
  return result;
}

struct AxisPhase {
  int64_t r, count;                                // first position, number of positions
  std::vector<std::pair<int64_t, int64_t>> taps;  // (k, position of the output gradient for t = 0)
};

static std::vector<AxisPhase> axis_phases(const Convolution& c, int axis) {
  std::vector<AxisPhase> result;
  const int64_t s = c.stride[axis], d = c.dilation[axis];
  for (int64_t r = 0; r < std::min(s, c.in.size[axis]); r++) {
    AxisPhase phase = {r, (c.in.size[axis] - r + s - 1) / s, {}};
    for (int64_t k = 0; k < c.kernel[axis]; k++) {
      const int64_t at = r + c.before[axis] - k * d;
      if (((at % s) + s) % s == 0) phase.taps.push_back({k, (at - ((at % s) + s) % s) / s});
    }
    result.push_back(phase);
  }
  return result;
}

InputGradientPlan plan_input_gradient(const Convolution& c) {
  InputGradientPlan plan = {{0, 0, 0}, {0, 0, 0}, {}};
  std::vector<AxisPhase> axes[3];
  for (int a = 0; a < 3; a++) {
    axes[a] = axis_phases(c, a);
    for (const auto& phase : axes[a])
      for (const auto& [k, at] : phase.taps) {
        plan.before[a] = std::max(plan.before[a], -at);
        plan.after[a] = std::max(plan.after[a], at + phase.count - c.out.size[a]);
      }
  }
  const Spatial p({c.out.size[0] + plan.before[0] + plan.after[0], c.out.size[1] + plan.before[1] + plan.after[1],
                   c.out.size[2] + plan.before[2] + plan.after[2]}, c.out.channels);
  const bool one_row = c.kernel_taps() == 1 && c.stride == Axes{1, 1, 1} && c.in.size == c.out.size && !c.padded();
  for (const auto& z : axes[0])
    for (const auto& y : axes[1])
      for (const auto& x : axes[2]) {
        InputPhase phase;
        phase.positions = {z.count, y.count, x.count, p.plane(), p.row(), p.channels,
                           c.stride[0] * c.in.plane(), c.stride[1] * c.in.row(), c.stride[2] * c.in.channels};
        if (one_row) phase.positions = {1, 1, c.in.positions(), 0, 0, p.channels, 0, 0, c.in.channels};
        phase.output = z.r * c.in.plane() + y.r * c.in.row() + x.r * c.in.channels;
        for (const auto& [kz, az] : z.taps)
          for (const auto& [ky, ay] : y.taps)
            for (const auto& [kx, ax] : x.taps) {
              const int64_t tap = (kz * c.kernel[1] + ky) * c.kernel[2] + kx;
              phase.spans.push_back({p.offset({az + plan.before[0], ay + plan.before[1], ax + plan.before[2]}),
                                     tap * c.group_channels() * c.out.channels, c.group_filters()});
            }
        if (c.kernel[0] == 1 && !phase.spans.empty() && !one_row)
          phase.rows = spans_within(y.count, static_cast<int64_t>(y.taps.size()), static_cast<int64_t>(x.taps.size()), [&](int64_t t, int64_t k) {
            const int64_t row = t + y.taps[static_cast<size_t>(k)].second;
            return row >= 0 && row < c.out.size[1];
          });
        plan.phases.push_back(std::move(phase));
      }
  return plan;
}

}  // namespace striate
