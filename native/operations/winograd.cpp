#include "winograd.h"

#include <algorithm>
#include <numeric>

namespace striate {

constexpr int64_t OUT = 4, PLACES = 36;  // F(4x4, 3x3)
// From one place to the next lies an odd number of cache lines, so that the 36 do not compete for the same ones of the cache.
static int64_t place_step(int64_t tiles, int64_t channels) { return tiles * channels | 1; }            // lane vectors
static int64_t weights_step(int64_t channels, int64_t filters) { return (channels * filters / 16 | 1) * 16 + 32; }  // floats

// Tiles that a correlation takes at once.
static int64_t packed_width(const Kernels& kernels) { return 3 * kernels.pair; }

// A convolution with 3x3 weights as the method sees it: maps of `inputs` and `outputs` channels.
struct Winograd {
  Spatial in, out;
  int64_t top, left;
  bool turned;  // the weights, for the input's gradient

  int64_t across() const { return (out.size[2] + OUT - 1) / OUT; }
  int64_t tiles() const { return (out.size[1] + OUT - 1) / OUT * across(); }
  int64_t inputs() const { return in.channels; }
  int64_t outputs() const { return out.channels; }

  // Tiles that are transformed at a time: enough to read the weights rarely, few enough to stay near the processor.
  int64_t chunk(const Kernels& kernels) const {
    constexpr int64_t CACHE_FLOATS = 768 * 1024;
    const int64_t at_once = packed_width(kernels);
    const int64_t fit = CACHE_FLOATS / (PLACES * (inputs() + outputs()) * kernels.lanes) / at_once * at_once;
    return std::min(tiles(), std::max<int64_t>(fit, 3 * at_once));
  }
};

static Winograd forward_of(const Convolution& c) { return {c.in, c.out, c.before[1], c.before[2], false}; }
static Winograd input_gradient_of(const Convolution& c) { return {c.out, c.in, 2 - c.before[1], 2 - c.before[2], true}; }

static bool fits(const Convolution& c) {
  const Axes ones = {1, 1, 1};
  return c.kernel == Axes{1, 3, 3} && c.stride == ones && c.dilation == ones && c.groups == 1 && c.in.size[0] == 1 && c.before[0] == 0 &&
         c.after[0] == 0 && std::max({c.before[1], c.before[2], c.after[1], c.after[2]}) <= 2;
}

bool winograd_wins(Method method, const Convolution& c) {
  if (method != Method::faster) return method == Method::winograd && fits(c);
  return fits(c) && c.in.channels >= 16 && c.out.channels >= 16;
}

bool winograd_wins_weight_gradient(Method method, const Convolution& c) {
  if (method != Method::faster) return method == Method::winograd && fits(c);
  return fits(c) && c.in.channels >= 16 && c.out.channels >= 16 && c.rows() * c.out.channels >= Builder::LARGE;
}

// output = correlation of the input with the weights, then bias, relu, gate; see Correlation.
static void winograd(Builder& b, const char* name, const Winograd& g, const float* weights, const float* bias, bool relu, int x, int y, int gate) {
  const Kernels& kernels = b.plan.kernels;
  const int64_t chunk = g.chunk(kernels), place = weights_step(g.inputs(), g.outputs());
  b.plan.need_workspace(PLACES * place, [=, lanes = kernels.lanes](int64_t) {
    return PLACES * (place_step(chunk, g.inputs()) + place_step(chunk, g.outputs())) * lanes;
  });
  b.plan.whole_batch("winograd weights", {}, [=](const Work& w) {
    WinogradWeights run = {};
    run.weights = weights;
    run.transformed = w.plan.workspace();
    run.place = place;
    run.channels = g.turned ? g.outputs() : g.inputs();
    run.filters = g.turned ? g.inputs() : g.outputs();
    run.turned = g.turned;
    run.block = w.plan.kernels.outputs_per_block(packed_width(w.plan.kernels));
    run.part = w.part;
    run.parts = w.parts;
    w.plan.kernels.winograd_weights(run);
  });
  std::vector<int> buffers = {x, y};
  if (gate >= 0) buffers.push_back(gate);
  b.plan.per_pack(name, buffers, [=](const Work& w) {
    const int lanes = w.plan.kernels.lanes;
    WinogradTiles from = {}, to = {};
    from.map = w.at(x);
    from.height = g.in.size[1];
    from.width = g.in.size[2];
    from.channels = from.channel_last = g.inputs();
    from.top = g.top;
    from.left = g.left;
    from.across = to.across = g.across();
    from.transformed = w.workspace();
    to.map = w.at(y);
    to.height = g.out.size[1];
    to.width = g.out.size[2];
    to.channels = to.channel_last = g.outputs();
    to.bias = bias;
    to.gate = gate < 0 ? nullptr : w.at(gate);
    to.relu = relu;
    const Span span = {0, 0, g.inputs()};
    Correlation product = {};
    product.spans = &span;
    product.span_count = 1;
    product.outputs = g.outputs();
    product.packed = !g.turned;
    product.packed_width = packed_width(w.plan.kernels);
    product.inputs = product.weight_step = g.inputs();
    product.parts = 1;
    const int64_t last = g.tiles() * (w.part + 1) / w.parts;
    for (int64_t first = g.tiles() * w.part / w.parts; first < last; first += chunk) {
      const int64_t count = std::min(chunk, last - first);
      from.first = to.first = first;
      from.last = to.last = first + count;
      from.place = place_step(count, g.inputs());
      to.place = place_step(count, g.outputs());
      to.transformed = from.transformed + PLACES * from.place * lanes;
      w.plan.kernels.winograd_input(from);
      product.positions = {1, 1, count, 0, 0, g.inputs(), 0, 0, g.outputs()};
      for (int64_t k = 0; k < PLACES; k++) {
        product.input = from.transformed + k * from.place * lanes;
        product.output = to.transformed + k * to.place * lanes;
        product.weights = w.plan.workspace() + k * place;
        (g.turned ? w.plan.kernels.correlate_transposed : w.plan.kernels.correlate)(product);
      }
      w.plan.kernels.winograd_output(to);
    }
  }, true);
}

void winograd_forward(Builder& b, int index, const Convolution& c) {
  const Node& n = b.node(index);
  const float* weights = b.graph.parameters[static_cast<size_t>(n.parameters[0])].value;
  const float* bias = c.bias ? b.graph.parameters[static_cast<size_t>(n.parameters[1])].value : nullptr;
  winograd(b, "winograd forward", forward_of(c), weights, bias, b.has_relu(index), b.input_value(index), b.value(index), -1);
}

void winograd_input_gradient(Builder& b, int index, const Convolution& c, int dy, int dx, int gate) {
  const float* weights = b.graph.parameters[static_cast<size_t>(b.node(index).parameters[0])].value;
  winograd(b, "winograd input gradient", input_gradient_of(c), weights, nullptr, false, dy, dx, gate);
}

// For the whole batch: each thread takes a share of the input channels, all filters and all images.
void winograd_weight_gradient(Builder& b, int index, const Convolution& c, int dy) {
  const Kernels& kernels = b.plan.kernels;
  const int parameter = b.node(index).parameters[0], x = b.input_value(index);
  const bool again = b.claim(parameter, true);
  const Winograd g = forward_of(c);
  const int64_t channels = g.inputs(), filters = g.outputs(), chunk = std::min<int64_t>(g.tiles(), 128 / kernels.lanes), length = kernels.row_length(filters);
  const int64_t place = weights_step(channels, filters), inputs_room = PLACES * place_step(chunk, channels) * kernels.lanes;
  const int64_t rows_place = place_step(chunk * kernels.lanes, length / 16) * 16;
  b.plan.need_workspace(PLACES * place, [=](int64_t) { return inputs_room + PLACES * rows_place; });
  std::vector<int64_t> identity(static_cast<size_t>(channels));
  std::iota(identity.begin(), identity.end(), 0);
  b.plan.whole_batch("winograd weight gradient", {x, dy}, [=, &b](const Work& w) {
    const int64_t first_channel = channels * w.part / w.parts, last_channel = channels * (w.part + 1) / w.parts;
    const int64_t mine = last_channel - first_channel, lanes = w.plan.kernels.lanes;
    if (mine == 0) return;
    float* sums = w.plan.workspace() + first_channel * filters;
    WinogradTiles inputs = {}, rows = {};
    inputs.height = g.in.size[1];
    inputs.width = g.in.size[2];
    inputs.channels = channels;
    inputs.channel_first = first_channel;
    inputs.channel_last = last_channel;
    inputs.top = g.top;
    inputs.left = g.left;
    inputs.across = rows.across = g.across();
    inputs.transformed = w.workspace();
    rows.height = g.out.size[1];
    rows.width = g.out.size[2];
    rows.channels = rows.channel_last = filters;
    rows.transformed = inputs.transformed + inputs_room;
    rows.place = rows_place;
    WeightGradient product = {};
    product.packs = product.parts = 1;
    product.tap_input = product.tap_row = identity.data();
    product.taps = mine;
    product.outputs = product.gradient_step = filters;
    for (int64_t pack = 0; pack < w.batch.packs; pack++)
      for (int64_t first = 0; first < g.tiles(); first += chunk) {
        const int64_t count = std::min(chunk, g.tiles() - first);
        inputs.map = w.at(x, pack);
        rows.map = w.at(dy, pack);
        inputs.first = rows.first = first;
        inputs.last = rows.last = first + count;
        inputs.place = place_step(count, mine);
        w.plan.kernels.winograd_input(inputs);
        w.plan.kernels.winograd_gradient_rows(rows);
        product.positions = {1, 1, count, 0, 0, mine, 0, 0, filters};
        product.accumulate = pack + first > 0;
        for (int64_t k = 0; k < PLACES; k++) {
          product.input = inputs.transformed + k * inputs.place * lanes;
          product.rows = rows.transformed + k * rows_place;
          product.gradient = sums + k * place;
          w.plan.kernels.weight_gradient_of_rows(product);
        }
      }
    w.plan.kernels.winograd_weight_gradient({sums, place, b.gradients[static_cast<size_t>(parameter)].slot(0), channels, filters,
                                             first_channel, last_channel, again});
  });
}

}  // namespace striate
