// A compiled graph: its plans, made when first needed, and the loops over batches that run them.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "builder.h"
#include "graph.h"
#include "plan.h"
#include "threads.h"
#include "update.h"

namespace striate {

// Training or test data; sources hold all images, chosen by index.
struct Examples {
  std::vector<Source> images, targets;
  const float* weights = nullptr;  // (count) or (count, outputs)
  int64_t weights_each = 1;
  int64_t count = 0;
};

class Program {
 public:
  Program(Graph graph, UpdateRule rule, uint64_t seed, const Kernels& kernels, std::shared_ptr<ThreadPool> threads);

  // `steps` batches of `batch_size` from order[0..count); losses[steps]; outputs in the order of `order`. Returns the number of
  // steps whose loss was computed: fewer than `steps` when one was not finite, whose update is left out.
  int64_t train(const Examples& examples, const int64_t* order, int64_t count, int64_t batch_size, const double* learning_rates,
                int64_t steps, uint64_t first_step, double* losses, const std::vector<Sink>& outputs);
  // losses: of each image, with the penalties of its activities but not those of the parameters
  // In training mode each batch has random numbers of its own, those of the steps from `step` on.
  void evaluate(const Examples& examples, int64_t batch_size, float* image_losses, const std::vector<Sink>& outputs, bool training = false,
                uint64_t step = 0);
  // Values of nodes; in batches of any size, or with the statistics of all images as one batch in training mode.
  void read(const Examples& examples, int64_t batch_size, const std::vector<int>& nodes, bool training, uint64_t step,
            const std::vector<Sink>& outputs);
  // Gradients of sum(cotangent * of) for nodes.
  void gradient(const Examples& examples, int64_t batch_size, int of, Source cotangent, const std::vector<int>& wrt, bool training,
                uint64_t step, const std::vector<Sink>& outputs);
  // The same for parameters, over all images as one batch: results[p] holds graph.parameters[p].count floats.
  void parameter_gradients(const Examples& examples, int of, Source cotangent, bool training, uint64_t step,
                           const std::vector<float*>& results);
  // Where the time of `train` goes, phase by phase, from the next call on; see Plan::profile.
  void start_profile();
  std::vector<std::pair<std::string, double>> profile() const;
  // l1 sum |w| + l2 sum w^2 over the parameters, and what is not orthogonal in them.
  double parameter_penalties() const { return updater_.parameter_penalties(); }

 private:
  struct Compiled {
    Purpose purpose;
    Plan plan;
    Builder builder;
    Compiled(const Graph& graph, Purpose purpose, const Kernels& kernels, ThreadPool& threads)
        : purpose(std::move(purpose)), plan(kernels, threads), builder(graph, this->purpose, plan) {
      builder.build();
    }
  };

  Compiled& compiled(const Purpose& purpose, int64_t batch_size);
  void run_batches(Compiled& c, Batch batch, const Examples& examples, int64_t batch_size, const std::vector<Sink>& outputs,
                   const std::function<void(int64_t, int64_t)>& after_batch);

  Graph graph_;
  uint64_t seed_;
  const Kernels& kernels_;
  std::shared_ptr<ThreadPool> threads_;
  Updater updater_;
  Compiled* training_ = nullptr;
  bool profiling_ = false;
  double update_seconds_ = 0;
  std::map<std::string, std::unique_ptr<Compiled>> compiled_;
};

}  // namespace striate
