#include "linear.h"

#include <algorithm>

#include "winograd.h"

namespace striate {

GroupShare share_of_groups(const Convolution& c, const Work& w) {
  const int64_t groups = c.groups;
  if (groups == 1 || c.depthwise()) return {0, 1, w.part, w.parts};
  return {groups * w.part / w.parts, groups * (w.part + 1) / w.parts, 0, 1};
}

int zeros_around(Builder& b, const char* name, int x, const Spatial& in, const Axes& before, const Axes& after) {
  if (before == Axes{0, 0, 0} && after == Axes{0, 0, 0}) return x;
  const Spatial p({in.size[0] + before[0] + after[0], in.size[1] + before[1] + after[1], in.size[2] + before[2] + after[2]}, in.channels);
  const int to = b.plan.buffer(p.elements());
  b.plan.per_pack(name, {x, to}, [=](const Work& w) {
    const int lanes = w.plan.kernels.lanes;
    const int64_t left = before[2] * p.channels, right = left + in.row();
    const Share rows(w, p.size[0] * p.size[1]);
    for (int64_t r = rows.first; r < rows.last; r++) {
      float* row = w.at(to) + r * p.row() * lanes;
      const int64_t z = r / p.size[1] - before[0], y = r % p.size[1] - before[1];
      if (z < 0 || z >= in.size[0] || y < 0 || y >= in.size[1]) {
        w.plan.kernels.fill_zero(row, p.row());
        continue;
      }
      w.plan.kernels.fill_zero(row, left);
      w.plan.kernels.copy_box(w.at(x) + (z * in.plane() + y * in.row()) * lanes, row + left * lanes, 1, 1, in.row(), 0, 0, 0, 0);
      w.plan.kernels.fill_zero(row + right * lanes, p.row() - right);
    }
  }, true);
  return to;
}

int padded_input(Builder& b, int index, const Convolution& c) {
  const auto found = b.padded.find(index);
  if (found != b.padded.end()) return found->second;
  return b.padded[index] = zeros_around(b, "pad", b.input_value(index), c.in, c.before, c.after);
}

// Weights whose rows lie far apart are packed, once a step, into the order in which the kernel reads them.
static bool pack(Builder& b, const float* weights, const Convolution& c) {
  const int64_t inputs = c.rows(), outputs = c.out.channels;
  if (c.groups > 1 || inputs * outputs < 32 * 1024 || c.out.positions() == 1) return false;
  b.plan.need_workspace(inputs * outputs, [](int64_t) { return 0; });
  b.plan.whole_batch("pack weights", {}, [=, width = c.positions().width](const Work& w) {
    w.plan.kernels.pack_weights(weights, w.plan.workspace(), inputs, outputs, outputs, width, w.part, w.parts);
  });
  return true;
}

// What a convolution leaves for a pooling is often more than a core's cache holds: then some rows are computed and pooled
// before the next. How many depends on the layer and the lanes alone, as the order of sums follows it.
static void choose_slices(Builder& b, int index, const Convolution& c, bool packed) {
  constexpr int64_t CACHED = 256 * 1024;  // bytes
  const int consumer = b.only_consumer(index);
  if (consumer < 0 || b.node(consumer).kind != "Pool" || c.positions().height != c.out.size[1] || c.out.size[0] > 1) return;
  const Node& pool = b.node(consumer);
  const Axes window = axes_of(pool.list("window"), 1), stride = axes_of(pool.list("strides"), 1), before = axes_of(pool.list("before"), 0);
  const Axes dilation = axes_of(pool.list("dilation"), 1);
  const int64_t pooled = Spatial(pool.shape).size[1], bytes = c.out.elements() * b.plan.kernels.lanes * static_cast<int64_t>(sizeof(float));
  if ((window[1] - 1) * dilation[1] >= stride[1] || before[1] > 0 || pooled * stride[1] > c.out.size[1]) return;
  const int64_t count = std::min(pooled, (bytes + CACHED - 1) / CACHED);
  if (count == 1) return;
  Slicing& slices = b.slices[index] = {0, count, c.out.size[1], pooled, stride[1]};
  // Nobody but the pooling asks for the map: it need not be kept, if computing it again for the weights' gradient is cheap.
  const bool cheap = c.rows() <= 32 && !packed && b.gradients[static_cast<size_t>(b.node(index).parameters[0])].count < Builder::LARGE;
  slices.fleeting = !b.goes_back() || (cheap && !b.needs_input_gradient(index));
  if (slices.fleeting) b.replace_value(index, b.sliced_buffer(slices, c.out.elements()));
}

static void correlation_phases(Builder& b, int index, const Convolution& c, bool packed, const Slicing& slices);

void linear_forward(Builder& b, int index, const Convolution& c) {
  const Node& n = b.node(index);
  b.plan.add_work(c.out.positions() * c.rows() * c.out.channels * (b.purpose.parameter_gradients ? 3 : 1));
  const float* weights = b.graph.parameters[static_cast<size_t>(n.parameters[0])].value;
  if (winograd_wins(b.purpose.method, c)) return winograd_forward(b, index, c);
  const bool packed = pack(b, weights, c);
  choose_slices(b, index, c, packed);
  correlation_phases(b, index, c, packed, b.own_slices(index, false));
}

// A dense layer for all packs: they are the columns, and one step in a row is one pack on.
static void dense_phase(Builder& b, const Convolution& c, const Correlation& k, const float* weights, const float* bias, int x, int y) {
  b.plan.whole_batch("dense forward", {x, y}, [=, spans = c.spans()](const Work& w) {
    Correlation run = k;
    run.positions = {1, 1, w.batch.packs, 0, 0, w.plan.pack_stride() / w.plan.kernels.lanes, 0, 0, w.plan.pack_stride() / w.plan.kernels.lanes};
    run.spans = spans.data();
    run.span_count = static_cast<int64_t>(spans.size());
    run.input = w.at(x, 0);
    run.output = w.at(y, 0);
    run.weights = weights;
    run.bias = bias;
    run.part = w.part;
    run.parts = w.parts;
    w.plan.kernels.correlate(run);
  });
}

static void correlation_phases(Builder& b, int index, const Convolution& c, bool packed, const Slicing& slices) {
  const Node& n = b.node(index);
  const float* weights = b.graph.parameters[static_cast<size_t>(n.parameters[0])].value;
  const float* bias = c.bias ? b.graph.parameters[static_cast<size_t>(n.parameters[1])].value : nullptr;
  const int x = padded_input(b, index, c), y = b.value(index);
  Correlation k = {};
  k.positions = c.positions();
  k.outputs = c.depthwise() ? c.out.channels : c.group_filters();
  k.multiplier = c.group_filters();
  k.weight_step = c.out.channels;
  k.packed = packed;
  k.packed_width = k.positions.width;
  k.inputs = c.rows();
  k.relu = b.has_relu(index);
  if (takes_whole_batch(c)) return dense_phase(b, c, k, weights, bias, x, y);
  b.plan.per_pack("forward", {x, y}, [=, spans = c.spans(), rows = c.row_spans()](const Work& w) {
    const GroupShare groups = share_of_groups(c, w);
    for (int64_t g = groups.first; g < groups.last; g++) each_slice(w, slices, [&](int64_t s) {
      const SliceOfRows slice(k.positions, slices, s);
      Correlation run = k;
      run.positions = slice.positions;
      run.spans = spans.data();
      run.span_count = static_cast<int64_t>(spans.size());
      run.row_first = rows.firsts() ? rows.firsts() + slice.first_row : nullptr;
      run.row_last = rows.lasts() ? rows.lasts() + slice.first_row : nullptr;
      run.input = w.at(x) + (slice.input + g * c.group_channels()) * w.plan.kernels.lanes;
      run.output = w.at(y) + (slice.output(w) + g * c.group_filters()) * w.plan.kernels.lanes;
      run.weights = packed ? w.plan.workspace() : weights + g * c.group_filters();
      run.bias = bias ? bias + g * c.group_filters() : nullptr;
      run.part = groups.part;
      run.parts = groups.parts;
      (c.depthwise() ? w.plan.kernels.correlate_depthwise : w.plan.kernels.correlate)(run);
    });
  }, true, slices);
}

static void input_gradient(Builder& b, int index, const Convolution& c, int dy) {
  const int dx = b.input_gradient(index);
  if (dx < 0) return;
  const int gate = b.take_gate(index);
  if (winograd_wins(b.purpose.method, c)) return winograd_input_gradient(b, index, c, dy, dx, gate);
  const float* weights = b.graph.parameters[static_cast<size_t>(b.node(index).parameters[0])].value;
  std::vector<int> buffers = {dx};
  if (gate >= 0) buffers.push_back(gate);
  Correlation k = {};
  k.weights = weights;
  k.outputs = c.depthwise() ? c.in.channels : c.group_channels();
  k.multiplier = c.group_filters();
  k.weight_step = c.out.channels;
  if (takes_whole_batch(c)) {
    buffers.push_back(dy);
    const Span span = {0, 0, c.out.channels};
    b.plan.whole_batch("dense input gradient", buffers, [=](const Work& w) {
      Correlation run = k;
      const int64_t step = w.plan.pack_stride() / w.plan.kernels.lanes;
      run.positions = {1, 1, w.batch.packs, 0, 0, step, 0, 0, step};
      run.spans = &span;
      run.span_count = 1;
      run.input = w.at(dy, 0);
      run.output = w.at(dx, 0);
      run.gate = gate < 0 ? nullptr : w.at(gate, 0);
      run.part = w.part;
      run.parts = w.parts;
      w.plan.kernels.correlate_transposed(run);
    });
    return;
  }
  transposed_correlation(b, "input gradient", k, c, dy, dx, gate);
}

void transposed_correlation(Builder& b, const char* name, const Correlation& k, const Convolution& c, int dy, int dx, int gate) {
  const InputGradientPlan plan = plan_input_gradient(c);
  const int from = zeros_around(b, "pad gradient", dy, c.out, plan.before, plan.after);
  std::vector<int> buffers = {from, dx};
  if (gate >= 0) buffers.push_back(gate);
  b.plan.per_pack(name, buffers, [=](const Work& w) {
    const int lanes = w.plan.kernels.lanes;
    const GroupShare groups = share_of_groups(c, w);
    for (int64_t g = groups.first; g < groups.last; g++)
      for (const InputPhase& phase : plan.phases) {
        Correlation run = k;
        run.positions = phase.positions;
        run.spans = phase.spans.data();
        run.span_count = static_cast<int64_t>(phase.spans.size());
        run.row_first = phase.rows.firsts();
        run.row_last = phase.rows.lasts();
        run.input = w.at(from) + g * c.group_filters() * lanes;
        run.weights = k.weights + g * c.group_filters();
        const int64_t at = (phase.output + g * c.group_channels()) * lanes;
        run.output = w.at(dx) + at;
        run.gate = gate < 0 ? nullptr : w.at(gate) + at;
        run.part = groups.part;
        run.parts = groups.parts;
        (c.depthwise() ? w.plan.kernels.correlate_depthwise_transposed : w.plan.kernels.correlate_transposed)(run);
      }
  }, true);
}

void linear_backward(Builder& b, int index, const Convolution& c) {
  const int dy = b.output_gradient(index);
  const int parameter = b.node(index).parameters[0];
  const bool updates = c.dense() && b.gradients[static_cast<size_t>(parameter)].count >= Builder::LARGE && b.updates_at_once(parameter);
  bias_gradient(b, index, c.out, dy);
  if (!updates) weight_gradient(b, index, c, dy);
  input_gradient(b, index, c, dy);  // of the weights before the step
  if (updates && takes_whole_batch(c)) weight_update(b, index, c, dy);
  if (updates && !takes_whole_batch(c)) b.at_the_end([=, &b] { weight_update(b, index, c, dy); });
}

void conv_forward(Builder& b, int index) { linear_forward(b, index, Convolution::of_conv(b.node(index), b.input_shape(index))); }
void conv_again(Builder& b, int index) {
  const Convolution c = Convolution::of_conv(b.node(index), b.input_shape(index));
  const Slicing slices = b.own_slices(index, true);
  b.replace_value(index, b.sliced_buffer(slices, c.out.elements()));
  correlation_phases(b, index, c, false, slices);
}
void conv_backward(Builder& b, int index) { linear_backward(b, index, Convolution::of_conv(b.node(index), b.input_shape(index))); }
void dense_forward(Builder& b, int index) { linear_forward(b, index, Convolution::of_dense(b.node(index), b.input_shape(index))); }
void dense_backward(Builder& b, int index) { linear_backward(b, index, Convolution::of_dense(b.node(index), b.input_shape(index))); }

}  // namespace striate
