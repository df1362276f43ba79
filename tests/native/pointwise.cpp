// Elementwise functions with their derivatives, softmax and penalties.
#include <algorithm>
#include <cmath>
#include <limits>

#include "check.h"

namespace striate::tests {

constexpr double INFINITE = std::numeric_limits<double>::infinity();

static double sigmoid(double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
static double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
static double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

static double function(const ActivationOptions& o, double x) {
  const double alpha = static_cast<double>(o.alpha), threshold = static_cast<double>(o.threshold), scale = 1.0507009873554805, selu = 1.6732632423543772;
  if (std::isnan(x)) return x;
  switch (o.function) {
    case Function::relu: return std::min(x >= threshold ? x : alpha == 0 ? 0 : alpha * (x - threshold), static_cast<double>(o.max_value));
    case Function::leaky_relu: return x > 0 ? x : alpha * x;
    case Function::elu: return x > 0 ? x : alpha * std::expm1(x);
    case Function::selu: return scale * (x > 0 ? x : selu * std::expm1(x));
    case Function::sigmoid: return sigmoid(x);
    case Function::tanh: return std::tanh(x);
    case Function::softplus: return softplus(x);
    case Function::softsign: return x / (1 + std::abs(x));
    case Function::silu: return x * sigmoid(x);
    case Function::exponential: return std::exp(x);
    case Function::hard_sigmoid: return std::clamp(x / 6 + 0.5, 0.0, 1.0);
    case Function::gelu: return x * normal_cdf(x);
    case Function::gelu_tanh: return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case Function::mish: return x * std::tanh(softplus(x));
    case Function::hard_silu: return x * std::clamp(x / 6 + 0.5, 0.0, 1.0);
    case Function::hard_shrink: return std::abs(x) > threshold ? x : 0;
    case Function::soft_shrink: return x > threshold ? x - threshold : x < -threshold ? x + threshold : 0;
    case Function::tanh_shrink: return x - std::tanh(x);
    case Function::squareplus: return x > 0 ? (x + std::sqrt(x * x + alpha)) / 2 : alpha / (std::sqrt(x * x + alpha) - x) / 2;
    case Function::sparse_plus: return x >= 1 ? x : x <= -1 ? 0 : (x + 1) * (x + 1) / 4;
    case Function::threshold: return x > threshold ? x : alpha;
    case Function::sqrt: return std::sqrt(x);
    case Function::log: return std::log(x);
    case Function::reciprocal: return 1 / x;
    case Function::step: return x > 0 ? 1 : 0;
  }
  return 0;
}

static double slope(const ActivationOptions& o, double x) {
  const double alpha = static_cast<double>(o.alpha), threshold = static_cast<double>(o.threshold), s = sigmoid(x), scale = 1.0507009873554805, selu = 1.6732632423543772;
  switch (o.function) {
    case Function::relu: return x > threshold ? (x < static_cast<double>(o.max_value) ? 1 : 0) : alpha;
    case Function::leaky_relu: return x > 0 ? 1 : alpha;
    case Function::elu: return x > 0 ? 1 : alpha * std::exp(x);
    case Function::selu: return scale * (x > 0 ? 1 : selu * std::exp(x));
    case Function::sigmoid: return s * (1 - s);
    case Function::tanh: return 1 - std::tanh(x) * std::tanh(x);
    case Function::softplus: return s;
    case Function::softsign: return 1 / ((1 + std::abs(x)) * (1 + std::abs(x)));
    case Function::silu: return s * (1 + x * (1 - s));
    case Function::exponential: return std::exp(x);
    case Function::hard_sigmoid: return std::abs(x) < 3 ? 1.0 / 6 : 0;
    case Function::gelu: return normal_cdf(x) + x * std::exp(-0.5 * x * x) / std::sqrt(2 * M_PI);
    case Function::gelu_tanh: {
      const double c = std::sqrt(2 / M_PI), t = std::tanh(c * (x + 0.044715 * x * x * x));
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * c * (1 + 3 * 0.044715 * x * x);
    }
    case Function::mish: {
      const double t = std::tanh(softplus(x));
      return t + x * s * (1 - t * t);
    }
    case Function::hard_silu: return x > 3 ? 1 : x < -3 ? 0 : x / 3 + 0.5;
    case Function::hard_shrink: case Function::soft_shrink: return std::abs(x) > threshold ? 1 : 0;
    case Function::tanh_shrink: return std::tanh(x) * std::tanh(x);
    case Function::squareplus: return 0.5 + 0.5 * x / std::sqrt(x * x + alpha);
    case Function::sparse_plus: return x >= 1 ? 1 : x <= -1 ? 0 : (x + 1) / 2;
    case Function::threshold: return x > threshold ? 1 : 0;
    case Function::sqrt: return 0.5 / std::sqrt(x);
    case Function::log: return 1 / x;
    case Function::reciprocal: return -1 / (x * x);
    case Function::step: return 0;
  }
  return 0;
}

static double to_float(double x) { return static_cast<double>(static_cast<float>(x)); }  // what overflows becomes infinite

static void test_activation(const Kernels& k, const ActivationOptions& o, Random& random) {
  std::vector<float> numbers = {0.0f, -0.0f, 1e-38f, -1e-38f, 1e-8f, -1e-8f, 1e-3f, -1e-3f, 0.624f, 0.626f, -0.624f, -0.626f, 1, -1, 2.999f, 3.001f,
                                -3.001f, 6.5f, -6.5f, 20, -20, 87.2f, -87.2f, 87.4f, -87.4f, 88.7f, -88.7f, 89, -89, 104, -104, 1e4f, -1e4f};
  for (int i = 0; i < 40; i++) numbers.push_back(random(-6, 6));
  const size_t moderate = numbers.size();  // beyond these slopes need not be defined: infinity times zero
  const float nan = std::numeric_limits<float>::quiet_NaN();
  numbers.insert(numbers.end(), {nan, 1e15f, -1e15f, std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()});
  if (o.function != Function::mish && o.function != Function::silu && o.function != Function::gelu && o.function != Function::gelu_tanh &&
      o.function != Function::softsign)  // there minus infinity times zero, and infinity by infinity
    numbers.insert(numbers.end(), {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()});
  const int64_t count = (static_cast<int64_t>(numbers.size()) + k.lanes - 1) / k.lanes;
  numbers.resize(static_cast<size_t>(count * k.lanes), 0.25f);
  const Lanes x(k, count), y(k, count), dy(k, count, random), dx(k, count);
  std::copy(numbers.begin(), numbers.end(), x.data());
  k.activate(o, x.data(), y.data(), count);
  k.activate_backward(o, x.data(), y.data(), dy.data(), dx.data(), count);
  std::vector<double> values, gradients, got = dx.values();
  for (const float number : numbers) values.push_back(to_float(function(o, static_cast<double>(number))));
  CHECK_CLOSE(text("activation %d", static_cast<int>(o.function)), y.values(), values, 2e-6);
  for (size_t i = 0; i < moderate; i++)
    gradients.push_back(to_float(to_float(slope(o, static_cast<double>(numbers[i]))) * static_cast<double>(dy.data()[i])));
  got.resize(moderate);
  CHECK_CLOSE(text("activation %d backward", static_cast<int>(o.function)), got, gradients, 3e-6);
}

static void test_activations(const Kernels& k, Random& random) {
  const float none = std::numeric_limits<float>::infinity();
  for (int f = 0; f <= static_cast<int>(Function::step); f++) test_activation(k, {static_cast<Function>(f), 0.3f, none, 0}, random);
  test_activation(k, {Function::relu, 0, none, 0}, random);
  test_activation(k, {Function::relu, 0.1f, 6, 0.5f}, random);
  for (const Function f : {Function::hard_shrink, Function::soft_shrink, Function::threshold}) test_activation(k, {f, -2.5f, none, 0.5f}, random);
  constexpr int64_t count = 3;
  const Lanes y(k, count, random), g(k, count, random);
  std::vector<double> expected = g.values();
  for (size_t i = 0; i < expected.size(); i++)
    if (!(y.data()[i] > 0)) expected[i] = 0;
  k.gate(g.data(), y.data(), count);
  CHECK_CLOSE("gate", g.values(), expected, 0);
}

static void test_softmax(const Kernels& k, int64_t channels, float range, bool logarithm, Random& random) {
  constexpr int64_t positions = 3;
  const Lanes x(k, positions * channels, random, -range, range), dy(k, positions * channels, random), y(k, positions * channels), dx(k, positions * channels);
  k.softmax(x.data(), y.data(), positions, channels, logarithm);
  k.softmax_backward(y.data(), dy.data(), dx.data(), positions, channels, logarithm);
  std::vector<double> values(static_cast<size_t>(x.count())), gradients(values.size());
  for (int64_t p = 0; p < positions; p++)
    for (int l = 0; l < k.lanes; l++) {
      const auto at = [&](int64_t c) { return p * channels + c; };
      double top = -INFINITE, sum = 0, total = 0;
      for (int64_t c = 0; c < channels; c++) top = std::max(top, static_cast<double>(x(at(c), l)));
      for (int64_t c = 0; c < channels; c++) sum += std::exp(static_cast<double>(x(at(c), l)) - top);
      const auto softmax = [&](int64_t c) { return std::exp(static_cast<double>(x(at(c), l)) - top) / sum; };
      for (int64_t c = 0; c < channels; c++) total += static_cast<double>(dy(at(c), l)) * (logarithm ? 1 : softmax(c));
      for (int64_t c = 0; c < channels; c++) {
        const auto i = static_cast<size_t>(at(c) * k.lanes + l);
        const double g = static_cast<double>(dy(at(c), l));
        values[i] = logarithm ? static_cast<double>(x(at(c), l)) - top - std::log(sum) : softmax(c);
        gradients[i] = logarithm ? g - softmax(c) * total : softmax(c) * (g - total);
      }
    }
  CHECK_CLOSE(text("softmax of %d, log %d", static_cast<int>(channels), logarithm), y.values(), values, 1e-6);
  CHECK_CLOSE(text("softmax of %d backward, log %d", static_cast<int>(channels), logarithm), dx.values(), gradients, 3e-6);
}

// All channels sorted, the largest n of them count: n is the last for which the n-th is above (their sum - 1) / n.
static void test_sparsemax(const Kernels& k, int64_t channels, float range, Random& random) {
  constexpr int64_t positions = 3;
  const Lanes x(k, positions * channels, random, -range, range), dy(k, positions * channels, random), y(k, positions * channels), dx(k, positions * channels);
  k.sparsemax(x.data(), y.data(), positions, channels);
  k.sparsemax_backward(y.data(), dy.data(), dx.data(), positions, channels);
  std::vector<double> values(static_cast<size_t>(x.count())), gradients(values.size());
  for (int64_t p = 0; p < positions; p++)
    for (int l = 0; l < k.lanes; l++) {
      std::vector<double> sorted;
      for (int64_t c = 0; c < channels; c++) sorted.push_back(static_cast<double>(x(p * channels + c, l)));
      std::sort(sorted.rbegin(), sorted.rend());
      double sum = 0, level = 0, total = 0, count = 0;
      for (size_t n = 0; n < sorted.size(); n++) {
        sum += sorted[n];
        if (sorted[n] > (sum - 1) / static_cast<double>(n + 1)) level = (sum - 1) / static_cast<double>(n + 1);
      }
      for (int64_t c = 0; c < channels; c++)
        if (static_cast<double>(x(p * channels + c, l)) > level) total += static_cast<double>(dy(p * channels + c, l)), count++;
      for (int64_t c = 0; c < channels; c++) {
        const auto i = static_cast<size_t>((p * channels + c) * k.lanes + l);
        values[i] = std::max(static_cast<double>(x(p * channels + c, l)) - level, 0.0);
        gradients[i] = values[i] > 0 ? static_cast<double>(dy(p * channels + c, l)) - total / count : 0;
      }
    }
  CHECK_CLOSE(text("sparsemax of %d", static_cast<int>(channels)), y.values(), values, 1e-5);
  CHECK_CLOSE(text("sparsemax of %d backward", static_cast<int>(channels)), dx.values(), gradients, 3e-6);
}

static void test_softmax_of_nan(const Kernels& k) {
  for (int64_t place = 0; place < 3; place++) {
    const Lanes x(k, 3), y(k, 3);
    x(place, 1) = std::numeric_limits<float>::quiet_NaN();
    k.softmax(x.data(), y.data(), 1, 3, false);
    for (int64_t c = 0; c < 3; c++) {
      CHECK(std::isnan(y(c, 1)), "softmax of a NaN in channel %d: channel %d is %g", static_cast<int>(place), static_cast<int>(c),
            static_cast<double>(y(c, 1)));
      CHECK(std::abs(y(c, 0) - 1.0f / 3) < 1e-6f, "another image's channel %d is %g", static_cast<int>(c), static_cast<double>(y(c, 0)));
    }
  }
}

static void test_penalty(const Kernels& k, int64_t count, int filled, Random& random) {
  const Lanes x(k, count, random), dy(k, count, random), dx(k, count);
  x(0, 0) = 0;
  dy.spoil(filled, 0);
  std::vector<float> penalty(static_cast<size_t>(k.lanes));
  k.penalty(x.data(), count, 0.3f, 0.7f, penalty.data());
  k.penalty_backward(x.data(), dy.data(), dx.data(), count, 0.3f, 0.7f, filled);
  std::vector<double> sums(penalty.size()), gradients = dy.values();
  for (int64_t i = 0; i < count; i++)
    for (int l = 0; l < k.lanes; l++) {
      const double v = static_cast<double>(x(i, l));
      sums[static_cast<size_t>(l)] += 0.3 * std::abs(v) + 0.7 * v * v;
      if (l < filled) gradients[static_cast<size_t>(i * k.lanes + l)] += (v > 0 ? 0.3 : v < 0 ? -0.3 : 0) + 1.4 * v;
    }
  CHECK_CLOSE("penalty", doubles(penalty), sums, 1e-5);
  CHECK_CLOSE("penalty backward", dx.values(), gradients, 1e-6);
}

static void test_affine_and_add(const Kernels& k, Random& random) {
  const Lanes a(k, 5, random), b(k, 5, random), y(k, 5);
  std::vector<double> affine, sum;
  for (int64_t i = 0; i < a.count(); i++) {
    affine.push_back(static_cast<double>(a.data()[i]) * 2.5 - 0.5);
    sum.push_back(static_cast<double>(a.data()[i] + b.data()[i]));
  }
  k.affine(a.data(), y.data(), 5, 2.5f, -0.5f);
  CHECK_CLOSE("affine", y.values(), affine, 1e-6);
  k.add(a.data(), b.data(), a.data(), 5);  // in place, as gradients are added up
  CHECK_CLOSE("add", a.values(), sum, 0);
}

void test_pointwise(const Kernels& k) {
  Random random(2);
  test_activations(k, random);
  for (const int64_t channels : {1, 2, 3, 10, 17})
    for (const bool logarithm : {false, true}) {
      test_softmax(k, channels, 5, logarithm, random);
      test_softmax(k, channels, 1e4f, logarithm, random);
    }
  for (const int64_t channels : {1, 2, 3, 10, 60})
    for (const float range : {0.05f, 1.0f, 8.0f}) test_sparsemax(k, channels, range, random);
  test_softmax_of_nan(k);
  for (const int filled : {1, k.lanes - 1, k.lanes}) test_penalty(k, 301, filled, random);
  test_affine_and_add(k, random);
}

}  // namespace striate::tests
