#include "../builder.h"
#include "spatial.h"

namespace striate {

static Pooling pooling(const Builder& b, int index) {
  const Node& n = b.node(index);
  const Spatial in(b.input_shape(index)), out(n.shape);
  Pooling p = {};
  p.channels = in.channels;
  for (size_t a = 0; a < 3; a++) {
    p.in[a] = in.size[a];
    p.out[a] = out.size[a];
  }
  p.adaptive = n.kind == "AdaptivePool";
  if (p.adaptive) return p;
  const Axes window = axes_of(n.list("window"), 1), stride = axes_of(n.list("strides"), 1), before = axes_of(n.list("before"), 0);
  const Axes dilation = axes_of(n.list("dilation"), 1);
  for (size_t a = 0; a < 3; a++) {
    p.window[a] = window[a];
    p.stride[a] = stride[a];
    p.dilation[a] = dilation[a];
    p.before[a] = before[a];
  }
  return p;
}

// Calls the kernel for this share of the channels, slice by slice of the rows.
static void pool_slices(const Work& w, const Slicing& slices, const Pooling& whole, void (*kernel)(const Pooling&)) {
  each_slice(w, slices, [&](int64_t s) {
    Pooling p = whole;
    const Share channels(w, p.channels);
    p.first = channels.first;
    p.last = channels.last;
    if (slices.any()) {
      p.in[1] = slices.row(s + 1) - slices.row(s);
      p.out[1] = slices.pooled_row(s + 1) - slices.pooled_row(s);
      const int64_t in = w.row_at(slices, s) * p.in[2] * p.channels * w.plan.kernels.lanes;
      const int64_t out = slices.pooled_row(s) * p.out[2] * p.channels * w.plan.kernels.lanes;
      p.input += in;
      p.output += out;
      if (p.input_gradient) p.input_gradient += in;
      if (p.output_gradient) p.output_gradient += out;
      if (p.gate) p.gate += in;
    }
    kernel(p);
  });
}

void pool_forward(Builder& b, int index) {
  const int x = b.input_value(index), y = b.value(index);
  const bool average = b.node(index).flag("average");
  const Slicing slices = b.input_slices(index, false);
  b.plan.per_pack("pool", {x, y}, [=, p = pooling(b, index)](const Work& w) {
    Pooling run = p;
    run.input = w.at(x);
    run.output = w.at(y);
    pool_slices(w, slices, run, average ? w.plan.kernels.average_pool : w.plan.kernels.max_pool);
  }, true, slices);
}

void pool_backward(Builder& b, int index) {
  const int x = b.input_value(index), y = b.value(index), dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx < 0) return;
  const bool gated = b.take_gate(index) >= 0, average = b.node(index).flag("average");
  const Slicing slices = b.input_slices(index, true);
  b.plan.per_pack("pool backward", {x, y, dy, dx}, [=, p = pooling(b, index)](const Work& w) {
    Pooling run = p;
    run.input = w.at(x);
    run.output = w.at(y);
    run.output_gradient = w.at(dy);
    run.input_gradient = w.at(dx);
    run.gate = gated ? run.input : nullptr;
    pool_slices(w, slices, run, average ? w.plan.kernels.average_pool_backward : w.plan.kernels.max_pool_backward);
  }, true, slices);
}

}  // namespace striate
