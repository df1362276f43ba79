// GFLOP/s of the direct convolution kernels on one thread, beside the multiply-add peak measured in the same run.
// Usage: striate_kernel_benchmark [instruction set]; lines: shape, forward, input gradient, weight gradient, each with % of peak.
#include <cstdio>

#include "rig.h"

using namespace striate;

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
    Rig rig(c, Method::direct);
    const double flops = 2.0 * static_cast<double>(rig.graph.nodes[1].size() * c.kernel * c.kernel * c.channels * kernels->lanes);
    std::printf("%-34s", c.name);
    const std::pair<const Purpose*, const char*> runs[] = {
        {&rig.forward, "forward"}, {&rig.input, "input gradient"}, {&rig.weight, "weight gradient"}};
    for (const auto& [purpose, phase] : runs) {
      const double gflops = flops / rig.run(*purpose, *kernels, threads, phase) / 1e9;
      std::printf("  %7.1f  %4.0f %%", gflops, 100 * gflops / peak);
    }
    std::printf("\n");
  }
}
