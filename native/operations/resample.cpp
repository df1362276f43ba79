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

// Output o of m has its centre at (o + 1/2) n / m of the n inputs: the input there, or the two beside it by distance.
static AxisTaps axis_taps(int64_t n, int64_t m, bool linear) {
  AxisTaps t = {{}, {}, linear && n != m ? 2 : 1};
  for (int64_t o = 0; o < m; o++) {
    const double at = std::max((static_cast<double>(o) + 0.5) * static_cast<double>(n) / static_cast<double>(m) - 0.5, 0.0);
    const int64_t low = t.taps == 1 ? (2 * o + 1) * n / (2 * m) : std::min(static_cast<int64_t>(at), n - 1);
    const double upper = t.taps == 1 ? 0.0 : at - static_cast<double>(low);
    for (int64_t k = 0; k < t.taps; k++) {
      t.position.push_back(std::min(low + k, n - 1));
      t.weight.push_back(k == 0 ? 1 - upper : upper);
    }
  }
  return t;
}

static Sources resized(const Builder& b, int index) {
  const Spatial in(b.input_shape(index)), out(b.node(index).shape);
  AxisTaps axes[3];
  for (size_t a = 0; a < 3; a++) axes[a] = axis_taps(in.size[a], out.size[a], b.node(index).flag("linear"));
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
