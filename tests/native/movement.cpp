// Data movement, pooling and batch normalisation.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "check.h"

namespace striate::tests {

constexpr float NOT_A_NUMBER = std::numeric_limits<float>::quiet_NaN();

// Images of one type, each in memory of its own.
template <class T>
static void test_gather(const Kernels& k, Pixel pixel, int64_t count, int filled, Random& random) {
  std::vector<std::vector<T>> images;
  for (int l = 0; l < filled; l++) {
    std::vector<T> image(static_cast<size_t>(count));
    for (T& value : image) value = static_cast<T>(random(0, 256));
    images.push_back(image);
  }
  std::vector<const void*> from;
  for (const auto& image : images) from.push_back(image.data());
  const Lanes out(k, count);
  k.gather(from.data(), pixel, filled, out.data(), count, 0.5f, -3.0f);
  std::vector<double> expected(static_cast<size_t>(out.count()));
  for (int64_t i = 0; i < count; i++)
    for (int l = 0; l < filled; l++)
      expected[static_cast<size_t>(i * k.lanes + l)] = static_cast<double>(images[static_cast<size_t>(l)][static_cast<size_t>(i)]) * 0.5 - 3;
  CHECK_CLOSE(text("gather of type %d, %d of %d images", static_cast<int>(pixel), filled, k.lanes), out.values(), expected, 1e-6);
}

static void test_scatter(const Kernels& k, int64_t count, int filled, Random& random) {
  const Lanes in(k, count, random);
  std::vector<std::vector<float>> images(static_cast<size_t>(filled), std::vector<float>(static_cast<size_t>(count)));
  std::vector<float*> to;
  for (auto& image : images) to.push_back(image.data());
  k.scatter(in.data(), to.data(), filled, count);
  for (int l = 0; l < filled; l++) {
    std::vector<double> expected;
    for (int64_t i = 0; i < count; i++) expected.push_back(static_cast<double>(in(i, l)));
    CHECK_CLOSE(text("scatter, image %d", l), doubles(images[static_cast<size_t>(l)]), expected, 0);
  }
}

static void test_copies(const Kernels& k, Random& random) {
  constexpr int64_t depth = 2, height = 3, row = 5, in_row = 7, in_depth = 25, out_row = 6, out_depth = 19;
  const Lanes in(k, in_depth + 2 * in_row + row, random), out(k, out_depth + 2 * out_row + row);
  std::vector<double> expected = out.values();
  for (int64_t d = 0; d < depth; d++)
    for (int64_t h = 0; h < height; h++)
      for (int64_t i = 0; i < row; i++)
        for (int l = 0; l < k.lanes; l++)
          expected[static_cast<size_t>((d * out_depth + h * out_row + i) * k.lanes + l)] = static_cast<double>(in(d * in_depth + h * in_row + i, l));
  k.copy_box(in.data(), out.data(), depth, height, row, in_depth, in_row, out_depth, out_row);
  CHECK_CLOSE("copy_box", out.values(), expected, 0);
  k.fill_zero(out.data(), out.count() / k.lanes);
  CHECK_CLOSE("fill_zero", out.values(), std::vector<double>(expected.size()), 0);
}

static void test_select(const Kernels& k, Random& random) {
  constexpr int64_t positions = 3, channels = 4, count = 6;
  const int32_t chosen[count] = {2, 0, 2, 3, 3, 3};  // channel 1 never
  const Lanes x(k, positions * channels, random), y(k, positions * count), dy(k, positions * count, random), dx(k, positions * channels);
  std::vector<double> values(static_cast<size_t>(y.count())), gradients(static_cast<size_t>(dx.count()));
  for (int64_t p = 0; p < positions; p++)
    for (int64_t i = 0; i < count; i++)
      for (int l = 0; l < k.lanes; l++) {
        values[static_cast<size_t>((p * count + i) * k.lanes + l)] = static_cast<double>(x(p * channels + chosen[i], l));
        gradients[static_cast<size_t>((p * channels + chosen[i]) * k.lanes + l)] += static_cast<double>(dy(p * count + i, l));
      }
  k.select(x.data(), y.data(), chosen, count, positions, channels);
  k.select_backward(dy.data(), dx.data(), chosen, count, positions, channels);
  CHECK_CLOSE("select", y.values(), values, 0);
  CHECK_CLOSE("select_backward", dx.values(), gradients, 1e-6);
}

static void test_rows(const Kernels& k, int64_t channels, Random& random) {
  constexpr int64_t positions = 3;
  const int64_t length = (channels + k.lanes - 1) / k.lanes * k.lanes;
  const Lanes in(k, positions * channels, random), rows(k, positions * length);
  k.lanes_to_rows(in.data(), rows.data(), positions, channels, length);
  std::vector<double> expected(static_cast<size_t>(rows.count()));
  for (int64_t p = 0; p < positions; p++)
    for (int l = 0; l < k.lanes; l++)
      for (int64_t c = 0; c < channels; c++)
        expected[static_cast<size_t>((p * k.lanes + l) * length + c)] = static_cast<double>(in(p * channels + c, l));
  CHECK_CLOSE(text("lanes_to_rows of %d channels", static_cast<int>(channels)), rows.values(), expected, 0);
}

template <class T>
static void test_finite(const Kernels& k, Pixel pixel) {
  for (const int64_t count : {0, 1, 5, 17, 4096, 4099}) {
    std::vector<T> values(static_cast<size_t>(count), static_cast<T>(std::numeric_limits<float>::max()));
    CHECK(k.all_finite(values.data(), pixel, count), "%d finite numbers", static_cast<int>(count));
    for (const int64_t place : {int64_t{0}, count / 2, count - 1})
      for (const double bad : {static_cast<double>(NOT_A_NUMBER), HUGE_VAL, -HUGE_VAL, 1e39}) {  // the last too large for float32
        if (count == 0) continue;
        auto spoilt = values;
        spoilt[static_cast<size_t>(place)] = static_cast<T>(bad);
        CHECK(!k.all_finite(spoilt.data(), pixel, count), "%g at %d of %d", bad, static_cast<int>(place), static_cast<int>(count));
      }
  }
}

// A pooling with its tensors, and the input offsets of each window's elements.
struct Pool {
  Pooling p = {};
  std::vector<std::vector<int64_t>> windows;  // [output position], without the channel

  Pool(const int64_t (&in)[3], const int64_t (&window)[3], const int64_t (&stride)[3], const int64_t (&dilation)[3],
       const int64_t (&before)[3], const int64_t (&after)[3], int64_t channels) {
    for (size_t a = 0; a < 3; a++) {
      p.in[a] = in[a], p.window[a] = window[a], p.stride[a] = stride[a], p.dilation[a] = dilation[a], p.before[a] = before[a];
      p.out[a] = (in[a] + before[a] + after[a] - (window[a] - 1) * dilation[a] - 1) / stride[a] + 1;
    }
    p.channels = p.last = channels;
    for (int64_t d = 0; d < p.out[0]; d++)
      for (int64_t h = 0; h < p.out[1]; h++)
        for (int64_t w = 0; w < p.out[2]; w++) windows.push_back(elements({d, h, w}));
  }
  int64_t in_size() const { return p.in[0] * p.in[1] * p.in[2] * p.channels; }
  int64_t out_size() const { return static_cast<int64_t>(windows.size()) * p.channels; }

 private:
  std::vector<int64_t> elements(const std::vector<int64_t>& at) const {
    std::vector<int64_t> result;
    int64_t i[3];
    const auto position = [&](size_t a, int64_t k) { return at[a] * p.stride[a] - p.before[a] + k * p.dilation[a]; };
    for (int64_t z = 0; z < p.window[0]; z++)
      for (int64_t y = 0; y < p.window[1]; y++)
        for (int64_t x = 0; x < p.window[2]; x++) {
          i[0] = position(0, z), i[1] = position(1, y), i[2] = position(2, x);
          if (i[0] >= 0 && i[0] < p.in[0] && i[1] >= 0 && i[1] < p.in[1] && i[2] >= 0 && i[2] < p.in[2])
            result.push_back(((i[0] * p.in[1] + i[1]) * p.in[2] + i[2]) * p.channels);
        }
    return result;
  }
};

static void test_pool(const Kernels& k, Pool pool, bool gated, Random& random) {
  Pooling& p = pool.p;
  const Lanes x(k, pool.in_size()), y(k, pool.out_size()), dy(k, pool.out_size(), random), dx(k, pool.in_size());
  for (int64_t i = 0; i < x.count(); i++) x.data()[i] = static_cast<float>(random.below(5) - 2);  // with many equal maxima
  p.input = x.data(), p.output = y.data(), p.output_gradient = dy.data(), p.input_gradient = dx.data();
  p.gate = gated ? x.data() : nullptr;
  for (const bool average : {false, true}) {
    std::vector<double> values(static_cast<size_t>(y.count())), gradients(static_cast<size_t>(x.count()));
    for (size_t o = 0; o < pool.windows.size(); o++)
      for (int64_t c = 0; c < p.channels; c++)
        for (int l = 0; l < k.lanes; l++) {
          const auto& window = pool.windows[o];
          const auto place = static_cast<size_t>((static_cast<int64_t>(o) * p.channels + c) * k.lanes + l);
          const auto input = [&](int64_t i) { return static_cast<double>(x(i + c, l)); };
          const double g = static_cast<double>(dy.data()[place]), n = static_cast<double>(window.size());
          int64_t best = window[0];
          for (const int64_t i : window) {
            if (input(i) > input(best)) best = i;
            values[place] += input(i) / n;
            if (average && (!gated || input(i) > 0)) gradients[static_cast<size_t>((i + c) * k.lanes + l)] += g / n;
          }
          if (!average) values[place] = input(best);
          if (!average && (!gated || input(best) > 0)) gradients[static_cast<size_t>((best + c) * k.lanes + l)] += g;
        }
    (average ? k.average_pool : k.max_pool)(p);
    (average ? k.average_pool_backward : k.max_pool_backward)(p);
    const auto what = text("%s pool %dx%dx%d", average ? "average" : "max", static_cast<int>(p.window[0]), static_cast<int>(p.window[1]),
                           static_cast<int>(p.window[2]));
    CHECK_CLOSE(what, y.values(), values, 1e-6);
    CHECK_CLOSE(what + (gated ? " backward, gated" : " backward"), dx.values(), gradients, 1e-6);
  }
}

static void test_pools(const Kernels& k, Random& random) {
  for (const bool gated : {false, true}) {
    test_pool(k, Pool({1, 4, 6}, {1, 2, 2}, {1, 2, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, 3), gated, random);  // the usual one
    test_pool(k, Pool({2, 5, 7}, {1, 2, 2}, {1, 2, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, 1), gated, random);  // with a rest
    test_pool(k, Pool({1, 5, 5}, {1, 2, 2}, {1, 2, 2}, {1, 1, 1}, {0, 0, 0}, {0, 1, 1}, 2), gated, random);  // padded after
    test_pool(k, Pool({1, 5, 6}, {1, 3, 3}, {1, 2, 1}, {1, 1, 1}, {0, 1, 1}, {0, 1, 1}, 3), gated, random);  // overlapping
    test_pool(k, Pool({1, 7, 8}, {1, 2, 3}, {1, 1, 1}, {1, 2, 3}, {0, 0, 4}, {0, 1, 3}, 2), gated, random);  // dilated
    test_pool(k, Pool({5, 3, 4}, {3, 2, 1}, {2, 1, 2}, {1, 1, 1}, {1, 1, 0}, {1, 0, 0}, 1), gated, random);  // of volumes
    test_pool(k, Pool({1, 6, 6}, {1, 2, 2}, {1, 3, 3}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, 2), gated, random);  // with gaps
    test_pool(k, Pool({1, 3, 3}, {1, 3, 3}, {1, 3, 3}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, 5), gated, random);  // of everything
  }
  for (const int64_t window : {2, 3}) {  // NaN wins wherever it is in the window
    const Pool pool({1, window, window}, {1, window, window}, {1, 2, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, 1);
    for (int64_t i = 0; i < window * window; i++) {
      Pooling p = pool.p;
      const Lanes x(k, window * window, random), y(k, 1);
      x(i, 1) = NOT_A_NUMBER;
      p.input = x.data(), p.output = y.data();
      k.max_pool(p);
      CHECK(std::isnan(y(0, 1)) && std::isfinite(y(0, 0)), "NaN at %d: maxima %g and %g", static_cast<int>(i),
            static_cast<double>(y(0, 0)), static_cast<double>(y(0, 1)));
    }
  }
}

static void test_moments(const Kernels& k, int64_t channels, int filled, Random& random) {
  constexpr int64_t positions = 5;
  const Lanes x(k, positions * channels, random, 99, 101);  // a mean far from zero
  x.spoil(filled, NOT_A_NUMBER);
  std::vector<float> moments(static_cast<size_t>(2 * channels));
  k.moments(x.data(), positions, channels, 0, channels, filled, moments.data());
  std::vector<double> expected(moments.size());
  for (int64_t c = 0; c < channels; c++) {
    double &mean = expected[static_cast<size_t>(c)], &squares = expected[static_cast<size_t>(channels + c)];
    const auto each = [&](auto visit) {
      for (int64_t p = 0; p < positions; p++)
        for (int l = 0; l < filled; l++) visit(static_cast<double>(x(p * channels + c, l)));
    };
    each([&](double v) { mean += v / static_cast<double>(positions * filled); });
    each([&](double v) { squares += (v - mean) * (v - mean); });
  }
  CHECK_CLOSE(text("moments of %d channels, %d images", static_cast<int>(channels), filled), doubles(moments), expected, 1e-5);
}

static void test_norm(const Kernels& k, int64_t channels, int filled, Random& random) {
  constexpr int64_t positions = 3;
  const Lanes x(k, positions * channels, random), dy(k, positions * channels, random), y(k, positions * channels), dx(k, positions * channels);
  const auto a = random.floats(channels), b = random.floats(channels), factors = random.floats(3 * channels);
  dy.spoil(filled, 0);
  const auto n = static_cast<size_t>(x.count());
  std::vector<double> map(n), with_relu(n), backward(n), frozen(n), sums(static_cast<size_t>(2 * channels));
  for (int64_t i = 0; i < positions * channels; i++)
    for (int l = 0; l < k.lanes; l++) {
      const auto c = static_cast<size_t>(i % channels), at = static_cast<size_t>(i * k.lanes + l), cs = static_cast<size_t>(channels);
      const double v = static_cast<double>(x(i, l)), g = static_cast<double>(dy(i, l));
      map[at] = v * static_cast<double>(a[c]) + static_cast<double>(b[c]);
      with_relu[at] = std::max(map[at], 0.0);
      sums[c] += g;
      sums[cs + c] += g * (v - static_cast<double>(a[c])) * static_cast<double>(b[c]);
      frozen[at] = g * static_cast<double>(factors[c]);
      if (l < filled) backward[at] = frozen[at] + v * static_cast<double>(factors[cs + c]) + static_cast<double>(factors[2 * cs + c]);
    }
  k.scale_shift(x.data(), y.data(), positions, channels, a.data(), b.data(), false);
  CHECK_CLOSE("scale_shift", y.values(), map, 1e-6);
  k.scale_shift(x.data(), y.data(), positions, channels, a.data(), b.data(), true);
  CHECK_CLOSE("scale_shift with ReLU", y.values(), with_relu, 1e-6);
  std::vector<float> got(sums.size());
  k.norm_sums(x.data(), dy.data(), positions, channels, 0, channels, a.data(), b.data(), got.data());
  CHECK_CLOSE("norm_sums", doubles(got), sums, 1e-5);
  k.norm_backward(x.data(), dy.data(), dx.data(), positions, channels, factors.data(), filled);
  CHECK_CLOSE("norm_backward", dx.values(), backward, 1e-6);
  k.norm_backward(nullptr, dy.data(), dx.data(), positions, channels, factors.data(), filled);
  CHECK_CLOSE("norm_backward, frozen", dx.values(), frozen, 1e-6);
}

void test_movement(const Kernels& k) {
  Random random(3);
  for (const int filled : {1, 3, k.lanes - 1, k.lanes})
    for (const int64_t count : {1, 2, 7, 35}) {
      test_gather<uint8_t>(k, Pixel::uint8, count, filled, random);
      test_gather<float>(k, Pixel::float32, count, filled, random);
      test_gather<double>(k, Pixel::float64, count, filled, random);
      test_scatter(k, count, filled, random);
    }
  test_copies(k, random);
  test_select(k, random);
  for (const int64_t channels : {1, 3, 7, 8, 9, 15, 16, 17, 33}) test_rows(k, channels, random);
  test_finite<float>(k, Pixel::float32);
  test_finite<double>(k, Pixel::float64);
  CHECK(k.all_finite("images", Pixel::uint8, 6), "bytes are finite");
  test_pools(k, random);
  for (const int64_t channels : {1, 3, 4, 5, 9})
    for (const int filled : {1, k.lanes - 1, k.lanes}) {
      test_moments(k, channels, filled, random);
      test_norm(k, channels, filled, random);
    }
}

}  // namespace striate::tests
