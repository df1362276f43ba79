// Padding, reshaping, selection of channels and concatenation.
#include <algorithm>

#include "../builder.h"
#include "spatial.h"

namespace striate {

// What of the smaller tensor lies in the larger one, when a border is added (or, where it is negative, taken away).
struct Border {
  Spatial in, out;
  Axes size;                 // of the part that both have
  int64_t in_start, out_start;
  bool cuts;                 // some of the input is lost

  Border(const Node& n, const Shape& input) : in(input), out(n.shape), cuts(false) {
    const Axes before = axes_of(n.list("before"), 0);
    Axes from, to;
    for (size_t a = 0; a < 3; a++) {
      from[a] = std::max<int64_t>(0, -before[a]);
      to[a] = std::max<int64_t>(0, before[a]);
      size[a] = std::max<int64_t>(0, std::min(in.size[a] - from[a], out.size[a] - to[a]));
      cuts = cuts || size[a] < in.size[a];
    }
    in_start = in.offset(from);
    out_start = out.offset(to);
  }
};

void pad_forward(Builder& b, int index) {
  const int x = b.input_value(index), y = b.value(index);
  const Border p(b.node(index), b.input_shape(index));
  const float value = b.node(index).real("value");
  b.plan.per_pack("pad forward", {x, y}, [=](const Work& w) {
    const int lanes = w.plan.kernels.lanes;
    w.plan.kernels.fill_zero(w.at(y), p.out.elements());
    if (value != 0) w.plan.kernels.affine(w.at(y), w.at(y), p.out.elements(), 1.0f, value);
    w.plan.kernels.copy_box(w.at(x) + p.in_start * lanes, w.at(y) + p.out_start * lanes, p.size[0], p.size[1], p.size[2] * p.in.channels,
                            p.in.plane(), p.in.row(), p.out.plane(), p.out.row());
  });
}

void pad_backward(Builder& b, int index) {
  const int dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx < 0) return;
  const Border p(b.node(index), b.input_shape(index));
  b.plan.per_pack("pad backward", {dy, dx}, [=](const Work& w) {
    const int lanes = w.plan.kernels.lanes;
    if (p.cuts) w.plan.kernels.fill_zero(w.at(dx), p.in.elements());
    w.plan.kernels.copy_box(w.at(dy) + p.out_start * lanes, w.at(dx) + p.in_start * lanes, p.size[0], p.size[1], p.size[2] * p.in.channels,
                            p.out.plane(), p.out.row(), p.in.plane(), p.in.row());
  });
}

void reshape_forward(Builder&, int) {}  // the value is its input's: the same elements in the same order

void reshape_backward(Builder& b, int index) {
  const int dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx < 0) return;
  const int64_t size = b.node(index).size();
  b.plan.per_pack("reshape backward", {dy, dx}, [=](const Work& w) { w.plan.kernels.copy_box(w.at(dy), w.at(dx), 1, 1, size, 0, 0, 0, 0); });
}

static std::vector<int32_t> chosen_channels(const Node& n) {
  const auto& numbers = n.list("channels");
  return std::vector<int32_t>(numbers.begin(), numbers.end());
}

void select_forward(Builder& b, int index) {
  const int x = b.input_value(index), y = b.value(index);
  const int64_t channels = b.input_shape(index).back(), count = b.node(index).channels(), positions = b.node(index).size() / count;
  b.plan.per_pack("select forward", {x, y}, [=, chosen = chosen_channels(b.node(index))](const Work& w) {
    w.plan.kernels.select(w.at(x), w.at(y), chosen.data(), count, positions, channels);
  });
}

void select_backward(Builder& b, int index) {
  const int dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx < 0) return;
  const int64_t channels = b.input_shape(index).back(), count = b.node(index).channels(), positions = b.node(index).size() / count;
  b.plan.per_pack("select backward", {dy, dx}, [=, chosen = chosen_channels(b.node(index))](const Work& w) {
    w.plan.kernels.select_backward(w.at(dy), w.at(dx), chosen.data(), count, positions, channels);
  });
}

// Copies `channels` of every position between a tensor of `in_step` channels and one of `out_step`.
static void copy_channels(Builder& b, int from, int to, int64_t positions, int64_t channels, int64_t in_start, int64_t in_step,
                          int64_t out_start, int64_t out_step) {
  b.plan.per_pack("copy channels", {from, to}, [=](const Work& w) {
    const int lanes = w.plan.kernels.lanes;
    w.plan.kernels.copy_box(w.at(from) + in_start * lanes, w.at(to) + out_start * lanes, 1, positions, channels, 0, in_step, 0, out_step);
  });
}

void concat_forward(Builder& b, int index) {
  const Node& n = b.node(index);
  int64_t start = 0;
  for (size_t k = 0; k < n.inputs.size(); k++) {
    const int64_t channels = b.node(n.inputs[k]).channels();
    copy_channels(b, b.input_value(index, static_cast<int>(k)), b.value(index), n.size() / n.channels(), channels, 0, channels, start,
                  n.channels());
    start += channels;
  }
}

void concat_backward(Builder& b, int index) {
  const Node& n = b.node(index);
  int64_t start = 0;
  for (size_t k = 0; k < n.inputs.size(); k++) {
    const int64_t channels = b.node(n.inputs[k]).channels();
    const int dx = b.input_gradient(index, static_cast<int>(k));
    if (dx >= 0)
      copy_channels(b, b.output_gradient(index), dx, n.size() / n.channels(), channels, start, n.channels(), 0, channels);
    start += channels;
  }
}

}  // namespace striate
