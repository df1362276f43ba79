// Normalisation within each image: over any of its axes, and over neighbouring channels.
#include "../builder.h"
#include "offsets.h"

namespace striate {

struct NormalizedAxes {
  Standard kind;
  float epsilon;
  Offsets kept, reduced;

  static NormalizedAxes of(const Builder& b, int index) {
    const Node& n = b.node(index);
    const auto over = chosen_axes(n.shape, n.list("axes"));
    return {static_cast<Standard>(static_cast<int>(n.number("kind"))), n.real("epsilon"), offsets_along(n.shape, over, false),
            offsets_along(n.shape, over, true)};
  }
  Standardization standardization() const {
    return {kind, epsilon, kept.data(), reduced.data(), static_cast<int64_t>(kept.size()), static_cast<int64_t>(reduced.size())};
  }
};

void normalize_forward(Builder& b, int index) {
  const int x = b.input_value(index), y = b.value(index);
  const auto axes = NormalizedAxes::of(b, index);
  const int inverse = b.kept[index] = b.plan.buffer(static_cast<int64_t>(axes.kept.size()));
  b.plan.per_pack("normalize", {x, y, inverse}, [=](const Work& w) {
    w.plan.kernels.standardize(axes.standardization(), w.at(x), w.at(y), w.at(inverse));
  });
}

void normalize_backward(Builder& b, int index) {
  const int y = b.value(index), inverse = b.kept.at(index), dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx < 0) return;
  const auto axes = NormalizedAxes::of(b, index);
  b.plan.per_pack("normalize backward", {y, inverse, dy, dx}, [=](const Work& w) {
    w.plan.kernels.standardize_backward(axes.standardization(), w.at(y), w.at(inverse), w.at(dy), w.at(dx));
  });
}

static LocalResponse local_response(const Node& n) {
  return {n.size() / n.channels(), n.channels(), static_cast<int64_t>(n.number("radius")), n.real("bias"), n.real("alpha"), n.real("beta")};
}

void local_response_norm_forward(Builder& b, int index) {
  const int x = b.input_value(index), y = b.value(index);
  b.plan.per_pack("local response", {x, y}, [=, l = local_response(b.node(index))](const Work& w) {
    w.plan.kernels.local_response(l, w.at(x), w.at(y));
  });
}

void local_response_norm_backward(Builder& b, int index) {
  const int x = b.input_value(index), dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx < 0) return;
  const int work = b.plan.buffer(2 * b.node(index).channels());
  b.plan.per_pack("local response backward", {x, dy, dx, work}, [=, l = local_response(b.node(index))](const Work& w) {
    w.plan.kernels.local_response_backward(l, w.at(x), w.at(dy), w.at(dx), w.at(work));
  });
}

}  // namespace striate
