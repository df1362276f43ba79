// One convolution as a graph of its own, whose phases are timed.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "operations/linear.h"

namespace striate {

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

  Rig(const Case& c, Method method) {
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
    forward.method = input.method = weight.method = method;
  }

  // Median processor seconds of a few dozen runs: of the phase of that name, or of all that comes after reading and before writing.
  double run(const Purpose& purpose, const Kernels& kernels, ThreadPool& threads, const std::string& phase = "", int rounds = 30) {
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
    for (int round = 0; round < rounds; round++) {
      plan.start_profile();
      threads.run(plan.team(), [&](int thread) { plan.run(batch, thread); });
      double seconds = 0;
      for (const auto& [name, time] : plan.profile()) {
        if (phase.empty() && name.starts_with("read")) seconds = 0;  // with a cotangent, the forward pass has come before
        if (phase.empty() ? !name.starts_with("read") && !name.starts_with("write") : name == phase) seconds += time;
      }
      times.push_back(seconds);
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
  }
};

}  // namespace striate
