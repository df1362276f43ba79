#include "weights.h"

#include <algorithm>
#include <cmath>

namespace striate {

constexpr double EPSILON = 1e-7;  // Keras's

// Calls visit(weights, group, length, step) for each run of weights that lie side by side; step is 1 where they belong to
// groups one after another, 0 where all belong to one.
template <class Visit>
static void each_run(const NormBound& b, size_t dimension, float* weights, int64_t group, const Visit& visit) {
  const int64_t size = b.sizes[dimension];
  if (dimension + 1 == b.sizes.size()) return visit(weights, group, size, b.reduced[dimension] ? 0 : 1);
  int64_t inner = 1, groups = 1;
  for (size_t d = dimension + 1; d < b.sizes.size(); d++) {
    inner *= b.sizes[d];
    if (!b.reduced[d]) groups *= b.sizes[d];
  }
  for (int64_t i = 0; i < size; i++) each_run(b, dimension + 1, weights + i * inner, b.reduced[dimension] ? group : group + i * groups, visit);
}

void bound_norms(const NormBound& b, float* weights) {
  int64_t groups = 1;
  for (size_t d = 0; d < b.sizes.size(); d++)
    if (!b.reduced[d]) groups *= b.sizes[d];
  std::vector<double> factors(static_cast<size_t>(groups), 0.0);  // first the sums of squares
  each_run(b, 0, weights, 0, [&](const float* w, int64_t group, int64_t length, int64_t step) {
    for (int64_t i = 0; i < length; i++) factors[static_cast<size_t>(group + i * step)] += static_cast<double>(w[i]) * static_cast<double>(w[i]);
  });
  for (double& f : factors) {
    const double norm = std::sqrt(f);
    f = (b.rate * std::min(std::max(norm, b.minimum), b.maximum) + (1 - b.rate) * norm) / (EPSILON + norm);
  }
  each_run(b, 0, weights, 0, [&](float* w, int64_t group, int64_t length, int64_t step) {
    for (int64_t i = 0; i < length; i++) w[i] = static_cast<float>(static_cast<double>(w[i]) * factors[static_cast<size_t>(group + i * step)]);
  });
}

// The vectors as rows, each of length 1, and what they were divided by.
struct Units {
  int64_t count, length;
  std::vector<float> values;
  std::vector<double> norms;
};

static Units units_of(const Orthogonality& o, const float* weights) {
  Units u;
  u.count = o.of_rows ? o.rows : o.columns;
  u.length = o.of_rows ? o.columns : o.rows;
  u.values.resize(static_cast<size_t>(u.count * u.length));
  for (int64_t i = 0; i < u.count; i++) {
    const float* from = weights + (o.of_rows ? i * o.columns : i);
    const int64_t step = o.of_rows ? 1 : o.columns;
    double squares = 0;
    for (int64_t k = 0; k < u.length; k++) squares += static_cast<double>(from[k * step]) * static_cast<double>(from[k * step]);
    u.norms.push_back(std::max(std::sqrt(squares), EPSILON));
    for (int64_t k = 0; k < u.length; k++) u.values[static_cast<size_t>(i * u.length + k)] = static_cast<float>(static_cast<double>(from[k * step]) / u.norms.back());
  }
  return u;
}

// With unit vectors u_i and cosines c_ij = u_i . u_j: penalty = factor / pairs sum over i < j of |c_ij|. Its slope for u_i is
// s_i = factor / pairs sum over j of sign(c_ij) u_j, and for the vector itself (s_i - (s_i . u_i) u_i) / norm_i.
static double orthogonality(const Orthogonality& o, const float* weights, float* gradient) {
  const Units u = units_of(o, weights);
  if (u.count < 2) return 0;
  const double pairs = static_cast<double>(u.count) * static_cast<double>(u.count - 1) / 2;
  const auto n = static_cast<size_t>(u.count), length = static_cast<size_t>(u.length);
  std::vector<float> cosines(n), across(n * length), slope(length);
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < length; k++) across[k * n + i] = u.values[i * length + k];
  double total = 0;
  for (size_t i = 0; i < n; i++) {
    const float* own = &u.values[i * length];
    std::fill(cosines.begin(), cosines.end(), 0.0f);
    for (size_t k = 0; k < length; k++)
      for (size_t j = 0; j < n; j++) cosines[j] += own[k] * across[k * n + j];
    for (size_t j = i + 1; j < n; j++) total += static_cast<double>(std::abs(cosines[j]));
    if (!gradient) continue;
    std::fill(slope.begin(), slope.end(), 0.0f);
    for (size_t j = 0; j < n; j++) {
      if (j == i || cosines[j] == 0.0f) continue;
      const float sign = cosines[j] > 0.0f ? 1.0f : -1.0f;
      for (size_t k = 0; k < length; k++) slope[k] += sign * u.values[j * length + k];
    }
    double along = 0;
    for (size_t k = 0; k < length; k++) along += static_cast<double>(slope[k]) * static_cast<double>(own[k]);
    const double scale = o.factor / pairs / u.norms[i];
    for (size_t k = 0; k < length; k++) {
      const size_t at = o.of_rows ? i * length + k : k * n + i;
      gradient[at] += static_cast<float>(scale * (static_cast<double>(slope[k]) - along * static_cast<double>(own[k])));
    }
  }
  return o.factor * total / pairs;
}

double orthogonality_penalty(const Orthogonality& o, const float* weights) { return orthogonality(o, weights, nullptr); }

double add_orthogonality_gradient(const Orthogonality& o, const float* weights, float* gradient) {
  return orthogonality(o, weights, gradient);
}

}  // namespace striate
