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

static void take_share(Pooling& p, const Work& w) {
  const Share channels(w, p.channels);
  p.first = channels.first;
  p.last = channels.last;
}

void pool_forward(Builder& b, int index) {
  const int x = b.input_value(index), y = b.value(index);
  const bool average = b.node(index).flag("average");
  b.plan.per_pack("pool", {x, y}, [=, p = pooling(b, index)](const Work& w) {
    Pooling run = p;
    run.input = w.at(x);
    run.output = w.at(y);
    take_share(run, w);
    (average ? w.plan.kernels.average_pool : w.plan.kernels.max_pool)(run);
  }, true);
}

void pool_backward(Builder& b, int index) {
  const int x = b.input_value(index), y = b.value(index), dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx < 0) return;
  const bool gated = b.take_gate(index) >= 0, average = b.node(index).flag("average");
  b.plan.per_pack("pool backward", {x, y, dy, dx}, [=, p = pooling(b, index)](const Work& w) {
    Pooling run = p;
    run.input = w.at(x);
    run.output = w.at(y);
    run.output_gradient = w.at(dy);
    run.input_gradient = w.at(dx);
    run.gate = gated ? run.input : nullptr;
    take_share(run, w);
    (average ? w.plan.kernels.average_pool_backward : w.plan.kernels.max_pool_backward)(run);
  }, true);
}

}  // namespace striate
