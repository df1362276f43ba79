// The gradient of a linear map's weights and bias, and the update of weights whose gradient is never written down.
#include <algorithm>
#include <cmath>

#include "../update.h"
#include "linear.h"
#include "winograd.h"

namespace striate {

// Many filters fill vectors of their own, if there are taps enough for turning them to pay; else lanes of images do better
// (kernels/weight_gradient.cpp; measured, see docs/performance.md).
static bool by_rows(const Convolution& c, int lanes) {
  if (c.groups > 1 || c.out.positions() == 1) return c.groups == 1;
  return c.out.channels >= lanes && c.rows() >= (c.out.channels >= 64 ? 24 : 32);
}

static void direct_weight_gradient(Builder& b, int index, const Convolution& c, int dy) {
  const int parameter = b.node(index).parameters[0];
  weight_gradient_of(b, parameter, c, padded_input(b, index, c), dy, b.own_slices(index, true));
}

void weight_gradient_of(Builder& b, int parameter, const Convolution& c, int x, int dy, const Slicing& slices) {
  const bool whole = b.gradients[static_cast<size_t>(parameter)].count >= Builder::LARGE;
  const bool again = b.claim(parameter, whole), rows = by_rows(c, b.plan.kernels.lanes);
  WeightGradient k = {};
  k.positions = c.positions();
  k.taps = c.rows();
  k.outputs = c.depthwise() ? c.out.channels : c.group_filters();
  k.multiplier = c.group_filters();
  k.gradient_step = c.out.channels;
  if (rows)  // in which each thread turns output gradients to rows
    b.plan.need_workspace(0, [=, &kernels = b.plan.kernels](int64_t packs) {
      WeightGradient largest = k;
      largest.packs = whole ? packs : 1;
      return kernels.rows_room(largest);
    });
  if (c.depthwise()) b.plan.need_workspace(0, [=, lanes = b.plan.kernels.lanes](int64_t) { return k.taps * k.outputs * lanes; });
  const auto run = [=, taps = c.taps()](const Work& w, int64_t pack, int64_t packs, float* gradient, bool accumulate) {
    const int lanes = w.plan.kernels.lanes;
    const GroupShare groups = share_of_groups(c, w);
    for (int64_t g = groups.first; g < groups.last; g++) each_slice(w, slices, [&](int64_t s) {
      const SliceOfRows slice(k.positions, slices, s);
      WeightGradient part = k;
      part.positions = slice.positions;
      part.input = w.at(x, pack) + (slice.input + g * c.group_channels()) * lanes;
      part.output_gradient = w.at(dy, pack) + (slice.output(w) + g * c.group_filters()) * lanes;
      part.gradient = gradient + g * c.group_filters();
      part.packs = packs;
      part.input_pack = part.output_pack = w.plan.pack_stride();
      part.tap_input = taps.input.data();
      part.tap_row = taps.row.data();
      part.accumulate = accumulate || s > 0;
      part.part = groups.part;
      part.parts = groups.parts;
      part.rows = w.workspace();
      const auto kernel = c.depthwise() ? w.plan.kernels.weight_gradient_depthwise
                          : rows ? w.plan.kernels.weight_gradient_by_rows : w.plan.kernels.weight_gradient;
      kernel(part);
    });
  };
  if (whole)
    b.plan.whole_batch("weight gradient", {x, dy}, [=, &b](const Work& w) {
      run(w, 0, w.batch.packs, b.gradients[static_cast<size_t>(parameter)].slot(0), again);
    });
  else
    b.plan.per_pack("weight gradient", {x, dy}, [=, &b](const Work& w) {
      const int64_t slot = w.plan.slot_of(w.pack);
      run(w, w.pack, 1, b.gradients[static_cast<size_t>(parameter)].slot(slot), again || w.pack != slot);
    }, true, slices);
}

void weight_gradient(Builder& b, int index, const Convolution& c, int dy) {
  const Parameter& weights = b.graph.parameters[static_cast<size_t>(b.node(index).parameters[0])];
  if (!b.wants_gradient(weights)) return;
  if (winograd_wins_weight_gradient(b.purpose.method, c)) return winograd_weight_gradient(b, index, c, dy);
  // Of a dense layer's two vectors for each image all can be kept: its gradient waits, so that packs go on depth first.
  if (weights.count >= Builder::LARGE && c.out.positions() == 1 && !takes_whole_batch(c))
    b.at_the_end([=, &b] { direct_weight_gradient(b, index, c, dy); });
  else
    direct_weight_gradient(b, index, c, dy);
}

// The weights of a dense layer change as soon as some rows of their gradient are known, which then never leave the cache.
void weight_update(Builder& b, int index, const Convolution& c, int dy) {
  constexpr int64_t CACHED = 8 * 1024, LEAST = 6;  // numbers of a gradient; rows that a tile takes at once
  const int parameter = b.node(index).parameters[0];
  const int64_t inputs = c.rows(), outputs = c.out.channels, most = std::max(LEAST, CACHED / outputs), length = b.plan.kernels.row_length(outputs);
  const int64_t pack_rows = b.plan.kernels.lanes * length;
  b.plan.need_workspace(0, [=](int64_t packs) { return packs * pack_rows + most * outputs; });
  const int x = b.input_value(index);
  b.plan.whole_batch("weight update", {x, dy}, [=, &b, taps = c.taps()](const Work& w) {
    if (!std::isfinite(b.batch_loss(w.batch.count))) return;  // the step is not taken
    WeightGradient k = {};
    k.input = w.at(x, 0);
    k.rows = w.workspace();
    k.gradient = k.rows + w.batch.packs * pack_rows;
    k.positions = c.positions();
    k.packs = w.batch.packs;
    k.input_pack = w.plan.pack_stride();
    k.tap_row = taps.row.data();
    k.outputs = k.gradient_step = outputs;
    k.parts = 1;
    for (int64_t pack = 0; pack < k.packs; pack++) w.plan.kernels.lanes_to_rows(w.at(dy, pack), k.rows + pack * pack_rows, 1, outputs, length);
    const Share rows(w, inputs);
    for (int64_t first = rows.first; first < rows.last; first += k.taps) {
      k.taps = std::min(most, rows.last - first);
      k.tap_input = taps.input.data() + first;
      w.plan.kernels.weight_gradient_of_rows(k);
      b.purpose.updater->update_run(parameter, first * outputs, k.taps * outputs, k.gradient);
    }
  });
}

void bias_gradient(Builder& b, int index, const Spatial& out, int dy) {
  if (!b.node(index).flag("bias")) return;
  const int parameter = b.node(index).parameters[1];
  if (!b.wants_gradient(b.graph.parameters[static_cast<size_t>(parameter)])) return;
  const bool whole = b.gradients[static_cast<size_t>(parameter)].count >= Builder::LARGE;
  const bool again = b.claim(parameter, whole);
  const Slicing slices = b.own_slices(index, true);
  const auto run = [=, &b, row = out.size[2], positions = out.positions(), channels = out.channels](const Work& w, int64_t pack, int64_t packs, int64_t slot,
                                                                                  bool accumulate) {
    float* gradient = b.gradients[static_cast<size_t>(parameter)].slot(slot);
    const Share share(w, channels);
    each_slice(w, slices, [&](int64_t s) {
      const int64_t first = slices.any() ? slices.row(s) * row : 0, count = slices.any() ? slices.row(s + 1) * row - first : positions;
      const float* from = w.at(dy, pack) + w.row_at(slices, s) * row * channels * w.plan.kernels.lanes;
      w.plan.kernels.bias_gradient(from, gradient, packs, w.plan.pack_stride(), count, channels, share.first, share.last, accumulate || s > 0);
    });
  };
  if (whole)
    b.plan.whole_batch("bias gradient", {dy}, [=](const Work& w) {
      run(w, 0, w.batch.packs, 0, again);
    });
  else
    b.plan.per_pack("bias gradient", {dy}, [=](const Work& w) {
      run(w, w.pack, 1, w.plan.slot_of(w.pack), again || w.pack != w.plan.slot_of(w.pack));
    }, true, slices);
}

}  // namespace striate
