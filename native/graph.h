// A graph as it comes from Python, checked there: nodes in topological order, parameters as memory that Python owns.
#pragma once
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "weights.h"

namespace striate {

struct Parameter {
  float* value = nullptr;
  int64_t count = 0;
  bool trainable = false;
  float l1 = 0, l2 = 0;
  Orthogonality orthogonality;
  NormBound norms;  // constraints: on norms, or on signs
  bool non_negative = false;
  bool decays = true;
  float* slots[3] = {nullptr, nullptr, nullptr};
  float* average = nullptr;

  bool penalised() const { return trainable && (l1 != 0 || l2 != 0 || orthogonality.factor != 0); }
};

using Shape = std::vector<int64_t>;

inline int64_t elements(const Shape& shape) {
  int64_t n = 1;
  for (int64_t size : shape) n *= size;
  return n;
}

struct Node {
  std::string kind;  // the Python operation's class name
  std::vector<int> inputs;
  Shape shape;
  std::map<std::string, std::vector<double>> attributes;
  std::vector<int> parameters;

  const std::vector<double>& list(const std::string& name) const {
    const auto found = attributes.find(name);
    if (found == attributes.end()) throw std::logic_error(kind + " has no attribute " + name);
    return found->second;
  }
  double number(const std::string& name) const { return list(name).at(0); }
  float real(const std::string& name) const { return static_cast<float>(number(name)); }
  bool flag(const std::string& name) const { return number(name) != 0; }
  int64_t channels() const { return shape.empty() ? 1 : shape.back(); }
  int64_t size() const { return elements(shape); }
};

struct LossFunction {
  Loss loss;
  LossOptions options;
  float weight;
};

struct UpdateRule {
  Rule rule = Rule::sgd;
  float beta_1 = 0, beta_2 = 0, epsilon = 0, momentum = 0, rho = 0;
  bool nesterov = false, centered = false;
  float learning_rate_power = 0, l1 = 0, l2 = 0, shrinkage = 0, beta = 0;  // ftrl
  float weight_decay = 0, clip_value = 0, clip_norm = 0, global_clip_norm = 0;
  float average_momentum = 0;
  uint64_t overwrite_frequency = 0;  // 0: weights never become their average
  double* u_product = nullptr;  // Nadam's running product
};

struct Graph {
  std::vector<Node> nodes;
  std::vector<Parameter> parameters;
  std::vector<int> inputs, outputs;
  std::vector<LossFunction> losses;
};

}  // namespace striate
