// GFLOP/s of the convolution and dense kernels on one thread, beside the multiply-add peak measured in the same run.
// Usage: striate_kernel_benchmark [instruction set]; lines: shape, forward, input gradient, weight gradient, each with % of peak.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "operations/linear.h"

using namespace striate;

struct Case {
  const char* name;
  int64_t size, channels, filters, kernel, stride;
  bool same;
};

// One convolution as a graph of its own, run for one full pack by one thread.
struct Rig {
  Graph graph;
  std::vector<float> weights;
  Purpose forward, input, weight;

  Rig(const Case& c) {
    const int64_t pad = c.same ? c.kernel - 1 : 0, out = (c.size + pad - c.kernel) / c.stride + 1;
    const auto axis = [](int64_t v) { return std::vector<double>{static_cast<double>(v), static_cast<double>(v)}; };
    graph.nodes.push_back({"Input", {}, {c.size, c.size, c.channels}, {}, {}});
    graph.nodes.push_back({"Conv", {0}, {out, out, c.filters},
                           {{"window", axis(c.kernel)}, {"strides", axis(c.stride)}, {"dilation", axis(1)}, {"before", axis(pad / 2)},
                            {"after", axis(pad - pad / 2)}, {"groups", {1}}, {"bias", {0}}},
                           {0}});
    weights.assign(static_cast<size_t>(c.kernel * c.kernel * c.channels * c.filters), 0.01f);
    Parameter p;
    p.value = weights.data();
    p.count = static_cast<int64_t>(weights.size());
    p.trainable = true;
    graph.parameters.push_back(p);
    graph.inputs = {0};
    graph.outputs = {1};
    input.of = weight.of = 1;
    input.wrt = {0};
    weight.parameter_gradients = true;
  }

  // Median seconds of the phase of that name over a few dozen runs.
  double run(const Purpose& purpose, const std::string& phase, const Kernels& kernels, ThreadPool& threads) {
    Plan plan(kernels, threads);
    Builder builder(graph, purpose, plan);
    builder.build();
    plan.prepare(1);
    const int64_t in = graph.nodes[0].size(), out = graph.nodes[1].size();
    std::vector<float> images(static_cast<size_t>(in), 0.5f), cotangent(static_cast<size_t>(out), 0.5f), results(static_cast<size_t>(std::max(in, out)));
    std::vector<int64_t> order(16, 0);
    Batch batch;
    batch.images = {{reinterpret_cast<char*>(images.data()), Pixel::float32, 0}};
    batch.cotangents = {{reinterpret_cast<char*>(cotangent.data()), Pixel::float32, 0}};
    batch.outputs = {{results.data(), 0}};
    batch.order = order.data();
    batch.count = kernels.lanes;
    batch.packs = 1;
    std::vector<double> times;
    for (int round = 0; round < 30; round++) {
      plan.start_profile();
      threads.run(plan.team(), [&](int thread) { plan.run(batch, thread); });
      double seconds = 0;
      for (const auto& [name, time] : plan.profile())
        if (name == phase) seconds += time;
      times.push_back(seconds);
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
  }
};

int main(int argc, char** argv) {
  const Kernels* kernels = choose_kernels(argc > 1 ? argv[1] : nullptr);
  if (!kernels) return std::fprintf(stderr, "this processor cannot run %s\n", argv[1]), 2;
  ThreadPool threads(1);
  const double peak = kernels->multiply_add_peak(0.5);
  std::printf("%s, %d lanes, one thread; multiply-add peak %.1f GFLOP/s\n", kernels->name, kernels->lanes, peak);
  std::printf("%-34s %16s %16s %16s\n", "", "forward", "input gradient", "weight gradient");
  const Case cases[] = {
      {"28x28x1    6@5x5 same", 28, 1, 6, 5, 1, true},       {"14x14x6    16@5x5", 14, 6, 16, 5, 1, false},
      {"28x28x1    64@3x3", 28, 1, 64, 3, 1, false},         {"28x28x8    8@3x3 same", 28, 8, 8, 3, 1, true},
      {"28x28x16   16@3x3 same", 28, 16, 16, 3, 1, true},    {"14x14x32   32@3x3 same", 14, 32, 32, 3, 1, true},
      {"14x14x64   64@3x3 same", 14, 64, 64, 3, 1, true},    {"14x14x128  128@3x3 same", 14, 128, 128, 3, 1, true},
      {"7x7x256    256@3x3 same", 7, 256, 256, 3, 1, true},  {"28x28x64   128@1x1", 28, 64, 128, 1, 1, false},
      {"28x28x32   64@3x3 stride 2 same", 28, 32, 64, 3, 2, true}, {"56x56x16   24@5x5 same", 56, 16, 24, 5, 1, true},
  };
  for (const Case& c : cases) {
    Rig rig(c);
    const double flops = 2.0 * static_cast<double>(rig.graph.nodes[1].size() * c.kernel * c.kernel * c.channels * kernels->lanes);
    std::printf("%-34s", c.name);
    const std::pair<const Purpose*, const char*> runs[] = {
        {&rig.forward, "forward"}, {&rig.input, "input gradient"}, {&rig.weight, "weight gradient"}};
    for (const auto& [purpose, phase] : runs) {
      const double gflops = flops / rig.run(*purpose, phase, *kernels, threads) / 1e9;
      std::printf("  %7.1f  %4.0f %%", gflops, 100 * gflops / peak);
    }
    std::printf("\n");
  }
}
