// Dropout and its kin: what training makes random. Elsewhere they copy.
#include <cmath>

#include "../builder.h"

namespace striate {

RandomKey random_key(const Work& w, uint64_t stream, bool shared) {
  return {w.batch.seed, stream, w.batch.step, static_cast<uint32_t>(w.pack * w.plan.kernels.lanes), shared};
}

// A mask over an image: along each axis its size, and one step in the mask, 0 where the mask has size one. Neighbouring axes
// that the mask treats alike are one.
struct MaskShape {
  std::vector<int64_t> sizes, steps;
  int64_t count = 1;  // of the mask's elements

  explicit MaskShape(const Node& n) {
    Shape mask = n.shape;
    const auto& given = n.list("noise_shape");
    for (size_t i = 0; i < given.size(); i++) mask[i] = static_cast<int64_t>(given[i]);
    count = elements(mask);
    int64_t step = count;
    for (size_t i = 0; i < mask.size(); i++) {
      step /= mask[i];
      const bool shared = mask[i] == 1;
      if (n.shape[i] == 1) continue;
      if (!sizes.empty() && shared == (steps.back() == 0)) {
        sizes.back() *= n.shape[i];
        steps.back() = shared ? 0 : step;
      } else {
        sizes.push_back(n.shape[i]);
        steps.push_back(shared ? 0 : step);
      }
    }
    if (sizes.empty()) sizes = {1}, steps = {0};  // a single number
  }
};

// What is made of an element that stays, scale x + offset, and of one that goes.
struct Outcome {
  float scale, offset, dropped;
};

static Outcome outcome_of(const Node& n) {
  const double rate = n.number("rate");
  if (n.kind == "Dropout") return {1.0f / (1.0f - static_cast<float>(rate)), 0.0f, 0.0f};
  const double low = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717;  // selu(-infinity)
  const double a = 1.0 / std::sqrt((1.0 - rate) * (1.0 + rate * low * low)), b = -a * low * rate;
  return {static_cast<float>(a), static_cast<float>(b), static_cast<float>(a * low + b)};
}

static bool drops(const Builder& b, const Node& n) { return b.purpose.training && n.number("rate") > 0; }

static void mask_phase(Builder& b, int index, int from, int to, Outcome outcome) {
  b.plan.per_pack("apply mask", {from, to, b.kept.at(index)},
                  [=, shape = MaskShape(b.node(index)), kept = b.kept.at(index)](const Work& w) {
    w.plan.kernels.apply_mask({w.at(from), w.at(to), reinterpret_cast<const uint16_t*>(w.at(kept)), shape.sizes.data(),
                               shape.steps.data(), static_cast<int>(shape.sizes.size()), outcome.scale, outcome.offset,
                               outcome.dropped});
  });
}

void dropout_forward(Builder& b, int index) {
  const Node& n = b.node(index);
  const int x = b.input_value(index), y = b.value(index), lanes = b.plan.kernels.lanes;
  if (!drops(b, n)) return copy_phase(b, x, y, n.size());
  const int64_t count = MaskShape(n).count;
  const int kept = b.kept[index] = b.plan.buffer((count * 2 + 4 * lanes - 1) / (4 * lanes));  // a bit for each lane
  b.plan.per_pack("draw mask", {kept}, [=, rate = n.real("rate"), stream = static_cast<uint64_t>(n.number("stream")),
                                        shared = n.flag("shared_by_batch")](const Work& w) {
    w.plan.kernels.draw_mask(random_key(w, stream, shared), rate, reinterpret_cast<uint16_t*>(w.at(kept)), count);
  });
  mask_phase(b, index, x, y, outcome_of(n));
}

void dropout_backward(Builder& b, int index) {
  const Node& n = b.node(index);
  const int dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx < 0) return;
  if (!drops(b, n)) return copy_phase(b, dy, dx, n.size());
  mask_phase(b, index, dy, dx, {outcome_of(n).scale, 0.0f, 0.0f});
}

static void gaussian_phase(Builder& b, const Node& n, int from, int to, bool active) {
  if (!active || !b.purpose.training || n.number("stddev") == 0) return copy_phase(b, from, to, n.size());
  b.plan.per_pack("gaussian noise", {from, to}, [=, size = n.size(), stddev = n.real("stddev"), scales = n.flag("multiplicative"),
                                                 stream = static_cast<uint64_t>(n.number("stream"))](const Work& w) {
    w.plan.kernels.gaussian(random_key(w, stream, false), w.at(from), w.at(to), size, stddev, scales);
  });
}

void gaussian_noise_forward(Builder& b, int index) { gaussian_phase(b, b.node(index), b.input_value(index), b.value(index), true); }

// A factor's derivative is that factor, drawn once more; what is added has none.
void gaussian_noise_backward(Builder& b, int index) {
  const Node& n = b.node(index);
  const int dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx >= 0) gaussian_phase(b, n, dy, dx, n.flag("multiplicative"));
}

}  // namespace striate
