// Transposed convolution: the same three correlations as a convolution's, with input and output exchanged.
#include <algorithm>

#include "linear.h"

namespace striate {

// Positions after the last that a tap reaches (negative padding) belong to the larger tensor; no window sees them.
Convolution Convolution::of_transposed(const Node& node, const Shape& input) {
  Axes after = axes_of(node.list("after"), 0);
  for (int64_t& a : after) a = std::max<int64_t>(a, 0);
  return {Spatial(node.shape), Spatial(input), axes_of(node.list("window"), 1), axes_of(node.list("strides"), 1),
          axes_of(node.list("dilation"), 1), axes_of(node.list("before"), 0), after, 1, node.flag("bias")};
}

// y = bias + the input gradient, for x as output gradient, of a convolution with kernel [tap][filter][channel]
void conv_transpose_forward(Builder& b, int index) {
  const Node& n = b.node(index);
  const Convolution c = Convolution::of_transposed(n, b.input_shape(index));
  b.plan.add_work(c.out.positions() * c.rows() * c.out.channels * (b.purpose.parameter_gradients ? 3 : 1));
  Correlation k = {};
  k.weights = b.graph.parameters[static_cast<size_t>(n.parameters[0])].value;
  k.outputs = c.in.channels;
  k.weight_step = c.out.channels;
  k.bias = c.bias ? b.graph.parameters[static_cast<size_t>(n.parameters[1])].value : nullptr;
  k.relu = b.has_relu(index);
  transposed_correlation(b, "transposed forward", k, c, b.input_value(index), b.value(index), -1);
}

// dx = that convolution of dy; its weight gradient with dy as input and x as output gradient
void conv_transpose_backward(Builder& b, int index) {
  const Node& n = b.node(index);
  const Convolution c = Convolution::of_transposed(n, b.input_shape(index));
  const int dy = b.output_gradient(index), parameter = n.parameters[0], dx = b.input_gradient(index);
  const bool wanted = b.wants_gradient(b.graph.parameters[static_cast<size_t>(parameter)]);
  bias_gradient(b, index, c.in, dy);
  if (dx < 0 && !wanted) return;
  const int padded = zeros_around(b, "pad gradient", dy, c.in, c.before, c.after);
  if (wanted) weight_gradient_of(b, parameter, c, padded, b.input_value(index));
  if (dx < 0) return;
  const int gate = b.take_gate(index);
  Correlation k = {};
  k.weights = b.graph.parameters[static_cast<size_t>(parameter)].value;
  k.positions = c.positions();
  k.outputs = k.weight_step = c.out.channels;
  std::vector<int> buffers = {padded, dx};
  if (gate >= 0) buffers.push_back(gate);
  b.plan.per_pack("input gradient", buffers, [=, spans = c.spans(), rows = c.row_spans()](const Work& w) {
    Correlation run = k;
    run.spans = spans.data();
    run.span_count = static_cast<int64_t>(spans.size());
    run.row_first = rows.firsts();
    run.row_last = rows.lasts();
    run.input = w.at(padded);
    run.output = w.at(dx);
    run.gate = gate < 0 ? nullptr : w.at(gate);
    run.part = w.part;
    run.parts = w.parts;
    w.plan.kernels.correlate(run);
  }, true);
}

}  // namespace striate
