// Tables of places in memory, for operations that repeat over some axes or sum over them. Offsets count lane vectors.
#pragma once
#include <vector>

#include "../graph.h"

namespace striate {

using Offsets = std::vector<int64_t>;

// How far one step along each axis moves in a tensor in row order.
inline Shape row_steps(const Shape& shape) {
  Shape steps(shape.size(), 1);
  for (size_t axis = shape.size(); axis-- > 1;) steps[axis - 1] = steps[axis] * shape[axis];
  return steps;
}

// The same for a tensor repeated to fill `to`: its axes are the last ones of `to`, those of size one do not move.
inline Shape repeated_steps(const Shape& shape, const Shape& to) {
  const Shape own = row_steps(shape);
  Shape steps(to.size(), 0);
  const size_t missing = to.size() - shape.size();
  for (size_t axis = 0; axis < shape.size(); axis++)
    if (shape[axis] != 1) steps[missing + axis] = own[axis];
  return steps;
}

// Where the elements of a box lie, in row order.
inline Offsets offsets_of(const Shape& sizes, const Shape& steps) {
  Offsets result = {0};
  for (size_t axis = 0; axis < sizes.size(); axis++) {
    Offsets longer;
    longer.reserve(result.size() * static_cast<size_t>(sizes[axis]));
    for (int64_t start : result)
      for (int64_t i = 0; i < sizes[axis]; i++) longer.push_back(start + i * steps[axis]);
    result = std::move(longer);
  }
  return result;
}

// Axes of `shape` that are, or are not, among `axes`.
inline std::vector<bool> chosen_axes(const Shape& shape, const std::vector<double>& axes) {
  std::vector<bool> chosen(shape.size(), false);
  for (double axis : axes) chosen.at(static_cast<size_t>(axis)) = true;
  return chosen;
}

// Offsets of the elements along the axes where `chosen` is `which`, the other axes at their start.
inline Offsets offsets_along(const Shape& shape, const std::vector<bool>& chosen, bool which) {
  const Shape all = row_steps(shape);
  Shape sizes, steps;
  for (size_t axis = 0; axis < shape.size(); axis++)
    if (chosen[axis] == which) {
      sizes.push_back(shape[axis]);
      steps.push_back(all[axis]);
    }
  return offsets_of(sizes, steps);
}

// A box as rows: the last axes along which each of some tensors either moves through its memory or stands still.
struct Rows {
  int64_t rows = 1, width = 1;
  std::vector<Offsets> starts;  // of each tensor
  std::vector<int64_t> step;    // 1: moves, 0: stands still

  Rows(const Shape& box, const std::vector<Shape>& steps) : step(steps.size(), 1) {
    size_t axis = box.size();
    for (bool first = true; axis > 0; axis--) {
      if (box[axis - 1] == 1) continue;
      if (first)
        for (size_t t = 0; t < steps.size(); t++) step[t] = steps[t][axis - 1] != 0;
      bool same = true;
      for (size_t t = 0; t < steps.size(); t++) same = same && steps[t][axis - 1] == step[t] * width;
      if (!same) break;
      first = false;
      width *= box[axis - 1];
    }
    const auto leading = [axis](const Shape& all) { return Shape(all.begin(), all.begin() + static_cast<int64_t>(axis)); };
    rows = elements(leading(box));
    for (const Shape& own : steps) starts.push_back(offsets_of(leading(box), leading(own)));
  }
};

}  // namespace striate
