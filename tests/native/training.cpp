// Losses with their gradients, gradient sums and the update rules.
#include <algorithm>
#include <cmath>
#include <limits>

#include "check.h"
#include "weights.h"

namespace striate::tests {

static double value(float x) { return static_cast<double>(x); }

// One output of one pack: kinds of loss in double, one image at a time.
struct LossCase {
  Loss loss;
  bool fused;
  float smoothing;
  int64_t positions, channels;

  bool sparse() const { return loss == Loss::sparse_categorical_crossentropy; }
  bool categorical() const { return sparse() || loss == Loss::categorical_crossentropy; }
  double target(const std::vector<float>& targets, const std::vector<int32_t>& labels, int64_t p, int64_t c) const {
    const double t = sparse() ? labels[static_cast<size_t>(p)] == c : value(targets[static_cast<size_t>(p * channels + c)]), s = value(smoothing);
    if (loss == Loss::mean_squared_error) return t;
    return t * (1 - s) + (categorical() ? s / static_cast<double>(channels) : s / 2);
  }
};

constexpr double LOW = 1e-7;
static const double HIGH = value(1.0f - 1e-7f);

// Adds one position's loss; x, t and the results over its channels.
static double categorical(const std::vector<double>& x, const std::vector<double>& t, bool fused, std::vector<double>& p, std::vector<double>& g) {
  double sum = 0, loss = 0, mass = 0;
  const double top = fused ? *std::max_element(x.begin(), x.end()) : 0;
  for (const double v : x) sum += fused ? std::exp(v - top) : v;
  for (size_t c = 0; c < x.size(); c++) {
    const double q = fused ? std::exp(x[c] - top) / sum : x[c] / sum;
    p.push_back(q);
    loss -= t[c] * (fused ? x[c] - top - std::log(sum) : std::log(std::clamp(q, LOW, HIGH)));
    if (fused || (q >= LOW && q <= HIGH)) mass += t[c];
  }
  for (size_t c = 0; c < x.size(); c++) {
    const bool inside = p[c] >= LOW && p[c] <= HIGH;
    g.push_back(fused ? p[c] * mass - t[c] : (mass - (inside ? t[c] / p[c] : 0)) / sum);
  }
  return loss;
}

static double elementwise(const LossCase& k, double x, double t, std::vector<double>& p, std::vector<double>& g) {
  if (k.loss == Loss::mean_squared_error) {
    p.push_back(0);
    g.push_back(2 * (x - t));
    return (x - t) * (x - t);
  }
  if (k.fused) {
    p.push_back(1 / (1 + std::exp(-x)));
    g.push_back(p.back() - t);
    return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))) - t * x;
  }
  const double q = std::clamp(x, LOW, HIGH);
  p.push_back(0);
  g.push_back(q == x ? (q - t) / (q * (1 - q)) : 0);
  return -(t * std::log(q) + (1 - t) * std::log(1 - q));
}

static void test_loss(const Kernels& k, const LossCase& kind, int filled, bool wants_gradient, Random& random) {
  const int64_t size = kind.positions * kind.channels;
  const Lanes output(k, size, random, kind.fused ? -6 : 0.05f, kind.fused ? 6 : 0.95f), p(k, size), g(k, size);
  if (!kind.fused && kind.loss != Loss::mean_squared_error) output(0, 0) = kind.categorical() ? 0.0f : 1.0f;  // off the open interval
  output.spoil(filled, std::numeric_limits<float>::quiet_NaN());
  LossArguments a = {};
  a.loss = kind.loss;
  a.fused = kind.fused;
  a.options = {false, kind.smoothing, 0.4f, 0.3f, 1.5f, true};
  a.output = output.data();
  a.probabilities = kind.fused && wants_gradient ? p.data() : nullptr;
  a.gradient = wants_gradient ? g.data() : nullptr;
  a.positions = kind.positions;
  a.channels = kind.channels;
  a.filled = filled;
  std::vector<std::vector<float>> targets;
  std::vector<std::vector<int32_t>> labels;
  for (int l = 0; l < filled; l++) {
    targets.push_back(random.floats(size, 0, 1));
    labels.emplace_back(static_cast<size_t>(kind.positions));
    for (int32_t& label : labels.back()) label = static_cast<int32_t>(random.below(kind.channels));
  }
  for (int l = 0; l < filled; l++) {
    const auto i = static_cast<size_t>(l);
    a.targets[l] = kind.sparse() ? static_cast<const void*>(labels[i].data()) : targets[i].data();
    a.scale[l] = 0.1f * static_cast<float>(l + 1);
  }
  k.loss(a);
  const double terms = static_cast<double>(kind.categorical() ? kind.positions : size);
  std::vector<double> losses, got(a.image_loss, a.image_loss + filled), gradients(static_cast<size_t>(g.count())), probabilities = p.values();
  for (int l = 0; l < filled; l++) {
    const auto i = static_cast<size_t>(l);
    std::vector<double> own, slopes;
    double loss = 0;
    for (int64_t at = 0; at < kind.positions; at++) {
      std::vector<double> x, t, q, d;
      for (int64_t c = 0; c < kind.channels; c++) {
        x.push_back(value(output(at * kind.channels + c, l)));
        t.push_back(kind.target(targets[i], labels[i], at, c));
        if (!kind.categorical()) loss += elementwise(kind, x.back(), t.back(), q, d);
      }
      if (kind.categorical()) loss += categorical(x, t, kind.fused, q, d);
      own.insert(own.end(), q.begin(), q.end());
      slopes.insert(slopes.end(), d.begin(), d.end());
    }
    losses.push_back(loss / terms);
    for (size_t e = 0; e < own.size(); e++) {
      const size_t place = e * static_cast<size_t>(k.lanes) + i;
      gradients[place] = slopes[e] * value(a.scale[l]) / terms;
      probabilities[place] = own[e];
    }
  }
  const auto what = text("loss %d, fused %d, %d of %d images", static_cast<int>(kind.loss), kind.fused, filled, k.lanes);
  CHECK_CLOSE(what, got, losses, 5e-6);
  if (!wants_gradient) return;
  CHECK_CLOSE(what + ": gradient", g.values(), gradients, 1e-5);
  std::vector<double> filled_probabilities;
  for (size_t i = 0; i < probabilities.size(); i++)  // in the other lanes anything may be
    filled_probabilities.push_back(static_cast<int>(i) % k.lanes < filled ? value(p.data()[i]) : probabilities[i]);
  if (kind.fused) CHECK_CLOSE(what + ": probabilities", filled_probabilities, probabilities, 2e-6);
}

static void test_losses(const Kernels& k, Random& random) {
  for (const Loss loss : {Loss::sparse_categorical_crossentropy, Loss::categorical_crossentropy, Loss::binary_crossentropy, Loss::mean_squared_error})
    for (const bool fused : {false, true})
      for (const float smoothing : {0.0f, 0.2f})
        for (const int filled : {1, k.lanes - 3, k.lanes}) {
          if (loss == Loss::mean_squared_error && (fused || smoothing > 0)) continue;
          test_loss(k, {loss, fused, smoothing, 1, 10}, filled, true, random);
          test_loss(k, {loss, fused, smoothing, 5, 3}, filled, true, random);
          test_loss(k, {loss, fused, smoothing, 2, 4}, filled, false, random);
          if (loss == Loss::binary_crossentropy || loss == Loss::mean_squared_error)
            test_loss(k, {loss, fused, smoothing, 3, 1}, filled, true, random);
        }
}

// The other losses at one position, in double: the formulas of striate.losses.
static double position_loss(const LossArguments& a, const std::vector<double>& outputs, const std::vector<double>& t) {
  const double alpha = value(a.options.alpha), gamma = value(a.options.gamma), delta = value(a.options.delta), smooth = value(a.options.label_smoothing);
  const double n = static_cast<double>(t.size()), eps = value(1e-7f), high = value(1.0f - 1e-7f);
  double loss = 0, sum = 0, right = 0, wrong = -1e30, yy = 0, tt = 0;
  for (size_t c = 0; c < t.size(); c++) {
    sum += a.fused ? std::exp(outputs[c]) : outputs[c];
    right += t[c] * outputs[c];
    wrong = std::max(wrong, (1 - t[c]) * outputs[c]);
    yy += outputs[c] * outputs[c];
    tt += t[c] * t[c];
  }
  if (a.loss == Loss::categorical_hinge) return std::max(wrong - right + 1, 0.0);
  if (a.loss == Loss::cosine_similarity) return -right / std::sqrt(yy * tt);
  for (size_t c = 0; c < t.size(); c++) {
    const double y = outputs[c], e = y - t[c], m = std::max(1 - (t[c] == 0 ? -1 : t[c]) * y, 0.0);
    switch (a.loss) {
      case Loss::categorical_focal_crossentropy: {
        const double q = std::clamp((a.fused ? std::exp(y) : y) / sum, eps, high), s = t[c] * (1 - smooth) + smooth / n;
        loss -= alpha * std::pow(1 - q, gamma) * s * std::log(q);
        break;
      }
      case Loss::binary_focal_crossentropy: {
        const double p = a.fused ? 1 / (1 + std::exp(-y)) : y, s = t[c] * (1 - smooth) + smooth / 2, u = 1 - s * p - (1 - s) * (1 - p);
        loss -= (s * alpha + (1 - s) * (1 - alpha)) * std::pow(u, gamma) * (s * std::log(p) + (1 - s) * std::log(1 - p));
        break;
      }
      case Loss::kl_divergence: loss += t[c] * std::log(t[c] / y); break;
      case Loss::mean_absolute_error: loss += std::abs(e); break;
      case Loss::mean_absolute_percentage_error: loss += 100 * std::abs(e) / t[c]; break;
      case Loss::mean_squared_logarithmic_error: loss += std::pow(std::log1p(y) - std::log1p(t[c]), 2); break;
      case Loss::huber: loss += std::abs(e) <= delta ? e * e / 2 : delta * std::abs(e) - delta * delta / 2; break;
      case Loss::log_cosh: loss += std::log(std::cosh(e)); break;
      case Loss::poisson: loss += y - t[c] * std::log(y + eps); break;
      case Loss::value: loss += y; break;
      case Loss::hinge: loss += m; break;
      default: loss += m * m;  // squared_hinge
    }
  }
  return loss;
}

// Values, and gradients against central differences of the formulas in double.
static void test_other_loss(const Kernels& k, Loss loss, bool fused, int64_t positions, int64_t channels, int filled, Random& random) {
  const int64_t size = positions * channels;
  const Lanes output(k, size, random, fused ? -2 : 0.1f, fused ? 2 : 0.9f), g(k, size);
  output.spoil(filled, std::numeric_limits<float>::quiet_NaN());
  LossArguments a = {};
  a.loss = loss;
  a.fused = fused;
  a.options = {fused, 0.1f, 0.3f, 0.4f, 1.5f, true};
  a.output = output.data();
  a.gradient = g.data();
  a.positions = positions;
  a.channels = channels;
  a.filled = filled;
  std::vector<std::vector<float>> targets;
  for (int l = 0; l < filled; l++) targets.push_back(random.floats(size, 0.1f, 0.9f));
  if (loss == Loss::hinge && filled > 1) targets[0][0] = 0;
  for (int l = 0; l < filled; l++) {
    a.targets[l] = targets[static_cast<size_t>(l)].data();
    a.scale[l] = 0.1f * static_cast<float>(l + 1);
  }
  k.loss(a);
  const double terms = static_cast<double>(loss <= Loss::cosine_similarity ? positions : size), h = 1e-6;
  std::vector<double> losses, got(a.image_loss, a.image_loss + filled), gradients(static_cast<size_t>(g.count()));
  for (int l = 0; l < filled; l++) {
    double total = 0;
    for (int64_t p = 0; p < positions; p++) {
      std::vector<double> y, t;
      for (int64_t c = 0; c < channels; c++) {
        y.push_back(value(output(p * channels + c, l)));
        t.push_back(value(targets[static_cast<size_t>(l)][static_cast<size_t>(p * channels + c)]));
      }
      total += position_loss(a, y, t);
      for (size_t c = 0; c < y.size(); c++) {
        auto up = y, down = y;
        up[c] += h;
        down[c] -= h;
        const auto place = (static_cast<size_t>(p * channels) + c) * static_cast<size_t>(k.lanes) + static_cast<size_t>(l);
        gradients[place] = (position_loss(a, up, t) - position_loss(a, down, t)) / (2 * h) * value(a.scale[l]) / terms;
      }
    }
    losses.push_back(total / terms);
  }
  const auto what = text("loss %d, fused %d, %d of %d images", static_cast<int>(loss), fused, filled, k.lanes);
  CHECK_CLOSE(what, got, losses, 1e-5);
  CHECK_CLOSE(what + ": gradient", g.values(), gradients, 2e-5);
}

static void test_other_losses(const Kernels& k, Random& random) {
  for (int loss = 0; loss <= static_cast<int>(Loss::value); loss++) {
    const auto kind = static_cast<Loss>(loss);
    if (kind == Loss::sparse_categorical_crossentropy || kind == Loss::categorical_crossentropy || kind == Loss::binary_crossentropy ||
        kind == Loss::mean_squared_error)
      continue;  // test_losses
    const bool focal = kind == Loss::categorical_focal_crossentropy || kind == Loss::binary_focal_crossentropy;
    for (const bool fused : {false, true})
      for (const int filled : {1, k.lanes - 3, k.lanes})
        if (!fused || focal) test_other_loss(k, kind, fused, 3, 4, filled, random);
  }
}

// The rules as Keras writes them, for one number in double.
static void reference_update(const UpdateArguments& a, double& w, double g, double (&s)[3]) {
  const double lr = value(a.learning_rate), b1 = value(a.beta_1), b2 = value(a.beta_2), rho = value(a.rho), eps = value(a.epsilon);
  const double momentum = value(a.momentum), clip = value(a.clip_value), c1 = value(a.correction_1);
  g *= value(a.gradient_scale);
  if (clip > 0) g = std::clamp(g, -clip, clip);
  w -= w * value(a.weight_decay) * lr;
  switch (a.rule) {
    case Rule::sgd:
      if (!a.slot[0]) return void(w -= lr * g);
      s[0] = momentum * s[0] - lr * g;
      w += a.nesterov ? momentum * s[0] - lr * g : s[0];
      return;
    case Rule::adam: case Rule::adamw:
      s[0] = b1 * s[0] + (1 - b1) * g;
      s[1] = b2 * s[1] + (1 - b2) * g * g;
      s[2] = std::max(s[2], s[1]);
      w -= lr * c1 * s[0] / (std::sqrt(a.slot[2] ? s[2] : s[1]) + eps);
      return;
    case Rule::adamax:
      s[0] = b1 * s[0] + (1 - b1) * g;
      s[1] = std::max(b2 * s[1], std::abs(g));
      w -= lr * c1 * s[0] / (s[1] + eps);
      return;
    case Rule::ftrl: {
      const double next = s[0] + g * g, power = value(a.power), l1 = value(a.l1);
      s[1] += g + 2 * value(a.shrinkage) * w - (std::pow(next, power) - std::pow(s[0], power)) / lr * w;
      w = (std::clamp(s[1], -l1, l1) - s[1]) / (std::pow(next, power) / lr + 2 * value(a.l2));
      s[0] = next;
      return;
    }
    case Rule::lion: {
      const double way = b1 * s[0] + (1 - b1) * g;
      w -= lr * (way > 0 ? 1 : way < 0 ? -1 : 0);
      s[0] = b2 * s[0] + (1 - b2) * g;
      return;
    }
    case Rule::nadam:
      s[0] = b1 * s[0] + (1 - b1) * g;
      s[1] = b2 * s[1] + (1 - b2) * g * g;
      w -= lr * (c1 * s[0] + value(a.correction_2) * g) / (std::sqrt(s[1] * value(a.correction_3)) + eps);
      return;
    case Rule::rmsprop: {
      s[0] = rho * s[0] + (1 - rho) * g * g;
      if (a.centered) s[2] = rho * s[2] + (1 - rho) * g;
      const double change = lr * g / std::sqrt(s[0] + eps - (a.centered ? s[2] * s[2] : 0));
      s[1] = momentum * s[1] + change;
      w -= a.slot[1] ? s[1] : change;
      return;
    }
    case Rule::adagrad:
      s[0] += g * g;
      w -= lr * g / std::sqrt(s[0] + eps);
      return;
    case Rule::adadelta: {
      s[0] = rho * s[0] + (1 - rho) * g * g;
      const double change = -std::sqrt(s[1] + eps) * g / std::sqrt(s[0] + eps);
      s[1] = rho * s[1] + (1 - rho) * change * change;
      w += lr * change;
    }
  }
}

// Three steps of a rule with the state arrays that `slots` has bits for; clipping and decay in every second size.
static void test_update(const Kernels& k, Rule rule, int slots, bool flag, int64_t count, Random& random) {
  UpdateArguments a = {};
  a.rule = rule;
  a.count = count;
  a.learning_rate = 0.05f;
  a.beta_1 = 0.9f, a.beta_2 = 0.99f, a.epsilon = 1e-3f, a.momentum = 0.8f, a.rho = 0.9f;
  a.nesterov = a.centered = flag;
  a.correction_1 = 0.7f, a.correction_2 = 0.2f, a.correction_3 = 1.5f;
  a.gradient_scale = 0.5f;
  a.power = flag ? 0.5f : 0.7f, a.l1 = 0.05f, a.l2 = 0.1f, a.shrinkage = 0.02f;
  if (count % 2) a.clip_value = 0.3f, a.weight_decay = 0.1f;
  const auto n = static_cast<size_t>(count);
  std::vector<float> weights = random.floats(count), state[3];
  std::vector<double> expected = doubles(weights), expected_state[3];
  for (int s = 0; s < 3; s++) {
    expected_state[s].assign(n, 0.0);
    if (!(slots >> s & 1)) continue;
    state[s].assign(n, 0.0f);
    a.slot[s] = state[s].data();
  }
  a.weights = weights.data();
  std::vector<float> average(n, 0.0f);
  std::vector<double> expected_average(n, 0.0);
  a.average = average.data();
  for (int step = 0; step < 3; step++) {
    a.average_momentum = step ? 0.75f : 0.0f;
    a.average_overwrites = step == 1 && flag;
    a.non_negative = count % 2 == 0;
    const auto gradient = random.floats(count);
    a.gradient = gradient.data();
    k.update(a);
    for (size_t i = 0; i < n; i++) {
      double s[3] = {expected_state[0][i], expected_state[1][i], expected_state[2][i]};
      reference_update(a, expected[i], value(gradient[i]), s);
      for (int j = 0; j < 3; j++) expected_state[j][i] = s[j];
      expected_average[i] = step ? 0.75 * expected_average[i] + 0.25 * expected[i] : expected[i];
      if (a.average_overwrites) expected[i] = expected_average[i];
      if (a.non_negative) expected[i] = std::max(expected[i], 0.0);
    }
  }
  const auto what = text("rule %d, slots %d, flag %d, %d weights", static_cast<int>(rule), slots, flag, static_cast<int>(count));
  CHECK_CLOSE(what, doubles(weights), expected, 1e-5);
  CHECK_CLOSE(what + ": average", doubles(average), expected_average, 1e-5);
  for (int s = 0; s < 3; s++)
    if (a.slot[s]) CHECK_CLOSE(what + text(": state %d", s), doubles(state[s]), expected_state[s], 1e-5);
}

static void test_updates(const Kernels& k, Random& random) {
  const struct {
    Rule rule;
    int slots;
    bool flag;
  } rules[] = {{Rule::sgd, 0, false},    {Rule::sgd, 1, false},   {Rule::sgd, 1, true},     {Rule::adam, 3, false},    {Rule::adam, 7, false},
               {Rule::adamw, 3, false},  {Rule::nadam, 3, false}, {Rule::rmsprop, 1, false}, {Rule::rmsprop, 3, false}, {Rule::rmsprop, 5, true},
               {Rule::rmsprop, 7, true}, {Rule::adagrad, 1, false}, {Rule::adadelta, 3, false},
               {Rule::adamax, 3, false}, {Rule::ftrl, 3, false}, {Rule::ftrl, 3, true}, {Rule::lion, 1, false}};
  for (const auto& r : rules)
    for (const int64_t count : {1, k.lanes - 1, k.lanes, k.lanes + 1, 3 * k.lanes + 5}) test_update(k, r.rule, r.slots, r.flag, count, random);
}

// Every choice of dimensions for norms, of weights (2, 3, 4), and the cosines of rows and of columns.
static void test_whole_parameters(Random& random) {
  const int64_t sizes[3] = {2, 3, 4};
  for (int along = 1; along < 8; along++) {
    auto weights = random.floats(24);
    NormBound bound;
    for (int d = 0; d < 3; d++) {
      bound.sizes.push_back(sizes[d]);
      bound.reduced.push_back(along >> d & 1);
    }
    bound.minimum = 0.9, bound.maximum = 1.1, bound.rate = 0.8;
    std::vector<double> squares(24, 0.0), expected;
    const auto group = [&](size_t i) {  // the place with zeros for the dimensions that norms run along
      const size_t at[3] = {i / 12, i / 4 % 3, i % 4};
      return (along & 1 ? 0 : at[0] * 12) + (along & 2 ? 0 : at[1] * 4) + (along & 4 ? 0 : at[2]);
    };
    for (size_t i = 0; i < 24; i++) squares[group(i)] += value(weights[i]) * value(weights[i]);
    for (size_t i = 0; i < 24; i++) {
      const double norm = std::sqrt(squares[group(i)]);
      expected.push_back(value(weights[i]) * (0.8 * std::clamp(norm, 0.9, 1.1) + 0.2 * norm) / (norm + 1e-7));
    }
    bound_norms(bound, weights.data());
    CHECK_CLOSE(text("norms along %d", along), doubles(weights), expected, 1e-6);
  }
  for (const bool rows : {true, false}) {
    auto weights = random.floats(15);
    const Orthogonality o = {0.7, 3, 5, rows};
    std::vector<float> gradient(15, 0.25f);
    const double penalty = add_orthogonality_gradient(o, weights.data(), gradient.data());
    CHECK_CLOSE("orthogonality", (std::vector<double>{penalty}), (std::vector<double>{orthogonality_penalty(o, weights.data())}), 0);
    std::vector<double> expected;
    for (size_t i = 0; i < 15; i++) {
      const float w = weights[i], up = w + 1e-3f, down = w - 1e-3f;
      weights[i] = up;
      const double high = orthogonality_penalty(o, weights.data());
      weights[i] = down;
      expected.push_back(0.25 + (high - orthogonality_penalty(o, weights.data())) / (value(up) - value(down)));
      weights[i] = w;
    }
    CHECK_CLOSE(text("orthogonality of rows %d", rows), doubles(gradient), expected, 1e-3);
  }
}

static void test_gradient_sums(const Kernels& k, int64_t count, int64_t slots, float l1, float l2, Random& random) {
  auto weights = random.floats(count);
  weights[0] = 0;
  std::vector<std::vector<float>> memory;
  for (int64_t s = 0; s < slots; s++) memory.push_back(random.floats(count));
  std::vector<const float*> from;
  for (const auto& slot : memory) from.push_back(slot.data());
  std::vector<double> expected;
  double absolute_sum = 0, squared_sum = 0, squares = 0;
  for (size_t i = 0; i < weights.size(); i++) {
    const double w = value(weights[i]);
    double sum = (w > 0 ? value(l1) : w < 0 ? -value(l1) : 0) + 2 * value(l2) * w;
    for (const auto& slot : memory) sum += value(slot[i]);
    expected.push_back(sum);
    absolute_sum += std::abs(w);
    squared_sum += w * w;
    squares += value(memory[0][i]) * value(memory[0][i]);
  }
  const double got_squares = k.sum_of_squares(memory[0].data(), count);
  k.sum_gradients(from.data(), slots, weights.data(), memory[0].data(), count, l1, l2);  // in place, as the engine does
  CHECK_CLOSE(text("sum of %d gradients", static_cast<int>(slots)), doubles(memory[0]), expected, 1e-6);
  double absolute = -1, squared = -1;
  k.penalty_sums(weights.data(), count, &absolute, &squared);
  CHECK_CLOSE("penalty sums", (std::vector<double>{absolute, squared, got_squares}), (std::vector<double>{absolute_sum, squared_sum, squares}), 1e-12);
}

void test_training(const Kernels& k) {
  Random random(4);
  test_losses(k, random);
  test_other_losses(k, random);
  test_updates(k, random);
  test_whole_parameters(random);
  for (const int64_t count : {1, k.lanes - 1, k.lanes, 2 * k.lanes + 3})
    for (const int64_t slots : {1, 2, 16}) {
      test_gradient_sums(k, count, slots, 0, 0, random);
      test_gradient_sums(k, count, slots, 0.3f, 0.1f, random);
    }
  const double peak = k.multiply_add_peak(0);
  CHECK(peak > 0 && std::isfinite(peak), "%g GFLOP/s", peak);
}

}  // namespace striate::tests
