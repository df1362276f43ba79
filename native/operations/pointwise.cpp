// Activations, softmax, affine maps, penalties and the loss.
#include <algorithm>

#include "../builder.h"

namespace striate {

static ActivationOptions activation_options(const Node& n) {
  return {static_cast<Function>(static_cast<int>(n.number("function"))), n.real("alpha"), n.real("max_value"), n.real("threshold")};
}

// log_softmax and sparsemax are activations by name, but sum over channels.
enum class Over { softmax = 0, log_softmax = -1, sparsemax = -2 };
static Over over(const Node& n) { return static_cast<Over>(n.kind == "Softmax" ? 0 : static_cast<int>(n.number("function"))); }
static bool over_channels(const Node& n) { return n.number("function") < 0; }

void activation_forward(Builder& b, int index) {
  const Node& n = b.node(index);
  if (over_channels(n)) return softmax_forward(b, index);
  const int x = b.input_value(index), y = b.value(index);
  const auto options = activation_options(n);
  b.plan.per_pack("activation", {x, y}, [=, size = n.size()](const Work& w) {
    const Share share(w, size);
    const int64_t at = share.first * w.plan.kernels.lanes;
    w.plan.kernels.activate(options, w.at(x) + at, w.at(y) + at, share.count());
  }, true);
}

void activation_backward(Builder& b, int index) {
  const Node& n = b.node(index);
  if (over_channels(n)) return softmax_backward(b, index);
  const int x = b.input_value(index), y = b.value(index), dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx < 0) return;
  const auto options = activation_options(n);
  b.plan.per_pack("activation backward", {x, y, dy, dx}, [=, size = n.size()](const Work& w) {
    const Share share(w, size);
    const int64_t at = share.first * w.plan.kernels.lanes;
    w.plan.kernels.activate_backward(options, w.at(x) + at, w.at(y) + at, w.at(dy) + at, w.at(dx) + at, share.count());
  }, true);
}

void softmax_forward(Builder& b, int index) {
  const Node& n = b.node(index);
  const int x = b.input_value(index), y = b.value(index);
  const int64_t channels = n.channels(), positions = n.size() / channels;
  const Over kind = over(n);
  b.plan.per_pack("softmax", {x, y}, [=](const Work& w) {
    if (kind == Over::sparsemax) return w.plan.kernels.sparsemax(w.at(x), w.at(y), positions, channels);
    w.plan.kernels.softmax(w.at(x), w.at(y), positions, channels, kind == Over::log_softmax);
  });
}

void softmax_backward(Builder& b, int index) {
  const Node& n = b.node(index);
  const int y = b.value(index), dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx < 0) return;
  const int64_t channels = n.channels(), positions = n.size() / channels;
  const Over kind = over(n);
  b.plan.per_pack("softmax backward", {y, dy, dx}, [=](const Work& w) {
    if (kind == Over::sparsemax) return w.plan.kernels.sparsemax_backward(w.at(y), w.at(dy), w.at(dx), positions, channels);
    w.plan.kernels.softmax_backward(w.at(y), w.at(dy), w.at(dx), positions, channels, kind == Over::log_softmax);
  });
}

void affine_forward(Builder& b, int index) {
  const Node& n = b.node(index);
  const int x = b.input_value(index), y = b.value(index);
  b.plan.per_pack("affine", {x, y}, [=, size = n.size(), scale = n.real("scale"), offset = n.real("offset")](const Work& w) {
    w.plan.kernels.affine(w.at(x), w.at(y), size, scale, offset);
  });
}

void affine_backward(Builder& b, int index) {
  const Node& n = b.node(index);
  const int dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx < 0) return;
  b.plan.per_pack("affine backward", {dy, dx}, [=, size = n.size(), scale = n.real("scale")](const Work& w) {
    w.plan.kernels.affine(w.at(dy), w.at(dx), size, scale, 0.0f);
  });
}

void penalty_forward(Builder& b, int index) {
  const Node& n = b.node(index);
  const int x = b.input_value(index), y = b.value(index);
  const int64_t which = b.penalty_operations++;
  copy_phase(b, x, y, n.size());
  b.plan.per_pack("penalty", {x}, [=, &b, size = n.size(), l1 = n.real("l1"), l2 = n.real("l2")](const Work& w) {
    const int64_t place = (which * w.plan.capacity() + w.pack) * w.plan.kernels.lanes;
    w.plan.kernels.penalty(w.at(x), size, l1, l2, b.image_penalties.data() + place);
  });
}

void penalty_backward(Builder& b, int index) {
  const Node& n = b.node(index);
  const int x = b.input_value(index), dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx < 0) return;
  const bool counts = b.purpose.losses;  // part of the loss alone
  const float l1 = counts ? n.real("l1") : 0.0f, l2 = counts ? n.real("l2") : 0.0f;
  b.plan.per_pack("penalty backward", {x, dy, dx}, [=, size = n.size()](const Work& w) {
    const float images = static_cast<float>(w.batch.count);
    w.plan.kernels.penalty_backward(w.at(x), w.at(dy), w.at(dx), size, l1 / images, l2 / images, w.filled());
  });
}

void loss_phase(Builder& b, int output, int logits, int probabilities, int gradient, bool fused) {
  const auto k = static_cast<size_t>(output);
  const LossFunction& loss = b.graph.losses[k];
  const Node& n = b.node(b.graph.outputs[k]);
  const int64_t channels = n.channels(), positions = n.size() / channels;
  std::vector<int> buffers = {logits};
  for (int buffer : {probabilities, gradient})
    if (buffer >= 0) buffers.push_back(buffer);
  b.plan.per_pack("loss", buffers, [=, &b](const Work& w) {
    const int lanes = w.plan.kernels.lanes;
    LossArguments a;
    a.loss = loss.loss;
    a.fused = fused;
    a.options = loss.options;
    a.output = w.at(logits);
    a.probabilities = probabilities < 0 ? nullptr : w.at(probabilities);
    a.gradient = gradient < 0 ? nullptr : w.at(gradient);
    a.positions = positions;
    a.channels = channels;
    a.filled = w.filled();
    for (int l = 0; l < a.filled; l++) {
      const int64_t image = w.batch.order[w.pack * lanes + l];
      const Source& from = w.batch.targets[k];
      a.targets[l] = from.data + image * from.stride;
      a.scale[l] = loss.weight * w.batch.weight(image, k) / static_cast<float>(w.batch.count);
    }
    w.plan.kernels.loss(a);
    for (int l = 0; l < a.filled; l++) {
      const int64_t image = w.batch.order[w.pack * lanes + l];
      const float weight = loss.weight * w.batch.weight(image, k);
      b.image_losses[(static_cast<size_t>(w.pack * lanes + l)) * b.graph.losses.size() + k] = weight * a.image_loss[l];
    }
  });
}

}  // namespace striate
