// Shapes with one to three spatial dimensions, seen as three: missing ones, on the left, are of size one.
#pragma once
#include <array>
#include <vector>

#include "../graph.h"

namespace striate {

using Axes = std::array<int64_t, 3>;

inline Axes axes_of(const std::vector<double>& values, int64_t missing) {
  Axes axes = {missing, missing, missing};
  const size_t start = 3 - values.size();
  for (size_t i = 0; i < values.size(); i++) axes[start + i] = static_cast<int64_t>(values[i]);
  return axes;
}

// A tensor [depth][height][width][channels]; steps count elements.
struct Spatial {
  Axes size;
  int64_t channels;

  Spatial(const Axes& size, int64_t channels) : size(size), channels(channels) {}
  explicit Spatial(const Shape& shape) : size({1, 1, 1}), channels(shape.back()) {
    const size_t rank = shape.size() - 1;
    for (size_t i = 0; i < rank; i++) size[3 - rank + i] = shape[i];
  }
  int64_t row() const { return size[2] * channels; }
  int64_t plane() const { return size[1] * row(); }
  int64_t positions() const { return size[0] * size[1] * size[2]; }
  int64_t elements() const { return positions() * channels; }
  int64_t step(int axis) const { return axis == 0 ? plane() : axis == 1 ? row() : channels; }
  int64_t offset(const Axes& at) const { return at[0] * plane() + at[1] * row() + at[2] * channels; }
};

}  // namespace striate
