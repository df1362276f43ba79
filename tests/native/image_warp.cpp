// Photographs through affine maps, against the formula in double, position by position.
#include "image_warp.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "network.h"

namespace striate::tests {

constexpr float NONE = std::numeric_limits<float>::quiet_NaN();

// The coordinate within [0, n - 1] that stands for c, as scipy.ndimage has it.
static double inside(Fill fill, double c, double n) {
  if (fill == Fill::reflect) {
    c = std::fmod(std::fmod(c, 2 * n) + 2 * n, 2 * n);
    c = c < n ? c : 2 * n - 1 - c;
  }
  if (fill == Fill::wrap && n > 1) {
    while (c < 0) c += n - 1;
    while (c > n - 1) c -= n - 1;
  }
  return std::clamp(c, 0.0, n - 1);
}

struct Picture {
  int64_t height, width, channels;
  std::vector<float> values;
  double at(int64_t y, int64_t x, int64_t c) const {
    const int64_t row = std::min(y, height - 1), column = std::min(x, width - 1);
    return static_cast<double>(values[static_cast<size_t>((row * width + column) * channels + c)]);
  }
};

static double sample(const Picture& p, Fill fill, double fill_value, bool nearest, double y, double x, int64_t c) {
  const auto height = static_cast<double>(p.height), width = static_cast<double>(p.width);
  if (fill == Fill::constant && !(y >= 0 && y <= height - 1 && x >= 0 && x <= width - 1)) return fill_value;
  y = inside(fill, y, height);
  x = inside(fill, x, width);
  if (nearest) return p.at(static_cast<int64_t>(std::floor(y + 0.5)), static_cast<int64_t>(std::floor(x + 0.5)), c);
  const auto top = static_cast<int64_t>(y), left = static_cast<int64_t>(x);
  const double down = y - static_cast<double>(top), right = x - static_cast<double>(left);
  return (1 - down) * ((1 - right) * p.at(top, left, c) + right * p.at(top, left + 1, c)) +
         down * ((1 - right) * p.at(top + 1, left, c) + right * p.at(top + 1, left + 1, c));
}

static Picture random_picture(int64_t height, int64_t width, int64_t channels, Random& random) {
  Picture p = {height, width, channels, random.floats(height * width * channels, 0, 256)};
  for (float& value : p.values) value = std::floor(value);
  return p;
}

// One image in memory of exactly its size, as bytes or floats.
static std::vector<float> warped(const Kernels& k, const Picture& p, bool bytes, const double* matrix, Fill fill, bool nearest,
                                 float shift = NONE, float brightness = NONE, float scale = 1) {
  const std::vector<uint8_t> as_bytes(p.values.begin(), p.values.end());
  std::vector<float> output(p.values.size(), -77), room(static_cast<size_t>(((p.height + 1) * p.width + 1) * p.channels + 4), NONE);
  const void* image = bytes ? static_cast<const void*>(as_bytes.data()) : p.values.data();
  k.warp_image({image, bytes ? Pixel::uint8 : Pixel::float32, output.data(), room.data(), matrix, p.height, p.width, p.channels, 0, p.height, fill,
                -3.0f, nearest, shift, brightness, scale});
  return output;
}

static void test_maps(const Kernels& k, const Picture& p, Fill fill, bool nearest, Random& random) {
  const auto height = static_cast<double>(p.height), width = static_cast<double>(p.width);
  const double identity[] = {1, 0, 0, 0, 1, 0}, mirrors[] = {-1, 0, height - 1, 0, -1, width - 1}, moved[] = {1, 0, 1.5, 0, 1, -0.25};
  double turned[6];
  for (int i = 0; i < 6; i++) turned[i] = identity[i] + static_cast<double>(random(-0.6f, 0.6f)) * (i % 3 == 2 ? height + width : 1);
  for (const double* m : {identity, mirrors, moved, static_cast<const double*>(turned)}) {
    std::vector<double> expected;
    for (int64_t y = 0; y < p.height; y++)
      for (int64_t x = 0; x < p.width; x++)
        for (int64_t c = 0; c < p.channels; c++) {
          const auto row = static_cast<double>(y), column = static_cast<double>(x);
          expected.push_back(sample(p, fill, -3, nearest, m[0] * row + m[1] * column + m[2], m[3] * row + m[4] * column + m[5], c));
        }
    for (const bool bytes : {false, true})
      CHECK_CLOSE(text("image %dx%dx%d, fill %d, nearest %d, bytes %d", static_cast<int>(p.height), static_cast<int>(p.width),
                       static_cast<int>(p.channels), static_cast<int>(fill), nearest, bytes),
                  doubles(warped(k, p, bytes, m, fill, nearest)), expected, 1e-5);
  }
}

// Maps that lead nowhere stay within the image or give the fill value.
static void test_far_maps(const Kernels& k, const Picture& p, Fill fill, bool nearest) {
  constexpr double HUGE_NUMBER = 1e300, INFINITE = std::numeric_limits<double>::infinity();
  for (const double v : {HUGE_NUMBER, -HUGE_NUMBER, 1e10, INFINITE, -INFINITE, std::numeric_limits<double>::quiet_NaN()}) {
    const double scaled[] = {v, 0, 0, 0, v, 0}, moved[] = {1, 0, v, 0, 1, v}, all[] = {v, v, v, v, v, v};
    for (const double* m : {scaled, moved, all}) {
      const std::vector<float> made = warped(k, p, true, m, fill, nearest);
      const bool within = std::all_of(made.begin(), made.end(), [](float x) { return (x >= 0 && x <= 255) || x == -3.0f; });
      CHECK(within, "a map of %g, fill %d", v, static_cast<int>(fill));
    }
  }
}

static void test_intensity(const Kernels& k, const Picture& p) {
  const auto [low, high] = std::minmax_element(p.values.begin(), p.values.end());
  std::vector<double> shifted, brighter;
  for (size_t i = 0; i < p.values.size(); i++) {
    const double v = static_cast<double>(p.values[i]);
    shifted.push_back(0.5 * std::clamp(v + 40, static_cast<double>(*low), static_cast<double>(*high)));
    const bool alpha = p.channels == 4 && i % 4 == 3;
    brighter.push_back(alpha ? v : std::floor(std::min(v * 1.5, 255.0)));
  }
  CHECK_CLOSE("channel shift and scale", doubles(warped(k, p, true, nullptr, Fill::nearest, false, 40, NONE, 0.5f)), shifted, 1e-6);
  CHECK_CLOSE("brightness", doubles(warped(k, p, false, nullptr, Fill::nearest, false, NONE, 1.5f)), brighter, 1e-6);
}

// A program that makes images as it reads them reads what is made before; batches of fewer packs than threads share each one out.
static void test_reading(const Kernels& k, const WarpedImages& block, const std::vector<float>& made) {
  Network n(3);
  const int in = n.input({block.height, block.width, block.channels});
  n.graph.outputs = {n.relu(in)};
  Examples examples;
  examples.images.push_back({nullptr, Pixel::float32, 0, &block});
  examples.count = block.count;
  for (const int threads : {1, 2, 5})
    for (const int64_t batch : {int64_t{3}, int64_t{9}, block.count}) {
      Program program(n.graph, {}, 1, k, std::make_shared<ThreadPool>(threads));
      Values values(n, {in}, block.count);
      program.read(examples, batch, {in}, false, 0, values.sinks);
      CHECK(values.arrays[0] == made, "read in batches of %d by %d threads", static_cast<int>(batch), threads);
    }
}

// A block is its images one by one, on any number of threads; indices beyond it are refused.
static void test_blocks(const Kernels& k, Random& random) {
  constexpr int64_t n = 5, count = 41, height = 23, width = 31, channels = 3, size = height * width * channels;
  const std::vector<float> images = random.floats(n * size, 0, 255);
  std::vector<double> matrices;
  std::vector<int64_t> order;
  for (int64_t i = 0; i < count; i++) {
    order.push_back(random.below(n));
    for (int j = 0; j < 6; j++) matrices.push_back((j % 4 == 0 ? 1.0 : 0.0) + static_cast<double>(random(-0.3f, 0.3f)));
  }
  std::vector<std::vector<float>> outputs;
  const WarpedImages block = {reinterpret_cast<const char*>(images.data()), Pixel::float32, n, height, width, channels, order.data(), count,
                              matrices.data(), nullptr, nullptr, Fill::reflect, 0, false, 1};
  for (const int threads : {1, 2, 5}) {
    outputs.emplace_back(static_cast<size_t>(count * size));
    ThreadPool pool(threads);
    warp_images(block, outputs.back().data(), k, pool);
    CHECK(outputs.back() == outputs.front(), "%d threads", threads);
  }
  Picture last = {height, width, channels, std::vector<float>(images.begin() + order.back() * size, images.begin() + (order.back() + 1) * size)};
  CHECK(std::equal(outputs[0].end() - size, outputs[0].end(), warped(k, last, false, matrices.data() + 6 * (count - 1), Fill::reflect, false).begin()),
        "the last image of a block is that image alone (%d)", 0);
  test_reading(k, block, outputs.front());
  for (const int64_t wrong : {n, int64_t{-1}}) {
    order[7] = wrong;
    bool refused = false;
    ThreadPool pool(1);
    try {
      warp_images(block, outputs.back().data(), k, pool);
    } catch (const std::exception&) {
      refused = true;
    }
    CHECK(refused, "index %d", static_cast<int>(wrong));
  }
}

void test_image_warp(const Kernels& k) {
  Random random(17);
  const int64_t shapes[][3] = {{7, 9, 1}, {5, 70, 3}, {66, 4, 4}, {6, 5, 2}, {4, 7, 5}, {3, 4, 9}, {1, 1, 3}, {1, 5, 1}, {2, 1, 4}};
  for (const auto& [height, width, channels] : shapes) {
    const Picture p = random_picture(height, width, channels, random);
    for (const Fill fill : {Fill::constant, Fill::nearest, Fill::wrap, Fill::reflect})
      for (const bool nearest : {false, true}) {
        test_maps(k, p, fill, nearest, random);
        test_far_maps(k, p, fill, nearest);
      }
    test_intensity(k, p);
  }
  test_blocks(k, random);
}

}  // namespace striate::tests
