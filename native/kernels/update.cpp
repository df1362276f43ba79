// Gradients from slots to one, and the update rules: elementwise over plain arrays, with Keras's formulas.
#include "../lanes.h"
#include "kernels.h"

namespace striate::STRIATE_ISA {

// gradient = sum over the slots, always in this order, + l1 sign(w) + 2 l2 w
void sum_gradients(const float* const* slots, int64_t slot_count, const float* weights, float* gradient, int64_t count,
                   float l1, float l2) {
  auto total = [&](auto at, auto& g) {
    g = at(slots[0]);
    for (int64_t s = 1; s < slot_count; s++) g += at(slots[s]);
  };
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    Lane g;
    total([&](const float* p) { return load(p + i); }, g);
    if (l1 != 0.0f || l2 != 0.0f) {
      const Lane w = load(weights + i);
      g += 2.0f * l2 * w + (w > 0.0f ? broadcast(l1) : w < 0.0f ? broadcast(-l1) : zero());
    }
    store(gradient + i, g);
  }
  for (; i < count; i++) {
    float g;
    total([&](const float* p) { return p[i]; }, g);
    const float w = weights[i];
    gradient[i] = g + 2.0f * l2 * w + (w > 0.0f ? l1 : w < 0.0f ? -l1 : 0.0f);
  }
}

void penalty_sums(const float* weights, int64_t count, double* absolute_sum, double* squared_sum) {
  double a = 0, s = 0;
  for (int64_t i = 0; i < count; i++) {
    const double w = static_cast<double>(weights[i]);
    a += w < 0 ? -w : w;
    s += w * w;
  }
  *absolute_sum = a;
  *squared_sum = s;
}

double sum_of_squares(const float* values, int64_t count) {
  double absolute_sum, squared_sum;
  penalty_sums(values, count, &absolute_sum, &squared_sum);
  return squared_sum;
}

static inline float root(float x) { return __builtin_sqrtf(x); }
static inline Lane root(Lane x) { return square_root(x); }
static inline float larger(float a, float b) { return a > b ? a : b; }
static inline Lane larger(Lane a, Lane b) { return maximum(a, b); }
static inline float magnitude(float x) { return __builtin_fabsf(x); }
static inline Lane magnitude(Lane x) { return absolute(x); }
static inline float sign_of(float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f; }
static inline Lane sign_of(Lane x) { return x > 0.0f ? broadcast(1.0f) : x < 0.0f ? broadcast(-1.0f) : zero(); }
// x^e for x and e of 0 or more
static inline Lane power(Lane x, float e) { return e == 0.5f ? square_root(x) : e == 0.0f ? broadcast(1.0f) : exponential(e * logarithm(x)); }
static inline float power(float x, float e) { return power(broadcast(x), e)[0]; }
static inline float bounded(float x, float b) { return x > b ? b : x < -b ? -b : x; }
static inline Lane bounded(Lane x, float b) { return minimum(maximum(x, broadcast(-b)), broadcast(b)); }

// One step for one number, or for a vector of them. s are the rule's state arrays in the order of UPDATE_SLOTS.
template <Rule RULE, class V>
static inline void step(const UpdateArguments& a, V& w, V g, V s[3]) {
  const float lr = a.learning_rate;
  if constexpr (RULE == Rule::sgd) {
    if (a.slot[0]) {
      s[0] = a.momentum * s[0] - lr * g;
      w += a.nesterov ? a.momentum * s[0] - lr * g : s[0];
    } else {
      w -= lr * g;
    }
  } else if constexpr (RULE == Rule::adam || RULE == Rule::adamw) {
    s[0] += (g - s[0]) * (1.0f - a.beta_1);
    s[1] += (g * g - s[1]) * (1.0f - a.beta_2);
    V v = s[1];
    if (a.slot[2]) v = s[2] = larger(s[2], v);
    w -= (lr * a.correction_1) * s[0] / (root(v) + a.epsilon);
  } else if constexpr (RULE == Rule::adamax) {
    s[0] += (g - s[0]) * (1.0f - a.beta_1);
    s[1] = larger(a.beta_2 * s[1], magnitude(g));
    w -= (lr * a.correction_1) * s[0] / (s[1] + a.epsilon);
  } else if constexpr (RULE == Rule::nadam) {
    s[0] += (g - s[0]) * (1.0f - a.beta_1);
    s[1] += (g * g - s[1]) * (1.0f - a.beta_2);
    const V m = a.correction_1 * s[0] + a.correction_2 * g, v = s[1] * a.correction_3;
    w -= lr * m / (root(v) + a.epsilon);
  } else if constexpr (RULE == Rule::rmsprop) {
    s[0] = a.rho * s[0] + (1.0f - a.rho) * g * g;
    V denominator = s[0] + a.epsilon;
    if (a.centered) {
      s[2] = a.rho * s[2] + (1.0f - a.rho) * g;
      denominator -= s[2] * s[2];
    }
    const V change = lr * g / root(denominator);
    if (a.slot[1]) {
      s[1] = a.momentum * s[1] + change;
      w -= s[1];
    } else {
      w -= change;
    }
  } else if constexpr (RULE == Rule::adagrad) {
    s[0] += g * g;
    w -= lr * g / root(s[0] + a.epsilon);
  } else if constexpr (RULE == Rule::ftrl) {
    const V next = s[0] + g * g, reach = power(next, a.power);
    s[1] += g + 2.0f * a.shrinkage * w - (reach - power(s[0], a.power)) / lr * w;
    w = (bounded(s[1], a.l1) - s[1]) / (reach / lr + 2.0f * a.l2);
    s[0] = next;
  } else if constexpr (RULE == Rule::lion) {
    w -= lr * sign_of(a.beta_1 * s[0] + (1.0f - a.beta_1) * g);
    s[0] = a.beta_2 * s[0] + (1.0f - a.beta_2) * g;
  } else {
    s[0] = a.rho * s[0] + (1.0f - a.rho) * g * g;
    const V change = -root(s[1] + a.epsilon) * g / root(s[0] + a.epsilon);
    s[1] = a.rho * s[1] + (1.0f - a.rho) * change * change;
    w += lr * change;
  }
}

template <Rule RULE>
static void update_with(const UpdateArguments& a) {
  auto run = [&](auto read, auto write, int64_t i) {
    auto w = read(a.weights + i);
    auto g = read(a.gradient + i) * a.gradient_scale;
    decltype(w) s[3] = {};
    for (int k = 0; k < 3; k++)
      if (a.slot[k]) s[k] = read(a.slot[k] + i);
    if (a.clip_value > 0.0f) g = bounded(g, a.clip_value);
    if (a.weight_decay != 0.0f) w -= w * (a.weight_decay * a.learning_rate);
    step<RULE>(a, w, g, s);
    if (a.average) {
      const auto mean = a.average_momentum * read(a.average + i) + (1.0f - a.average_momentum) * w;
      write(a.average + i, mean);
      if (a.average_overwrites) w = mean;
    }
    if (a.non_negative) w = larger(w, decltype(w){});
    write(a.weights + i, w);
    for (int k = 0; k < 3; k++)
      if (a.slot[k]) write(a.slot[k] + i, s[k]);
  };
  int64_t i = 0;
  for (; i + LANES <= a.count; i += LANES)
    run([](const float* p) { return load(p); }, [](float* p, Lane v) { store(p, v); }, i);
  for (; i < a.count; i++) run([](const float* p) { return *p; }, [](float* p, float v) { *p = v; }, i);
}

void update(const UpdateArguments& a) {
  switch (a.rule) {
    case Rule::sgd: return update_with<Rule::sgd>(a);
    case Rule::adam: return update_with<Rule::adam>(a);
    case Rule::adamw: return update_with<Rule::adamw>(a);
    case Rule::adamax: return update_with<Rule::adamax>(a);
    case Rule::nadam: return update_with<Rule::nadam>(a);
    case Rule::rmsprop: return update_with<Rule::rmsprop>(a);
    case Rule::adagrad: return update_with<Rule::adagrad>(a);
    case Rule::adadelta: return update_with<Rule::adadelta>(a);
    case Rule::ftrl: return update_with<Rule::ftrl>(a);
    case Rule::lion: return update_with<Rule::lion>(a);
  }
}

}  // namespace striate::STRIATE_ISA
