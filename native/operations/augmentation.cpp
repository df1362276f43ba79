// Random changes of images in training. Each image's own map or factors are drawn by the forward pass and kept for the backward.
#include <algorithm>
#include <array>
#include <cmath>

#include "../builder.h"

namespace striate {

// From `low` to `high`, by a number from 0 to 1.
struct Range {
  double low = 0, high = 0;

  Range(const Node& n, const char* attribute) : low(n.list(attribute).at(0)), high(n.list(attribute).at(1)) {}
  double at(float u) const { return low + (high - low) * static_cast<double>(u); }
};

static uint64_t stream_of(const Node& n) { return static_cast<uint64_t>(n.number("stream")); }

// m0 ... m5 of `Warp::matrix`.
using Map = std::array<double, 6>;

// Appends the drawing of `draws` uniform numbers for each image, of which `map_of(u)` makes its map.
template <class MapOf>
static int map_phase(Builder& b, int index, int draws, MapOf map_of) {
  const int buffer = b.kept[index] = b.plan.buffer(std::max(draws, 6));
  b.plan.per_pack("draw maps", {buffer}, [=, stream = stream_of(b.node(index))](const Work& w) {
    const int lanes = w.plan.kernels.lanes;
    float* numbers = w.at(buffer);
    w.plan.kernels.draw_uniform(random_key(w, stream, false), numbers, draws);
    for (int l = 0; l < lanes; l++) {
      float u[6];
      for (int k = 0; k < draws; k++) u[k] = numbers[k * lanes + l];
      const Map map = map_of(u);
      for (size_t k = 0; k < map.size(); k++) numbers[k * static_cast<size_t>(lanes) + static_cast<size_t>(l)] = static_cast<float>(map[k]);
    }
  });
  return buffer;
}

static void warp_phase(Builder& b, int index, const Warp& warp, int from, int to, int64_t in_start) {
  b.plan.per_pack("warp", {from, to, b.kept.at(index)}, [=, maps = b.kept.at(index)](const Work& w) {
    Warp run = warp;
    run.input = w.at(from) + in_start * w.plan.kernels.lanes;
    run.output = w.at(to);
    run.matrix = w.at(maps);
    w.plan.kernels.warp(run);
  });
}

static void warp_backward_phase(Builder& b, int index, const Warp& warp, int64_t in_start) {
  const int dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx < 0) return;
  const int64_t size = elements(b.input_shape(index));
  b.plan.per_pack("warp backward", {dy, dx, b.kept.at(index)}, [=, maps = b.kept.at(index)](const Work& w) {
    Warp run = warp;
    run.input = w.at(dy);
    run.output = w.at(dx) + in_start * w.plan.kernels.lanes;
    run.matrix = w.at(maps);
    w.plan.kernels.fill_zero(w.at(dx), size);
    w.plan.kernels.warp_backward(run);
  });
}

// Rotation, zoom, shift and flip about the middle of the image: input position = middle + R Z F (p - middle) - shift.
struct Warping {
  Range rotation, height_zoom, width_zoom, height_shift, width_shift;
  bool one_zoom, flip_rows, flip_columns;
  double height, width;

  explicit Warping(const Node& n)
      : rotation(n, "rotation"), height_zoom(n, "height_zoom"), width_zoom(n, n.flag("one_zoom") ? "height_zoom" : "width_zoom"),
        height_shift(n, "height_shift"), width_shift(n, "width_shift"), one_zoom(n.flag("one_zoom")), flip_rows(n.flag("flip_rows")),
        flip_columns(n.flag("flip_columns")), height(static_cast<double>(n.shape[0])), width(static_cast<double>(n.shape[1])) {}

  Map map(const float* u) const {
    const double angle = 2.0 * 3.14159265358979323846 * rotation.at(u[0]), cosine = std::cos(angle), sine = std::sin(angle);
    const bool flips = u[5] < 0.5f;
    const double zy = height_zoom.at(u[1]) * (flip_rows && flips ? -1 : 1);
    const double zx = width_zoom.at(u[one_zoom ? 1 : 2]) * (flip_columns && flips ? -1 : 1);
    const double my = (height - 1) / 2, mx = (width - 1) / 2;
    const double yy = cosine * zy, yx = sine * zx, xy = -sine * zy, xx = cosine * zx;
    return {yy, yx, my - yy * my - yx * mx - height_shift.at(u[3]) * height,
            xy, xx, mx - xy * my - xx * mx - width_shift.at(u[4]) * width};
  }
};

static Warp warp_of(const Node& n) {
  Warp w = {};
  for (size_t a = 0; a < 2; a++) w.in[a] = w.out[a] = n.shape[a];
  w.in_row = n.shape[1];
  w.channels = n.channels();
  w.fill = static_cast<Fill>(static_cast<int>(n.number("fill_mode")));
  w.fill_value = n.real("fill_value");
  w.nearest = n.flag("nearest");
  return w;
}

void random_warp_forward(Builder& b, int index) {
  const Node& n = b.node(index);
  if (!b.purpose.training) return copy_phase(b, b.input_value(index), b.value(index), n.size());
  map_phase(b, index, 6, [warping = Warping(n)](const float* u) { return warping.map(u); });
  warp_phase(b, index, warp_of(n), b.input_value(index), b.value(index), 0);
}

void random_warp_backward(Builder& b, int index) {
  const Node& n = b.node(index);
  if (b.purpose.training) return warp_backward_phase(b, index, warp_of(n), 0);
  const int dx = b.input_gradient(index);
  if (dx >= 0) copy_phase(b, b.output_gradient(index), dx, n.size());
}

// The window of an image that becomes the output: anywhere and of its size, or in the middle, as large as possible, and resized.
struct Cropping {
  bool random;
  int64_t start[2] = {0, 0};
  double room[2], step[2], first[2];  // offsets to choose from; resized: input position = first + step * output position
  Warp warp = {};

  Cropping(const Builder& b, int index) {
    const Shape &in = b.input_shape(index), &out = b.node(index).shape;
    random = b.purpose.training && !b.node(index).flag("fixed") && in[0] > out[0] && in[1] > out[1];
    const int64_t largest[2] = {std::clamp<int64_t>(in[1] * out[0] / out[1], 1, in[0]), std::clamp<int64_t>(in[0] * out[1] / out[0], 1, in[1])};
    for (size_t a = 0; a < 2; a++) {
      const int64_t window = random ? in[a] : largest[a];
      start[a] = (in[a] - window) / 2;
      room[a] = static_cast<double>(in[a] - out[a] + 1);
      step[a] = static_cast<double>(window) / static_cast<double>(out[a]);
      first[a] = 0.5 * step[a] - 0.5;
      warp.in[a] = window;
      warp.out[a] = out[a];
    }
    warp.in_row = in[1];
    warp.channels = out[2];
    warp.fill = Fill::nearest;
    warp.nearest = random;
  }
  int64_t in_start() const { return (start[0] * warp.in_row + start[1]) * warp.channels; }

  Map map(const float* u) const {
    if (!random) return {step[0], 0, first[0], 0, step[1], first[1]};
    return {1, 0, std::floor(u[0] * room[0]), 0, 1, std::floor(u[1] * room[1])};
  }
};

void random_crop_forward(Builder& b, int index) {
  const Cropping cropping(b, index);
  map_phase(b, index, 2, [=](const float* u) { return cropping.map(u); });
  warp_phase(b, index, cropping.warp, b.input_value(index), b.value(index), cropping.in_start());
}

void random_crop_backward(Builder& b, int index) {
  const Cropping cropping(b, index);
  warp_backward_phase(b, index, cropping.warp, cropping.in_start());
}

// The buffer begins with contrast and brightness; the channels' means follow.
struct Adjusting {
  Range contrast, brightness;
  bool means;
  Adjustment adjustment = {};

  explicit Adjusting(const Node& n) : contrast(n, "contrast"), brightness(n, "brightness"), means(contrast.low != 1 || contrast.high != 1) {
    const Range values(n, "value_range");
    adjustment.channels = n.channels();
    adjustment.positions = n.size() / n.channels();
    adjustment.low = static_cast<float>(values.low);
    adjustment.high = static_cast<float>(values.high);
  }
  Adjustment at(const Work& w, int factors) const {
    Adjustment run = adjustment;
    run.factors = w.at(factors);
    run.means = means ? w.at(factors) + 2 * w.plan.kernels.lanes : nullptr;
    return run;
  }
};

void random_adjust_forward(Builder& b, int index) {
  const Node& n = b.node(index);
  const int x = b.input_value(index), y = b.value(index);
  if (!b.purpose.training) return copy_phase(b, x, y, n.size());
  const int factors = b.kept[index] = b.plan.buffer(2 + n.channels());
  b.plan.per_pack("adjust", {x, y, factors}, [=, adjusting = Adjusting(n), stream = stream_of(n)](const Work& w) {
    const int lanes = w.plan.kernels.lanes;
    float* drawn = w.at(factors);
    w.plan.kernels.draw_uniform(random_key(w, stream, false), drawn, 2);
    for (int l = 0; l < lanes; l++) {
      drawn[l] = static_cast<float>(adjusting.contrast.at(drawn[l]));
      drawn[lanes + l] = static_cast<float>(adjusting.brightness.at(drawn[lanes + l]));
    }
    Adjustment run = adjusting.at(w, factors);
    run.input = w.at(x);
    run.output = w.at(y);
    w.plan.kernels.adjust(run);
  });
}

void random_adjust_backward(Builder& b, int index) {
  const Node& n = b.node(index);
  const int x = b.input_value(index), dy = b.output_gradient(index), dx = b.input_gradient(index);
  if (dx < 0) return;
  if (!b.purpose.training) return copy_phase(b, dy, dx, n.size());
  const int factors = b.kept.at(index);
  b.plan.per_pack("adjust backward", {x, dy, dx, factors}, [=, adjusting = Adjusting(n)](const Work& w) {
    Adjustment run = adjusting.at(w, factors);
    run.input = w.at(x);
    run.output_gradient = w.at(dy);
    run.output = w.at(dx);
    w.plan.kernels.adjust_backward(run);
  });
}

}  // namespace striate
