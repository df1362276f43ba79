// What a program computes: convolutions of every geometry against plain loops in double, and gradients against differences.
#include <algorithm>
#include <array>
#include <cmath>

#include "network.h"

namespace striate::tests {

using Box = std::array<int64_t, 3>;

static Box box(const std::vector<double>& values, int64_t missing) {
  Box result = {missing, missing, missing};
  for (size_t i = 0; i < values.size(); i++) result[3 - values.size() + i] = static_cast<int64_t>(values[i]);
  return result;
}

static Box spatial(const Shape& shape) { return box({shape.begin(), shape.end() - 1}, 1); }

// One product of a convolution: y[output] += x[input] * w[weight]
struct Product {
  size_t output, input, weight;
};

// All products of one image, from the definition of convolution.
static std::vector<Product> products(const Network& n, int conv) {
  const Node& node = n.graph.nodes[static_cast<size_t>(conv)];
  const Shape& in_shape = n.shape(node.inputs[0]);
  const Box in = spatial(in_shape), out = spatial(node.shape), kernel = box(node.list("window"), 1), stride = box(node.list("strides"), 1),
            dilation = box(node.list("dilation"), 1), before = box(node.list("before"), 0);
  const int64_t groups = static_cast<int64_t>(node.number("groups")), channels = in_shape.back(), filters = node.channels();
  const int64_t group_channels = channels / groups, group_filters = filters / groups;
  std::vector<Product> result;
  const auto each = [](const Box& size, auto visit) {
    for (int64_t z = 0; z < size[0]; z++)
      for (int64_t y = 0; y < size[1]; y++)
        for (int64_t x = 0; x < size[2]; x++) visit(Box{z, y, x});
  };
  const auto offset = [](const Box& at, const Box& size) { return (at[0] * size[1] + at[1]) * size[2] + at[2]; };
  each(out, [&](const Box& o) {
    each(kernel, [&](const Box& k) {
      Box i;
      for (size_t a = 0; a < 3; a++) {
        i[a] = o[a] * stride[a] - before[a] + k[a] * dilation[a];
        if (i[a] < 0 || i[a] >= in[a]) return;
      }
      for (int64_t f = 0; f < filters; f++)
        for (int64_t c = 0; c < group_channels; c++)
          result.push_back({static_cast<size_t>(offset(o, out) * filters + f),
                            static_cast<size_t>(offset(i, in) * channels + f / group_filters * group_channels + c),
                            static_cast<size_t>((offset(k, kernel) * group_channels + c) * filters + f)});
    });
  });
  return result;
}

// Forward, input gradient and parameter gradients of one convolution for a batch of images; `rounding`: how much less exact its
// method is than plain sums.
static void test_conv(const Kernels& k, const char* name, const Shape& input, const std::vector<double>& window, int64_t filters,
                      const ConvOptions& options, int64_t images, int threads, bool followed_by_relu, double rounding = 1) {
  Network n(7);
  const int from = n.input(input), conv = n.conv(from, window, filters, options);
  const int last = followed_by_relu ? n.relu(conv) : conv;
  n.graph.outputs = {last};
  Program program(n.graph, {}, 1, k, std::make_shared<ThreadPool>(threads));
  const Data data(n, images, 11);
  const int64_t in_size = elements(input), out_size = elements(n.shape(conv));
  const auto cotangent = n.random.floats(images * out_size);
  Values outputs(n, {last}, images), gradients(n, {from}, images);
  program.read(data.examples, images, {last}, false, 0, outputs.sinks);
  program.gradient(data.examples, images, last, source_of(cotangent, out_size), {from}, false, 0, gradients.sinks);
  std::vector<std::vector<float>> parameters;
  std::vector<float*> results;
  for (const auto& p : n.graph.parameters) parameters.emplace_back(static_cast<size_t>(p.count), -77.0f);
  for (auto& p : parameters) results.push_back(p.data());
  program.parameter_gradients(data.examples, last, source_of(cotangent, out_size), false, 0, results);

  const std::vector<float>& w = n.memory[0];
  std::vector<double> y(static_cast<size_t>(images * out_size)), dx(static_cast<size_t>(images * in_size)), dw(w.size()), db(static_cast<size_t>(filters));
  const auto all = products(n, conv);
  const auto image_at = [](int64_t image, int64_t size) { return static_cast<size_t>(image * size); };
  for (int64_t image = 0; image < images; image++) {
    const float* x = data.images[0].data() + image_at(image, in_size);
    double* result = y.data() + image_at(image, out_size);
    for (const Product& p : all) result[p.output] += static_cast<double>(x[p.input]) * static_cast<double>(w[p.weight]);
    std::vector<double> dy(static_cast<size_t>(out_size));
    for (size_t o = 0; o < dy.size(); o++) {
      const size_t f = o % static_cast<size_t>(filters);
      if (options.bias != 0) result[o] += static_cast<double>(n.memory[1][f]);
      // where rounding decides whether the ReLU is open, the engine's own sign counts
      const bool open = !followed_by_relu || outputs.arrays[0][image_at(image, out_size) + o] > 0;
      if (followed_by_relu) result[o] = std::max(result[o], 0.0);
      dy[o] = open ? static_cast<double>(cotangent[image_at(image, out_size) + o]) : 0;
      db[f] += dy[o];
    }
    for (const Product& p : all) {
      dx[image_at(image, in_size) + p.input] += dy[p.output] * static_cast<double>(w[p.weight]);
      dw[p.weight] += dy[p.output] * static_cast<double>(x[p.input]);
    }
  }
  const auto what = text("%s, %d images, %d threads", name, static_cast<int>(images), threads);
  CHECK_CLOSE(what, doubles(outputs.arrays[0]), y, rounding * 1e-5);
  CHECK_CLOSE(what + ": input gradient", doubles(gradients.arrays[0]), dx, rounding * 2e-5);
  CHECK_CLOSE(what + ": weight gradient", doubles(parameters[0]), dw, rounding * 5e-5);
  if (options.bias != 0) CHECK_CLOSE(what + ": bias gradient", doubles(parameters[1]), db, 5e-5);
}

static void test_convolutions(const Kernels& k) {
  const struct {
    const char* name;
    Shape input;
    std::vector<double> window;
    int64_t filters;
    ConvOptions options;
  } cases[] = {
      {"valid", {6, 7, 2}, {3, 2}, 5, {}},
      {"same", {5, 6, 3}, {3, 3}, 4, {{1, 1}, {1, 1}, {1, 1}, {1, 1}, 1, 1}},
      {"same with an even kernel, many filters", {5, 5, 1}, {4, 4}, 19, {{1, 1}, {1, 1}, {1, 1}, {2, 2}, 1, 0}},
      {"strides", {9, 8, 2}, {3, 3}, 3, {{2, 3}, {1, 1}, {1, 0}, {1, 1}, 1, 1}},
      {"a stride longer than the kernel", {8, 8, 2}, {2, 2}, 3, {{3, 3}, {1, 1}, {0, 0}, {0, 0}, 1, 1}},
      {"a stride longer than the input", {3, 3, 2}, {1, 1}, 3, {{5, 5}, {1, 1}, {0, 0}, {0, 0}, 1, 1}},
      {"dilation", {9, 9, 2}, {3, 2}, 3, {{1, 1}, {2, 3}, {2, 1}, {2, 2}, 1, 1}},
      {"strides and dilation", {11, 10, 1}, {3, 3}, 2, {{2, 2}, {3, 2}, {3, 1}, {2, 2}, 1, 1}},
      {"groups", {5, 5, 6}, {3, 3}, 9, {{1, 1}, {1, 1}, {1, 1}, {1, 1}, 3, 1}},
      {"depthwise with three filters a channel", {5, 7, 3}, {3, 2}, 9, {{1, 2}, {2, 1}, {2, 0}, {2, 1}, 3, 1}},
      {"depthwise, more taps and positions than a tile", {4, 19, 4}, {3, 5}, 4, {{1, 1}, {1, 1}, {1, 2}, {1, 2}, 4, 1}},
      {"depthwise of volumes", {3, 4, 5, 2}, {2, 3, 2}, 4, {{1, 1, 2}, {1, 1, 1}, {1, 1, 0}, {0, 1, 1}, 2, 0}},
      {"depthwise", {6, 6, 5}, {3, 3}, 5, {{2, 2}, {1, 1}, {0, 0}, {1, 1}, 5, 1}},
      {"1x1", {4, 5, 7}, {1, 1}, 18, {}},
      {"1x1 with padding", {3, 3, 2}, {1, 1}, 3, {{1, 1}, {1, 1}, {1, 0}, {1, 2}, 1, 1}},
      {"one dimension", {12, 3}, {5}, 4, {{2}, {1}, {2}, {2}, 1, 1}},
      {"three dimensions", {4, 5, 4, 2}, {2, 3, 2}, 3, {{2, 1, 1}, {1, 1, 2}, {1, 1, 0}, {0, 1, 1}, 1, 1}},
      {"the whole input", {4, 4, 5}, {4, 4}, 21, {}},
      {"padding beyond the kernel", {3, 4, 2}, {2, 2}, 2, {{1, 1}, {1, 1}, {3, 2}, {2, 4}, 1, 1}},
      {"packed weights", {2, 3, 70}, {2, 2}, 120, {{1, 1}, {1, 1}, {1, 1}, {0, 0}, 1, 1}},
      {"large enough for the whole batch", {3, 3, 44}, {3, 3}, 44, {{1, 1}, {1, 1}, {1, 1}, {1, 1}, 1, 1}},
  };
  for (const auto& c : cases)
    for (const int threads : {1, 3})
      test_conv(k, c.name, c.input, c.window, c.filters, c.options, (threads == 1 ? 0 : 2 * k.lanes) + 5, threads, threads == 3);
  constexpr double WINOGRAD = 4;  // his method rounds that much more
  const struct {
    const char* name;
    Shape input;
    int64_t filters;
    ConvOptions options;
  } tiled[] = {
      {"3x3 same", {5, 7, 16}, 17, {{1, 1}, {1, 1}, {1, 1}, {1, 1}, 1, 1}},
      {"3x3 valid, a single output", {3, 3, 19}, 16, {{1, 1}, {1, 1}, {0, 0}, {0, 0}, 1, 1}},
      {"3x3 with uneven padding", {4, 6, 23}, 21, {{1, 1}, {1, 1}, {2, 0}, {1, 2}, 1, 0}},
      {"3x3 with a large gradient", {6, 5, 33}, 39, {{1, 1}, {1, 1}, {1, 2}, {1, 0}, 1, 1}},
  };
  for (const auto& c : tiled)
    for (const int64_t images : {1, 5, 8, 9, 17, 47})  // the last in full packs and nearly so, whatever the lanes
      test_conv(k, c.name, c.input, {3, 3}, c.filters, c.options, images, images % 2 == 1 ? 3 : 1, images % 3 == 2, WINOGRAD);
  // So many channels and tiles that they are taken in several chunks, and so much work that threads share a pack.
  test_conv(k, "3x3 in chunks", {33, 30, 65}, {3, 3}, 40, {{1, 1}, {1, 1}, {1, 1}, {1, 1}, 1, 1}, 2, 3, true, WINOGRAD);
}

// A dense layer is a convolution with a 1x1 kernel, whatever the size of its weights.
static void test_dense(const Kernels& k, int64_t inputs, int64_t units, int64_t images, int threads) {
  Network n(8);
  const int from = n.input({inputs}), dense = n.dense(from, units);
  n.graph.outputs = {dense};
  Program program(n.graph, {}, 1, k, std::make_shared<ThreadPool>(threads));
  const Data data(n, images, 12);
  const auto cotangent = n.random.floats(images * units);
  Values outputs(n, {dense}, images), gradients(n, {from}, images);
  program.read(data.examples, images, {dense}, false, 0, outputs.sinks);
  program.gradient(data.examples, images, dense, source_of(cotangent, units), {from}, false, 0, gradients.sinks);
  std::vector<float> dw(static_cast<size_t>(inputs * units)), db(static_cast<size_t>(units));
  program.parameter_gradients(data.examples, dense, source_of(cotangent, units), false, 0, {dw.data(), db.data()});
  std::vector<double> y, dx(static_cast<size_t>(images * inputs)), expected_dw(dw.size()), expected_db(db.size());
  for (int64_t image = 0; image < images; image++)
    for (int64_t u = 0; u < units; u++) {
      double sum = static_cast<double>(n.memory[1][static_cast<size_t>(u)]);
      const double g = static_cast<double>(cotangent[static_cast<size_t>(image * units + u)]);
      expected_db[static_cast<size_t>(u)] += g;
      for (int64_t i = 0; i < inputs; i++) {
        const auto at = static_cast<size_t>(i * units + u), place = static_cast<size_t>(image * inputs + i);
        const double x = static_cast<double>(data.images[0][place]), w = static_cast<double>(n.memory[0][at]);
        sum += x * w;
        dx[place] += g * w;
        expected_dw[at] += g * x;
      }
      y.push_back(sum);
    }
  const auto what = text("dense %d to %d, %d images, %d threads", static_cast<int>(inputs), static_cast<int>(units), static_cast<int>(images), threads);
  CHECK_CLOSE(what, doubles(outputs.arrays[0]), y, 1e-5);
  CHECK_CLOSE(what + ": input gradient", doubles(gradients.arrays[0]), dx, 2e-5);
  CHECK_CLOSE(what + ": weight gradient", doubles(dw), expected_dw, 5e-5);
  CHECK_CLOSE(what + ": bias gradient", doubles(db), expected_db, 5e-5);
}

// Every smooth operation in one graph: sum(cotangent * output) along a direction of the images and of each parameter.
static void test_differences(const Kernels& k, bool training) {
  Network n(9);
  const int in = n.input({6, 6, 2});
  ConvOptions same, half;
  same.before = same.after = {1, 1};
  half.stride = {2, 2};
  const int a = n.activation(n.batch_norm(n.conv(in, {3, 3}, 4, same)), Function::tanh);
  const int b = n.activation(n.conv(n.affine(in, 0.5, 0.1), {1, 1}, 4), Function::silu);
  const int sum = n.add({a, b, a}), joined = n.concat({sum, b, n.pad(n.pool(n.pad(a, {0, 1}, {0, 1}), {3, 5}, ConvOptions(), true), {1, 1}, {1, 1})});
  const int pooled = n.pool(n.batch_norm(joined, true), {2, 2}, half, true);
  const int flat = n.dropout(n.flatten(n.penalty(pooled, 0.1, 0.1)), 0.2, 3);
  const int hidden = n.activation(n.dense(flat, 9), Function::gelu), end = n.add({n.softmax(hidden), n.log_softmax(n.dense(hidden, 9))});
  n.graph.outputs = {end};
  constexpr int64_t images = 11;
  Program program(n.graph, {}, 5, k, std::make_shared<ThreadPool>(2));
  Data data(n, images, 13);
  const int64_t size = elements(n.shape(end));
  const auto cotangent = n.random.floats(images * size);
  const auto total = [&] {
    Values values(n, {end}, images);
    program.read(data.examples, images, {end}, training, 4, values.sinks);
    double result = 0;
    for (size_t i = 0; i < cotangent.size(); i++) result += static_cast<double>(values.arrays[0][i]) * static_cast<double>(cotangent[i]);
    return result;
  };
  // Moves an array along a random direction and compares the change with the gradient's prediction.
  const auto compare = [&](const std::string& what, float* values, const std::vector<float>& gradient) {
    const auto direction = n.random.floats(static_cast<int64_t>(gradient.size()));
    constexpr float step = 2e-3f;
    const std::vector<float> before(values, values + gradient.size());
    const auto at = [&](float distance) {
      for (size_t i = 0; i < gradient.size(); i++) values[i] = before[i] + distance * direction[i];
      return total();
    };
    const double change = (at(step) - at(-step)) / (2 * static_cast<double>(step));
    std::copy(before.begin(), before.end(), values);
    double predicted = 0;
    for (size_t i = 0; i < gradient.size(); i++) predicted += static_cast<double>(gradient[i]) * static_cast<double>(direction[i]);
    CHECK(std::abs(change - predicted) <= 0.02 * std::max(1.0, std::abs(predicted)), "%s, training %d: difference quotient %g, gradient %g",
          what.c_str(), training, change, predicted);
  };
  Values gradients(n, {in, a}, images);
  program.gradient(data.examples, images, end, source_of(cotangent, size), {in, a}, training, 4, gradients.sinks);
  compare("images", data.images[0].data(), gradients.arrays[0]);
  std::vector<std::vector<float>> parameters;
  std::vector<float*> results;
  for (const auto& p : n.graph.parameters) parameters.emplace_back(static_cast<size_t>(p.count), -77.0f);
  for (auto& p : parameters) results.push_back(p.data());
  program.parameter_gradients(data.examples, end, source_of(cotangent, size), training, 4, results);
  for (size_t p = 0; p < parameters.size(); p++)
    if (n.graph.parameters[p].trainable)
      compare(text("parameter %zu", p), n.graph.parameters[p].value, parameters[p]);
    else
      CHECK_CLOSE(text("frozen parameter %zu", p), doubles(parameters[p]), std::vector<double>(parameters[p].size()), 0);
}

// A node that the output does not depend on has a gradient of zero; a ReLU that is read is not fused away.
static void test_reading(const Kernels& k) {
  Network n(10);
  const int in = n.input({4, 4, 1}), conv = n.conv(in, {3, 3}, 3), relu = n.relu(conv), aside = n.relu(n.dense(n.flatten(in), 2));
  const int pooled = n.pool(relu);
  n.graph.outputs = {pooled};
  Program program(n.graph, {}, 1, k, std::make_shared<ThreadPool>(2));
  constexpr int64_t images = 21;
  const Data data(n, images, 14, true);
  Values all(n, {in, conv, relu, aside, pooled}, images), parts(n, {relu}, images), gradients(n, {aside, relu, pooled}, images);
  program.read(data.examples, images, {in, conv, relu, aside, pooled}, false, 0, all.sinks);
  program.read(data.examples, 4, {relu}, false, 0, parts.sinks);  // batches of fewer images than lanes
  std::vector<double> positive;
  for (const float v : all.arrays[1]) positive.push_back(std::max(static_cast<double>(v), 0.0));
  CHECK_CLOSE("relu after conv", doubles(all.arrays[2]), positive, 1e-6);
  CHECK_CLOSE("relu in small batches", doubles(parts.arrays[0]), positive, 1e-6);
  CHECK_CLOSE("bytes", doubles(all.arrays[0]), (std::vector<double>{data.bytes[0].begin(), data.bytes[0].end()}), 0);
  const std::vector<float> cotangent(static_cast<size_t>(images * 3), 1.0f);
  program.gradient(data.examples, 6, pooled, source_of(cotangent, 3), {aside, relu, pooled}, false, 0, gradients.sinks);
  CHECK_CLOSE("no influence", doubles(gradients.arrays[0]), std::vector<double>(gradients.arrays[0].size()), 0);
  CHECK_CLOSE("of itself", doubles(gradients.arrays[2]), doubles(cotangent), 0);
  double sum = 0;
  for (const float g : gradients.arrays[1]) sum += static_cast<double>(g);
  CHECK(std::abs(sum - 3 * images) < 1e-3, "the gradient of %d maxima sums to %g", static_cast<int>(3 * images), sum);
}

void test_programs(const Kernels& k) {
  test_convolutions(k);
  test_dense(k, 7, 5, k.lanes + 1, 1);
  test_dense(k, 133, 140, 2 * k.lanes + 3, 2);  // weights so many that the whole batch is taken at once
  test_dense(k, 133, 140, 3, 3);
  test_differences(k, false);
  test_differences(k, true);
  test_reading(k);
}

}  // namespace striate::tests
