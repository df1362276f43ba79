// Values from other places: permuted axes, resized images. Both are one sum of weighted rows through a table of places.
#include <algorithm>
#include <cmath>

#include "../builder.h"
#include "offsets.h"
#include "spatial.h"

namespace striate {

// Where each row of the output comes from.
struct Sources {
  Offsets source;              // [row][tap], in lane vectors
  std::vector<float> weights;  // likewise; none: one tap of weight 1
  int64_t rows, taps, length;

  Resampling resampling() const { return {source.data(), weights.empty() ? nullptr : weights.data(), rows, taps, length}; }
};

static void forward(Builder& b, int index, const char* name, Sources sources) {
  const int x = b.input_value(index), y = b.value(index);
  b.plan.per_pack(name, {x, y}, [=, s = std::move(sources)](const Work& w) { w.plan.kernels.resample(s.resampling(), w.at(x), w.at(y)); });
}

static void backward(Builder& b, int index, const char* name, Sources sources) {
  const int dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx < 0) return;
  const int64_t size = elements(b.input_shape(index));
  b.plan.per_pack(name, {dy, dx}, [=, s = std::move(sources)](const Work& w) {
    w.plan.kernels.fill_zero(w.at(dx), size);
    w.plan.kernels.resample_backward(s.resampling(), w.at(dy), w.at(dx));
  });
}

// Axis i of the output is axis order[i] of the input; what lies side by side in both is moved as one row.
static Sources permutation(const Builder& b, int index) {
  const Node& n = b.node(index);
  const Shape steps = row_steps(b.input_shape(index));
  Shape permuted;
  for (double axis : n.list("order")) permuted.push_back(steps[static_cast<size_t>(axis)]);
  const Rows rows(n.shape, {row_steps(n.shape), permuted});
  return {rows.starts[1], {}, rows.rows, 1, rows.width};
}

void permute_forward(Builder& b, int index) { forward(b, index, "permute", permutation(b, index)); }
void permute_backward(Builder& b, int index) { backward(b, index, "permute backward", permutation(b, index)); }

// The inputs that one output along an axis is a mean of.
struct AxisTaps {
  std::vector<int64_t> position;  // [output][tap]
  std::vector<double> weight;
  int64_t taps;
};

enum class Weighting { nearest, linear, cubic, lanczos3, lanczos5 };  // as in native.py

static double sinc(double x) { return x == 0 ? 1 : std::sin(M_PI * x) / (M_PI * x); }

// How far the weights of a method reach, and the weight at a distance d below that.
static double reach(Weighting method) {
  constexpr double known[] = {0.5, 1, 2, 3, 5};
  return known[static_cast<int>(method)];
}

static double weight_at(Weighting method, double d) {
  switch (method) {
    case Weighting::nearest: return 1;
    case Weighting::linear: return 1 - d;
    case Weighting::cubic: return d < 1 ? (1.5 * d - 2.5) * d * d + 1 : ((-0.5 * d + 2.5) * d - 4) * d + 2;
    case Weighting::lanczos3: return sinc(d) * sinc(d / 3);
    case Weighting::lanczos5: return sinc(d) * sinc(d / 5);
  }
  return 0;
}

// Output o of m has its centre at (o + 1/2) n / m of the n inputs: the input there, or the mean of those around it.
static AxisTaps axis_taps(int64_t n, int64_t m, Weighting method, bool antialias) {
  const double step = static_cast<double>(n) / static_cast<double>(m), stretch = antialias ? std::max(step, 1.0) : 1.0;
  const double radius = reach(method) * stretch;
  AxisTaps t = {{}, {}, 1};
  if (method == Weighting::nearest || n == m) {
    for (int64_t o = 0; o < m; o++) t.position.push_back((2 * o + 1) * n / (2 * m));
    t.weight.assign(static_cast<size_t>(m), 1.0);
    return t;
  }
  t.taps = std::min(static_cast<int64_t>(std::ceil(2 * radius)), n);
  for (int64_t o = 0; o < m; o++) {
    const double centre = (static_cast<double>(o) + 0.5) * step - 0.5;  // among the inputs' centres
    const int64_t first = std::max(static_cast<int64_t>(std::floor(centre - radius)) + 1, int64_t{0});
    std::vector<double> weights;
    double sum = 0;
    for (int64_t k = 0; k < t.taps; k++) {
      const double distance = std::abs(static_cast<double>(first + k) - centre) / stretch;
      weights.push_back(first + k < n && distance < reach(method) ? weight_at(method, distance) : 0.0);
      sum += weights.back();
    }
    for (int64_t k = 0; k < t.taps; k++) {
      t.position.push_back(std::min(first + k, n - 1));
      t.weight.push_back(weights[static_cast<size_t>(k)] / sum);
    }
  }
  return t;
}

static Sources resized(const Builder& b, int index) {
  const Spatial in(b.input_shape(index)), out(b.node(index).shape);
  AxisTaps axes[3];
  const auto method = static_cast<Weighting>(static_cast<int>(b.node(index).number("method")));
  for (size_t a = 0; a < 3; a++) axes[a] = axis_taps(in.size[a], out.size[a], method, b.node(index).flag("antialias"));
  const int64_t taps = axes[0].taps * axes[1].taps * axes[2].taps;
  Sources s = {{}, {}, out.positions(), taps, in.channels};
  for (int64_t z = 0; z < out.size[0]; z++)
    for (int64_t y = 0; y < out.size[1]; y++)
      for (int64_t x = 0; x < out.size[2]; x++)
        for (int64_t t = 0; t < taps; t++) {
          const int64_t per_plane = axes[1].taps * axes[2].taps;
          const auto k = static_cast<size_t>(z * axes[0].taps + t / per_plane);
          const auto j = static_cast<size_t>(y * axes[1].taps + t % per_plane / axes[2].taps);
          const auto i = static_cast<size_t>(x * axes[2].taps + t % axes[2].taps);
          s.source.push_back(in.offset({axes[0].position[k], axes[1].position[j], axes[2].position[i]}));
          if (taps > 1) s.weights.push_back(static_cast<float>(axes[0].weight[k] * axes[1].weight[j] * axes[2].weight[i]));
        }
  return s;
}

void resize_forward(Builder& b, int index) { forward(b, index, "resize", resized(b, index)); }
void resize_backward(Builder& b, int index) { backward(b, index, "resize backward", resized(b, index)); }

}  // namespace striate
