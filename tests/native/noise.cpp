// Random masks and noise, and images seen through an affine map.
#include <algorithm>
#include <cmath>

#include "check.h"

namespace striate::tests {

struct Philox {
  uint32_t c[4];
  void run(uint64_t key) {
    auto k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
      const uint64_t a = uint64_t{0xD2511F53u} * c[0], b = uint64_t{0xCD9E8D57u} * c[2];
      const uint32_t next[4] = {static_cast<uint32_t>(b >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(b),
                                static_cast<uint32_t>(a >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(a)};
      std::copy(next, next + 4, c);
    }
  }
};

constexpr uint64_t SEED = 0x123456789abcdefu, STREAM = 5, STEP = (uint64_t{3} << 32) + 7;
constexpr uint32_t FIRST_IMAGE = 48;

// The four numbers that element i of lane l is drawn from.
static Philox drawn(int64_t i, int l, bool shared) {
  Philox p = {{static_cast<uint32_t>(i / 4), shared ? 0 : FIRST_IMAGE + static_cast<uint32_t>(l), static_cast<uint32_t>(STEP),
               static_cast<uint32_t>(STEP >> 32)}};
  p.run(SEED + STREAM * 0x9E3779B97F4A7C15u);
  return p;
}

// The authors' known answer shows that the reference is Philox, and the kernel must equal the reference to the bit.
static void test_mask(const Kernels& k, int64_t count, float rate, bool shared) {
  Philox known = {{0, 0, 0, 0}};
  known.run(0);
  CHECK(known.c[0] == 0x6627e8d5u && known.c[3] == 0x9b00dbd8u, "%08x ... %08x", known.c[0], known.c[3]);
  std::vector<uint16_t> kept(static_cast<size_t>(count)), expected(kept.size());
  k.draw_mask({SEED, STREAM, STEP, FIRST_IMAGE, shared}, rate, kept.data(), count);
  const auto threshold = static_cast<uint32_t>(static_cast<double>(rate) * 16777216.0);
  int64_t bits = 0;
  for (int64_t i = 0; i < count; i++)
    for (int l = 0; l < k.lanes; l++)
      if (drawn(i, l, shared).c[i % 4] >> 8 >= threshold) {
        bits++;
        expected[static_cast<size_t>(i)] = static_cast<uint16_t>(expected[static_cast<size_t>(i)] | 1 << l);
      }
  CHECK(kept == expected, "a mask of %d at %g", static_cast<int>(count), static_cast<double>(rate));
  const double share = static_cast<double>(bits) / static_cast<double>(count * k.lanes);
  if (count > 100 && !shared) CHECK(std::abs(share - 1 + static_cast<double>(rate)) < 0.05, "%g of the elements are kept", share);
}

// An image [3][4][5], the mask with its own numbers along the axes of `own`.
static void test_spread_mask(const Kernels& k, const bool (&own)[3], Random& random) {
  const int64_t sizes[3] = {3, 4, 5};
  int64_t steps[3] = {}, count = 1;
  for (int a = 2; a >= 0; a--)
    if (own[a]) steps[a] = count, count *= sizes[a];
  std::vector<uint16_t> kept(static_cast<size_t>(count));
  for (auto& mask : kept) mask = static_cast<uint16_t>(random.below(1 << 16));
  const Lanes x(k, 60, random), y(k, 60);
  k.apply_mask({x.data(), y.data(), kept.data(), sizes, steps, 3, 2.0f, 0.5f, -3.0f});
  std::vector<double> expected;
  for (int64_t i = 0; i < 60; i++)
    for (int l = 0; l < k.lanes; l++) {
      const int64_t at = i / 20 * steps[0] + i / 5 % 4 * steps[1] + i % 5 * steps[2];
      expected.push_back(kept[static_cast<size_t>(at)] >> l & 1 ? 2.0 * static_cast<double>(x(i, l)) + 0.5 : -3.0);
    }
  CHECK_CLOSE("a mask over an image", y.values(), expected, 1e-6);
}

static void test_uniform(const Kernels& k, int64_t count) {
  const Lanes u(k, count);
  k.draw_uniform({SEED, STREAM, STEP, FIRST_IMAGE, false}, u.data(), count);
  std::vector<double> expected;
  for (int64_t i = 0; i < count; i++)
    for (int l = 0; l < k.lanes; l++) expected.push_back((drawn(i, l, false).c[i % 4] >> 8) / 16777216.0);
  CHECK_CLOSE("uniform numbers", u.values(), expected, 0);
}

// Box and Muller in double.
static void test_gaussian(const Kernels& k, int64_t count, bool scales, Random& random) {
  const Lanes x(k, count, random), y(k, count);
  k.gaussian({SEED, STREAM, STEP, FIRST_IMAGE, false}, x.data(), y.data(), count, 0.7f, scales);
  std::vector<double> expected;
  for (int64_t i = 0; i < count; i++)
    for (int l = 0; l < k.lanes; l++) {
      const Philox p = drawn(i, l, false);
      const int64_t pair = i % 4 / 2 * 2;
      const double radius = std::sqrt(-2 * std::log((p.c[pair] + 0.5) / 4294967296.0));
      const double angle = 2 * M_PI * (p.c[pair + 1] / 4294967296.0);
      const double n = 0.7 * radius * (i % 2 ? std::sin(angle) : std::cos(angle)), v = static_cast<double>(x(i, l));
      expected.push_back(scales ? v * (1 + n) : v + n);
    }
  CHECK_CLOSE(text("noise on %d numbers", static_cast<int>(count)), y.values(), expected, 4e-6);
}

static int64_t inside(Fill fill, int64_t i, int64_t n) {
  const auto modulo = [](int64_t a, int64_t b) { return (a % b + b) % b; };
  if (fill == Fill::wrap) return modulo(i, n);
  if (fill == Fill::reflect) return modulo(i, 2 * n) < n ? modulo(i, 2 * n) : 2 * n - 1 - modulo(i, 2 * n);
  return std::clamp<int64_t>(i, 0, n - 1);
}

// Each lane its own map; a window of rows that are longer than it. <dy, warp(x)> = <warp_backward(dy), x> for fill value zero.
static void test_warp(const Kernels& k, Fill fill, bool nearest, Random& random) {
  constexpr int64_t HEIGHT = 5, WIDTH = 4, ROW = 6, CHANNELS = 3, OUT[2] = {3, 7};
  const Lanes x(k, HEIGHT * ROW * CHANNELS, random), y(k, OUT[0] * OUT[1] * CHANNELS), dy(k, OUT[0] * OUT[1] * CHANNELS, random);
  const Lanes dx(k, HEIGHT * ROW * CHANNELS), map(k, 6, random, -1.5f, 1.5f);
  Warp w = {x.data(), y.data(), map.data(), {HEIGHT, WIDTH}, ROW, {OUT[0], OUT[1]}, CHANNELS, fill, 0.0f, nearest};
  k.warp(w);
  std::vector<double> expected, gradients(static_cast<size_t>(dx.count()));
  for (int64_t p = 0; p < OUT[0] * OUT[1]; p++)
    for (int64_t c = 0; c < CHANNELS; c++)
      for (int l = 0; l < k.lanes; l++) {
        const auto m = [&](int64_t i) { return static_cast<double>(map(i, l)); };
        const double py = static_cast<double>(p / OUT[1]), px = static_cast<double>(p % OUT[1]);
        const double row = m(0) * py + m(1) * px + m(2), column = m(3) * py + m(4) * px + m(5);
        const auto top = static_cast<int64_t>(nearest ? std::nearbyint(row) : std::floor(row));
        const auto left = static_cast<int64_t>(nearest ? std::nearbyint(column) : std::floor(column));
        double sum = 0;
        for (int64_t tap = 0; tap < (nearest ? 1 : 4); tap++) {
          const int64_t i = top + tap / 2, j = left + tap % 2;
          if (fill == Fill::constant && (i < 0 || i >= HEIGHT || j < 0 || j >= WIDTH)) continue;
          const double weight = nearest ? 1 : (1 - std::abs(row - static_cast<double>(i))) * (1 - std::abs(column - static_cast<double>(j)));
          const int64_t at = (inside(fill, i, HEIGHT) * ROW + inside(fill, j, WIDTH)) * CHANNELS + c;
          sum += weight * static_cast<double>(x(at, l));
          gradients[static_cast<size_t>(at * k.lanes + l)] += weight * static_cast<double>(dy(p * CHANNELS + c, l));
        }
        expected.push_back(sum);
      }
  CHECK_CLOSE(text("warp, fill %d, nearest %d", static_cast<int>(fill), nearest), y.values(), expected, 1e-5);
  w.input = dy.data();
  w.output = dx.data();
  k.fill_zero(dx.data(), HEIGHT * ROW * CHANNELS);
  k.warp_backward(w);
  CHECK_CLOSE(text("warp backward, fill %d, nearest %d", static_cast<int>(fill), nearest), dx.values(), gradients, 1e-5);
}

static void test_adjust(const Kernels& k, bool contrast, Random& random) {
  constexpr int64_t POSITIONS = 300, CHANNELS = 2, COUNT = POSITIONS * CHANNELS;
  const Lanes x(k, COUNT, random), y(k, COUNT), dy(k, COUNT, random), dx(k, COUNT), factors(k, 2, random), means(k, CHANNELS);
  if (!contrast)
    for (int l = 0; l < k.lanes; l++) factors(0, l) = 1;
  Adjustment a = {x.data(), dy.data(), y.data(), factors.data(), contrast ? means.data() : nullptr, POSITIONS, CHANNELS, -0.5f, 0.6f};
  k.adjust(a);
  a.output = dx.data();
  k.adjust_backward(a);
  std::vector<double> expected(static_cast<size_t>(x.count())), gradients(expected.size());
  for (int64_t c = 0; c < CHANNELS; c++)
    for (int l = 0; l < k.lanes; l++) {
      const auto f = static_cast<double>(factors(0, l)), d = static_cast<double>(factors(1, l));
      double mean = 0, through = 0;
      for (int64_t i = c; i < COUNT; i += CHANNELS) mean += static_cast<double>(x(i, l)) / POSITIONS;
      const auto value = [&](int64_t i) { return f * (static_cast<double>(x(i, l)) - mean) + mean + d; };
      const auto passed = [&](int64_t i) { return value(i) < -0.5 || value(i) > 0.6 ? 0.0 : static_cast<double>(dy(i, l)); };
      for (int64_t i = c; i < COUNT; i += CHANNELS) through += passed(i) / POSITIONS;
      for (int64_t i = c; i < COUNT; i += CHANNELS) {
        expected[static_cast<size_t>(i * k.lanes + l)] = std::clamp(value(i), -0.5, static_cast<double>(0.6f));
        gradients[static_cast<size_t>(i * k.lanes + l)] = f * passed(i) + (contrast ? (1 - f) * through : 0);
      }
    }
  CHECK_CLOSE(text("contrast %d and brightness", contrast), y.values(), expected, 2e-6);
  CHECK_CLOSE(text("contrast %d and brightness backward", contrast), dx.values(), gradients, 2e-6);
}

void test_noise(const Kernels& k) {
  Random random(5);
  for (const bool shared : {false, true})
    for (const int64_t count : {1, 2, 3, 4, 5, 203}) test_mask(k, count, 0.25f, shared);
  test_mask(k, 9, 0.0f, false);
  for (const int own : {1, 2, 3, 4, 5, 6, 7}) test_spread_mask(k, {(own & 4) != 0, (own & 2) != 0, (own & 1) != 0}, random);
  for (const int64_t count : {1, 2, 5, 6}) test_uniform(k, count);
  for (const bool scales : {false, true})
    for (const int64_t count : {1, 2, 3, 4, 203}) test_gaussian(k, count, scales, random);
  for (const Fill fill : {Fill::constant, Fill::nearest, Fill::wrap, Fill::reflect})
    for (const bool nearest : {false, true}) test_warp(k, fill, nearest, random);
  for (const bool contrast : {false, true}) test_adjust(k, contrast, random);
}

}  // namespace striate::tests
