// Operations with a parameter for each place along some axes, and look-up in a table.
#include <algorithm>

#include "../builder.h"
#include "offsets.h"

namespace striate {

// The two parameters of Scale (gamma, beta, each of which may be missing), PReLU (alpha) or Standardize (mean, variance).
struct PlacedParameters {
  Parametric function;
  int first = -1, second = -1;  // indices of parameters
  float epsilon = 0;
  std::vector<bool> own;  // axes along which parameters differ
  Offsets place;
  int64_t rows, width, step;

  static PlacedParameters of(const Builder& b, int index) {
    const Node& n = b.node(index);
    PlacedParameters p = {};
    p.own = chosen_axes(n.shape, n.list("axes"));
    Shape size(n.shape);
    for (size_t axis = 0; axis < size.size(); axis++)
      if (!p.own[axis]) size[axis] = 1;
    Rows rows(n.shape, {repeated_steps(size, n.shape)});
    p.place = rows.starts[0];
    p.rows = rows.rows;
    p.width = rows.width;
    p.step = rows.step[0];
    p.find(n);
    return p;
  }

  Parameters arguments(const Builder& b) const {
    const auto value = [&](int parameter) { return parameter < 0 ? nullptr : b.graph.parameters[static_cast<size_t>(parameter)].value; };
    return {function, value(first), value(second), place.data(), rows, width, step, epsilon};
  }

 private:
  void find(const Node& n) {
    size_t next = 0;
    const auto take = [&](bool has) { return has ? n.parameters.at(next++) : -1; };
    first = second = -1;
    if (n.kind == "Scale") {
      function = Parametric::affine;
      first = take(n.flag("scale"));
      second = take(n.flag("center"));
    } else if (n.kind == "PReLU") {
      function = Parametric::prelu;
      first = take(true);
    } else {
      function = n.flag("invert") ? Parametric::restore : Parametric::standardize;
      first = take(true);
      second = take(true);
      epsilon = n.real("epsilon");
    }
  }
};

void parametric_forward(Builder& b, int index) {
  const int x = b.input_value(index), y = b.value(index);
  b.plan.per_pack("parametric", {x, y}, [=, &b, p = PlacedParameters::of(b, index)](const Work& w) {
    w.plan.kernels.parametric(p.arguments(b), w.at(x), w.at(y));
  });
}

// A large parameter's gradient is shared out, each part summed over all packs; a small one's is summed pack by pack.
static void parameter_gradient(Builder& b, int index, int parameter, Slope slope) {
  if (parameter < 0 || !b.wants_gradient(b.graph.parameters[static_cast<size_t>(parameter)])) return;
  const Node& n = b.node(index);
  const int x = b.input_value(index), dy = b.output_gradient(index);
  const auto own = chosen_axes(n.shape, n.list("axes"));
  const bool whole = b.gradients[static_cast<size_t>(parameter)].count >= Builder::LARGE, again = b.claim(parameter, whole);
  const auto run = [=, &b, kept = offsets_along(n.shape, own, true), reduced = offsets_along(n.shape, own, false)](
                       const Work& w, int64_t pack, int64_t slot, bool accumulate) {
    const auto count = static_cast<int64_t>(kept.size());
    const ParameterSums s = {slope, kept.data(), reduced.data(), count * w.part / w.parts, count * (w.part + 1) / w.parts,
                             static_cast<int64_t>(reduced.size()), accumulate};
    w.plan.kernels.parameter_sums(s, w.at(x, pack), w.at(dy, pack), b.gradients[static_cast<size_t>(parameter)].slot(slot));
  };
  if (whole)
    b.plan.whole_batch("parameter gradient", {x, dy}, [=](const Work& w) {
      for (int64_t pack = 0; pack < w.batch.packs; pack++) run(w, pack, 0, again || pack > 0);
    });
  else
    b.plan.per_pack("parameter gradient", {x, dy}, [=](const Work& w) {
      const int64_t slot = w.plan.slot_of(w.pack);
      run(w, w.pack, slot, again || w.pack != slot);
    });
}

void parametric_backward(Builder& b, int index) {
  const auto p = PlacedParameters::of(b, index);
  if (p.function == Parametric::affine || p.function == Parametric::prelu) {
    parameter_gradient(b, index, p.first, p.function == Parametric::affine ? Slope::factor : Slope::below);
    parameter_gradient(b, index, p.second, Slope::offset);
  }
  const int x = b.input_value(index), dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx < 0) return;
  b.plan.per_pack("parametric backward", {x, dy, dx}, [=, &b](const Work& w) {
    w.plan.kernels.parametric_backward(p.arguments(b), w.at(x), w.at(dy), w.at(dx));
  });
}

void embedding_forward(Builder& b, int index) {
  const Node& n = b.node(index);
  const int x = b.input_value(index), y = b.value(index);
  const Parameter& table = b.graph.parameters[static_cast<size_t>(n.parameters[0])];
  const int64_t width = n.channels(), count = n.size() / width, rows = table.count / width;
  b.plan.per_pack("embedding", {x, y}, [=, values = table.value](const Work& w) {
    w.plan.kernels.embed(w.at(x), values, w.at(y), count, rows, width);
  });
}

// The table is shared out by columns: whoever owns one takes all images in order.
void embedding_backward(Builder& b, int index) {
  const Node& n = b.node(index);
  const int x = b.input_value(index), dy = b.output_gradient(index), parameter = n.parameters[0];
  const Parameter& table = b.graph.parameters[static_cast<size_t>(parameter)];
  const int64_t width = n.channels(), count = n.size() / width, rows = table.count / width;
  if (b.wants_gradient(table)) {
    const bool again = b.claim(parameter, true);
    b.plan.whole_batch("embedding gradient", {x, dy}, [=, &b](const Work& w) {
      float* gradient = b.gradients[static_cast<size_t>(parameter)].slot(0);
      const int64_t first = width * w.part / w.parts, last = width * (w.part + 1) / w.parts;
      if (!again)
        for (int64_t row = 0; row < rows; row++) std::fill(gradient + row * width + first, gradient + row * width + last, 0.0f);
      for (int64_t pack = 0; pack < w.batch.packs; pack++)
        w.plan.kernels.embed_backward(w.at(x, pack), w.at(dy, pack), gradient, count, rows, width, w.filled(pack), first, last);
    });
  }
  const int dx = b.input_gradient(index);  // a step function's slope
  if (dx >= 0) b.plan.per_pack("embedding backward", {dx}, [=](const Work& w) { w.plan.kernels.fill_zero(w.at(dx), count); });
}

}  // namespace striate
