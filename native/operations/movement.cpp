// Padding, reshaping, selection of channels and concatenation.
#include "../builder.h"
#include "spatial.h"

namespace striate {

void pad_forward(Builder& b, int index) {
  const int x = b.input_value(index), y = b.value(index);
  const Spatial in(b.input_shape(index)), out(b.node(index).shape);
  const Axes before = axes_of(b.node(index).list("before"), 0);
  const int64_t size = b.node(index).size(), start = out.offset(before);
  b.plan.per_pack("pad forward", {x, y}, [=](const Work& w) {
    w.plan.kernels.fill_zero(w.at(y), size);
    w.plan.kernels.copy_box(w.at(x), w.at(y) + start * w.plan.kernels.lanes, in.size[0], in.size[1], in.row(), in.plane(), in.row(),
                            out.plane(), out.row());
  });
}

void pad_backward(Builder& b, int index) {
  const int dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx < 0) return;
  const Spatial in(b.input_shape(index)), out(b.node(index).shape);
  const int64_t start = out.offset(axes_of(b.node(index).list("before"), 0));
  b.plan.per_pack("pad backward", {dy, dx}, [=](const Work& w) {
    w.plan.kernels.copy_box(w.at(dy) + start * w.plan.kernels.lanes, w.at(dx), in.size[0], in.size[1], in.row(), out.plane(), out.row(),
                            in.plane(), in.row());
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
