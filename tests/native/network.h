// Graphs for the tests, layer by layer, with the memory that Python owns otherwise.
#pragma once
#include <cmath>
#include <deque>

#include "check.h"
#include "program.h"

namespace striate::tests {

struct ConvOptions {
  std::vector<double> stride = {1, 1}, dilation = {1, 1}, before = {0, 0}, after = {0, 0};
  double groups = 1, bias = 1;
};

struct Network {
  Graph graph;
  std::deque<std::vector<float>> memory;  // parameters in order, then the rule's state
  std::vector<double> u_product = {1.0};
  Random random;

  explicit Network(uint32_t seed) : random(seed) {}

  int parameter(int64_t count, float low, float high, bool trainable = true) {
    memory.push_back(random.floats(count, low, high));
    Parameter p;
    p.value = memory.back().data();
    p.count = count;
    p.trainable = trainable;
    graph.parameters.push_back(p);
    return static_cast<int>(graph.parameters.size()) - 1;
  }
  int node(const char* kind, std::vector<int> inputs, Shape shape, std::map<std::string, std::vector<double>> attributes = {},
           std::vector<int> parameters = {}) {
    graph.nodes.push_back({kind, std::move(inputs), std::move(shape), std::move(attributes), std::move(parameters)});
    return static_cast<int>(graph.nodes.size()) - 1;
  }
  const Shape& shape(int index) const { return graph.nodes[static_cast<size_t>(index)].shape; }

  int input(Shape shape) {
    graph.inputs.push_back(node("Input", {}, std::move(shape)));
    return graph.inputs.back();
  }
  static Shape windowed(const Shape& in, const std::vector<double>& window, const ConvOptions& o, int64_t channels) {
    Shape out;
    for (size_t a = 0; a < window.size(); a++) {
      const double size = static_cast<double>(in[a]) + o.before[a] + o.after[a] - (window[a] - 1) * o.dilation[a] - 1;
      out.push_back(static_cast<int64_t>(std::floor(size / o.stride[a])) + 1);
    }
    out.push_back(channels);
    return out;
  }
  int conv(int from, std::vector<double> window, int64_t filters, const ConvOptions& o = {}) {
    int64_t rows = shape(from).back() / static_cast<int64_t>(o.groups);
    for (const double size : window) rows *= static_cast<int64_t>(size);
    const float range = std::sqrt(3.0f / static_cast<float>(rows));
    std::vector<int> parameters = {parameter(rows * filters, -range, range)};
    if (o.bias != 0) parameters.push_back(parameter(filters, -0.1f, 0.1f));
    const Shape out = windowed(shape(from), window, o, filters);
    return node("Conv", {from}, out,
                {{"window", std::move(window)}, {"strides", o.stride}, {"dilation", o.dilation}, {"before", o.before}, {"after", o.after},
                 {"groups", {o.groups}}, {"bias", {o.bias}}},
                parameters);
  }
  // The output's size is that of the input of the convolution whose input gradient this is.
  int transposed(int from, std::vector<double> window, int64_t filters, const ConvOptions& o) {
    Shape out;
    int64_t rows = shape(from).back();
    for (size_t a = 0; a < window.size(); a++) {
      out.push_back(static_cast<int64_t>((static_cast<double>(shape(from)[a]) - 1) * o.stride[a] + (window[a] - 1) * o.dilation[a] + 1 - o.before[a] - o.after[a]));
      rows *= static_cast<int64_t>(window[a]);
    }
    out.push_back(filters);
    const float range = std::sqrt(3.0f / static_cast<float>(rows));
    const std::vector<int> parameters = {parameter(rows * filters, -range, range), parameter(filters, -0.1f, 0.1f)};
    return node("ConvTranspose", {from}, out,
                {{"window", std::move(window)}, {"strides", o.stride}, {"dilation", o.dilation}, {"before", o.before}, {"after", o.after}, {"bias", {1}}},
                parameters);
  }
  int dense(int from, int64_t units) {
    Shape out = shape(from);
    const float range = std::sqrt(3.0f / static_cast<float>(out.back()));
    const std::vector<int> parameters = {parameter(out.back() * units, -range, range), parameter(units, -0.1f, 0.1f)};
    out.back() = units;
    return node("Dense", {from}, out, {{"bias", {1}}}, parameters);
  }
  int pool(int from, std::vector<double> window, const ConvOptions& o, bool average = false) {
    const Shape out = windowed(shape(from), window, o, shape(from).back());
    return node("Pool", {from}, out,
                {{"window", std::move(window)}, {"strides", o.stride}, {"dilation", o.dilation}, {"before", o.before}, {"after", o.after},
                 {"average", {average ? 1.0 : 0.0}}});
  }
  int pool(int from) {
    ConvOptions o;
    o.stride = {2, 2};
    return pool(from, {2, 2}, o);
  }
  int batch_norm(int from, bool frozen = false) {
    const int64_t c = shape(from).back();
    const std::vector<int> parameters = {parameter(c, 0.5f, 1.5f, !frozen), parameter(c, -0.5f, 0.5f, !frozen), parameter(c, -0.1f, 0.1f, false),
                                         parameter(c, 0.5f, 1.5f, false)};
    return node("BatchNorm", {from}, shape(from),
                {{"epsilon", {1e-3}}, {"momentum", {0.1}}, {"scale", {1}}, {"center", {1}}, {"frozen", {frozen ? 1.0 : 0.0}}}, parameters);
  }
  int activation(int from, Function function, double alpha = 0) {
    return node("Activation", {from}, shape(from),
                {{"function", {static_cast<double>(function)}}, {"alpha", {alpha}}, {"max_value", {HUGE_VAL}}, {"threshold", {0}}});
  }
  int log_softmax(int from) { return node("Activation", {from}, shape(from), {{"function", {-1}}}); }
  int relu(int from) { return activation(from, Function::relu); }
  int softmax(int from) { return node("Softmax", {from}, shape(from)); }
  int dropout(int from, double rate, double stream) { return node("Dropout", {from}, shape(from), {{"rate", {rate}}, {"stream", {stream}}, {"noise_shape", {}}, {"shared_by_batch", {0}}}); }
  int affine(int from, double scale, double offset) { return node("Affine", {from}, shape(from), {{"scale", {scale}}, {"offset", {offset}}}); }
  int penalty(int from, double l1, double l2) { return node("Penalty", {from}, shape(from), {{"l1", {l1}}, {"l2", {l2}}}); }
  int flatten(int from) { return node("Reshape", {from}, {elements(shape(from))}); }
  int resize(int from, const std::vector<int64_t>& sizes, int method, bool antialias = false) {
    Shape out = sizes;
    out.push_back(shape(from).back());
    return node("Resize", {from}, out, {{"method", {static_cast<double>(method)}}, {"antialias", {antialias ? 1.0 : 0.0}}});
  }
  int adaptive_pool(int from, const std::vector<int64_t>& sizes, bool average) {
    Shape out = sizes;
    out.push_back(shape(from).back());
    return node("AdaptivePool", {from}, out, {{"average", {average ? 1.0 : 0.0}}});
  }
  int pad(int from, std::vector<double> before, const std::vector<double>& after, double value = 0) {
    Shape out = shape(from);
    for (size_t a = 0; a < before.size(); a++) out[a] += static_cast<int64_t>(before[a] + after[a]);
    return node("Pad", {from}, out, {{"before", std::move(before)}, {"after", after}, {"value", {value}}});
  }
  int combine(int a, int b, Combine kind) { return node("Combine", {a, b}, shape(a), {{"kind", {static_cast<double>(kind)}}}); }
  // Random maps of images and changes of their values.
  int warp(int from, Fill fill, bool nearest, double stream) {
    return node("RandomWarp", {from}, shape(from),
                {{"rotation", {-0.2, 0.2}}, {"height_zoom", {0.7, 1.5}}, {"width_zoom", {0.8, 1.2}}, {"one_zoom", {0}}, {"height_shift", {-0.6, 0.6}},
                 {"width_shift", {-0.3, 0.3}}, {"flip_rows", {1}}, {"flip_columns", {1}}, {"fill_mode", {static_cast<double>(fill)}},
                 {"fill_value", {0.5}}, {"nearest", {nearest ? 1.0 : 0.0}}, {"stream", {stream}}});
  }
  int crop(int from, int64_t height, int64_t width, bool fixed, double stream) {
    return node("RandomCrop", {from}, {height, width, shape(from)[2]}, {{"fixed", {fixed ? 1.0 : 0.0}}, {"stream", {stream}}});
  }
  int adjust(int from, double contrast, double brightness, double stream) {
    return node("RandomAdjust", {from}, shape(from), {{"contrast", {1 - contrast, 1 + contrast}}, {"brightness", {-brightness, brightness}},
                                                      {"value_range", {-100, 100}}, {"stream", {stream}}});
  }
  int noise(int from, double stddev, bool multiplicative, double stream) {
    return node("GaussianNoise", {from}, shape(from), {{"stddev", {stddev}}, {"multiplicative", {multiplicative ? 1.0 : 0.0}}, {"stream", {stream}}});
  }
  int drop(const char* kind, int from, std::vector<double> noise_shape, bool shared, double stream) {
    return node(kind, {from}, shape(from), {{"rate", {0.3}}, {"stream", {stream}}, {"noise_shape", std::move(noise_shape)}, {"shared_by_batch", {shared ? 1.0 : 0.0}}});
  }
  int add(const std::vector<int>& from) { return node("Add", from, shape(from[0])); }
  int concat(const std::vector<int>& from) {
    Shape out = shape(from[0]);
    for (size_t i = 1; i < from.size(); i++) out.back() += shape(from[i]).back();
    return node("Concat", from, out);
  }
  void output(int index, Loss loss, bool from_logits = false, float smoothing = 0, float weight = 1) {
    graph.outputs.push_back(index);
    graph.losses.push_back({loss, {from_logits, smoothing, 1, 0.25f, 2, false}, weight});
  }
  // State arrays for the trainable parameters, as many as the rule has.
  UpdateRule rule(Rule kind, int slots) {
    for (auto& p : graph.parameters)
      for (int s = 0; p.trainable && s < slots; s++) {
        memory.emplace_back(static_cast<size_t>(p.count), 0.0f);
        p.slots[s] = memory.back().data();
      }
    UpdateRule r;
    r.rule = kind;
    r.beta_1 = 0.9f, r.beta_2 = 0.999f, r.epsilon = 1e-7f, r.momentum = 0.9f, r.rho = 0.9f;
    if (kind == Rule::nadam) r.u_product = u_product.data();
    return r;
  }
};

// Images and targets of a network, in arrays exactly as long as needed.
struct Data {
  std::vector<std::vector<float>> images, targets;
  std::vector<std::vector<uint8_t>> bytes;
  std::vector<std::vector<int32_t>> labels;
  std::vector<float> weights;
  Examples examples;

  // uint8 images come in when `as_bytes`; sparse targets for sparse losses.
  Data(const Network& n, int64_t count, uint32_t seed, bool as_bytes = false, bool weighted = false) {
    Random random(seed);
    examples.count = count;
    for (const int input : n.graph.inputs) {
      const int64_t size = elements(n.shape(input));
      if (as_bytes) {
        bytes.emplace_back(static_cast<size_t>(count * size));
        for (uint8_t& b : bytes.back()) b = static_cast<uint8_t>(random.below(256));
        examples.images.push_back({reinterpret_cast<const char*>(bytes.back().data()), Pixel::uint8, size});
      } else {
        images.push_back(random.floats(count * size));
        examples.images.push_back({reinterpret_cast<const char*>(images.back().data()), Pixel::float32, 4 * size});
      }
    }
    for (size_t k = 0; k < n.graph.losses.size(); k++) {
      const Shape& shape = n.shape(n.graph.outputs[k]);
      if (n.graph.losses[k].loss == Loss::sparse_categorical_crossentropy) {
        const int64_t size = elements(shape) / shape.back();
        labels.emplace_back(static_cast<size_t>(count * size));
        for (int32_t& label : labels.back()) label = static_cast<int32_t>(random.below(shape.back()));
        examples.targets.push_back({reinterpret_cast<const char*>(labels.back().data()), Pixel::float32, 4 * size});
      } else {
        targets.push_back(random.floats(count * elements(shape), 0, 1));
        examples.targets.push_back({reinterpret_cast<const char*>(targets.back().data()), Pixel::float32, 4 * elements(shape)});
      }
    }
    if (weighted) {
      weights = random.floats(count, 0.5f, 1.5f);
      examples.weights = weights.data();
    }
  }
};

// Room for some nodes' values of so many images.
struct Values {
  std::vector<std::vector<float>> arrays;
  std::vector<Sink> sinks;
  Values(const Network& n, const std::vector<int>& nodes, int64_t count) {
    for (const int node : nodes) arrays.emplace_back(static_cast<size_t>(count * elements(n.shape(node))), -77.0f);
    for (size_t i = 0; i < nodes.size(); i++) sinks.push_back({arrays[i].data(), elements(n.shape(nodes[i]))});
  }
};

inline Source source_of(const std::vector<float>& values, int64_t size) {
  return {reinterpret_cast<const char*>(values.data()), Pixel::float32, 4 * size};
}

}  // namespace striate::tests
