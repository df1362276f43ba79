// What ends a training step: gradients summed from their slots, penalties, clipping, the rule, constraints.
#pragma once
#include <cstdint>
#include <vector>

#include "builder.h"
#include "graph.h"

namespace striate {

class Updater {
 public:
  Updater(const std::vector<Parameter>& parameters, const UpdateRule& rule, const Kernels& kernels);

  void begin_step(double learning_rate, uint64_t step);  // one thread, before all call update
  // A thread's share of the step, from the first `slots` gradient slots; all threads of the plan's team call it.
  void update(Builder& b, int64_t slots, int thread);
  // Whether a parameter's numbers change each for itself, once its own gradient is known.
  bool elementwise(int parameter) const;
  // So a run of them does, [first, first + count), whose gradient lies ready.
  void update_run(int parameter, int64_t first, int64_t count, const float* gradient, float scale = 1.0f) const;
  void end_step(uint64_t step);  // one thread, after all have
  // What the step found of l1 sum |w| + l2 sum w^2 and of what is not orthogonal, in the weights before it.
  double penalties() const;
  // The same of the weights as they are.
  double parameter_penalties() const;

 private:
  // A run of numbers of one parameter: the unit of updates and of sums, always the same.
  struct Block {
    int parameter;
    int64_t first, count;
  };
  // Parameters whose step has a part for them as a whole.
  struct Wholes {
    std::vector<int> orthogonal, bounded;
  };

  bool clips_norms() const { return rule_.clip_norm > 0 || rule_.global_clip_norm > 0; }
  void sum_block(Builder& b, const Block& block, int64_t slots);
  float clip_scale(int parameter) const;
  void whole_penalties(Builder& b, int thread);
  void bound_parameters(Builder& b, int thread);

  const std::vector<Parameter>& parameters_;
  const UpdateRule rule_;
  const Kernels& kernels_;
  UpdateArguments numbers_ = {};
  std::vector<Block> blocks_;
  Wholes wholes_;
  std::vector<double> block_penalties_, block_squares_, whole_penalties_;
};

}  // namespace striate
