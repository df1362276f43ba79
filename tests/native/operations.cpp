// Operations other than convolutions, each in a program of its own: values against the formula in double, gradients against the
// formula's differences, on batches of many sizes, and the same bits on any number of threads.
#include <algorithm>
#include <cmath>
#include <functional>

#include "network.h"

namespace striate::tests {

using Numbers = std::vector<double>;
using Arrays = std::vector<Numbers>;

// What an operation makes of one image's inputs and the parameters.
using Formula = std::function<Numbers(const Arrays& x, const Arrays& p)>;

struct Case {
  std::string name;
  std::vector<Shape> inputs;
  std::function<int(Network&, const std::vector<int>&)> build;
  Formula formula;
};

static double dot(const Numbers& a, const Numbers& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); i++) sum += a[i] * b[i];
  return sum;
}

static size_t at(int64_t i) { return static_cast<size_t>(i); }

// The slope of cotangent . formula along each number of `moved`, which is among x or p.
static Numbers slopes(const Case& c, const Arrays& x, const Arrays& p, Numbers& moved, const Numbers& cotangent) {
  constexpr double h = 1e-6;
  Numbers result;
  for (double& v : moved) {
    const double before = v;
    v = before + h;
    const double up = dot(cotangent, c.formula(x, p));
    v = before - h;
    result.push_back((up - dot(cotangent, c.formula(x, p))) / (2 * h));
    v = before;
  }
  return result;
}

constexpr int64_t IMAGES = 47;  // fills packs of 16 lanes well enough for them to be chosen

// What the formula gives for the first IMAGES images.
struct Expected {
  Numbers values;
  Arrays inputs;                    // gradients, image after image
  std::vector<Arrays> parameters;  // gradients, of each image

  Expected(const Case& c, const Network& n, const Data& data, const std::vector<float>& cotangents, int64_t size) : inputs(c.inputs.size()) {
    Arrays p;
    for (const auto& parameter : n.memory) p.emplace_back(parameter.begin(), parameter.end());
    for (int64_t image = 0; image < IMAGES; image++) {
      Arrays x;
      for (size_t k = 0; k < c.inputs.size(); k++) {
        const float* from = data.images[k].data() + image * elements(c.inputs[k]);
        x.emplace_back(from, from + elements(c.inputs[k]));
      }
      const Numbers cotangent(cotangents.begin() + image * size, cotangents.begin() + (image + 1) * size), y = c.formula(x, p);
      values.insert(values.end(), y.begin(), y.end());
      for (size_t k = 0; k < x.size(); k++) {
        const Numbers g = slopes(c, x, p, x[k], cotangent);
        inputs[k].insert(inputs[k].end(), g.begin(), g.end());
      }
      parameters.emplace_back();
      for (auto& parameter : p) parameters.back().push_back(slopes(c, x, p, parameter, cotangent));
    }
  }
};

// What a program computes for one batch.
struct Computed {
  std::vector<std::vector<float>> values, inputs, parameters;
  bool operator==(const Computed& o) const { return values == o.values && inputs == o.inputs && parameters == o.parameters; }
};

static Computed compute(Program& program, const Network& n, int node, const Examples& examples, const std::vector<float>& cotangents,
                        bool training = false) {
  const int64_t size = elements(n.shape(node));
  Values values(n, {node}, examples.count), inputs(n, n.graph.inputs, examples.count);
  program.read(examples, examples.count, {node}, training, 4, values.sinks);
  program.gradient(examples, examples.count, node, source_of(cotangents, size), n.graph.inputs, training, 4, inputs.sinks);
  Computed result = {values.arrays, inputs.arrays, {}};
  std::vector<float*> pointers;
  for (const auto& p : n.graph.parameters) result.parameters.emplace_back(at(p.count), 0.0f);
  for (auto& p : result.parameters) pointers.push_back(p.data());
  program.parameter_gradients(examples, node, source_of(cotangents, size), training, 4, pointers);
  return result;
}

static Numbers first(const Numbers& values, int64_t images) {
  return {values.begin(), values.begin() + static_cast<int64_t>(values.size()) / IMAGES * images};
}

static void test_case(const Kernels& k, const Case& c) {
  Network n(31);
  std::vector<int> inputs;
  for (const Shape& shape : c.inputs) inputs.push_back(n.input(shape));
  const int node = c.build(n, inputs);
  n.graph.outputs = {node};
  Data data(n, IMAGES, 32);
  const int64_t size = elements(n.shape(node));
  const auto cotangents = n.random.floats(IMAGES * size);
  const Expected expected(c, n, data, cotangents, size);
  CHECK(static_cast<int64_t>(expected.values.size()) == IMAGES * size, "%s: the formula gives %zu numbers", c.name.c_str(), expected.values.size());
  Program one(n.graph, {}, 1, k, std::make_shared<ThreadPool>(1)), three(n.graph, {}, 1, k, std::make_shared<ThreadPool>(3));
  for (const int64_t images : {IMAGES, int64_t{1}, int64_t{5}, int64_t{8}, int64_t{9}, int64_t{17}, int64_t{40}}) {
    data.examples.count = images;
    const Computed got = compute(one, n, node, data.examples, cotangents);
    const auto what = text("%s, %d images", c.name.c_str(), static_cast<int>(images));
    CHECK(compute(three, n, node, data.examples, cotangents) == got, "%s: 3 threads and one differ", what.c_str());
    CHECK_CLOSE(what, doubles(got.values[0]), first(expected.values, images), 1e-5);
    for (size_t i = 0; i < inputs.size(); i++)
      CHECK_CLOSE(what + text(": gradient of input %zu", i), doubles(got.inputs[i]), first(expected.inputs[i], images), 5e-5);
    for (size_t p = 0; p < n.graph.parameters.size(); p++) {
      Numbers sum(n.memory[p].size(), 0.0);
      for (int64_t image = 0; image < images && n.graph.parameters[p].trainable; image++)
        for (size_t i = 0; i < sum.size(); i++) sum[i] += expected.parameters[at(image)][p][i];
      CHECK_CLOSE(what + text(": gradient of parameter %zu", p), doubles(got.parameters[p]), sum, 5e-5);
    }
  }
}

// Of [height][width][channels], which is what most formulas are about.
struct Map {
  int64_t height, width, channels;
  size_t operator()(int64_t y, int64_t x, int64_t c) const { return at((y * width + x) * channels + c); }
  size_t size() const { return at(height * width * channels); }
  template <class Visit>
  void each(Visit visit) const {
    for (int64_t y = 0; y < height; y++)
      for (int64_t x = 0; x < width; x++)
        for (int64_t c = 0; c < channels; c++) visit(y, x, c);
  }
};

static Case transposed(Map in, int64_t filters, int64_t kernel, ConvOptions o, bool with_relu) {
  const auto to = [=](int64_t n, size_t a) {
    return (n - 1) * static_cast<int64_t>(o.stride[a]) + (kernel - 1) * static_cast<int64_t>(o.dilation[a]) + 1 - static_cast<int64_t>(o.before[a] + o.after[a]);
  };
  const Map out = {to(in.height, 0), to(in.width, 1), filters};
  const auto place = [o](int64_t i, int64_t k, size_t a) { return i * static_cast<int64_t>(o.stride[a]) + k * static_cast<int64_t>(o.dilation[a]) - static_cast<int64_t>(o.before[a]); };
  return {text("ConvTranspose to %d x %d x %d", static_cast<int>(out.height), static_cast<int>(out.width), static_cast<int>(filters)), {{in.height, in.width, in.channels}},
          [=](Network& n, const std::vector<int>& x) {
            const int y = n.transposed(x[0], {static_cast<double>(kernel), static_cast<double>(kernel)}, filters, o);
            return with_relu ? n.relu(y) : y;
          },
          [=](const Arrays& x, const Arrays& p) {
            Numbers y;
            for (size_t i = 0; i < out.size(); i++) y.push_back(p[1][i % at(filters)]);
            in.each([&](int64_t row, int64_t column, int64_t c) {
              for (int64_t i = 0; i < kernel; i++)
                for (int64_t j = 0; j < kernel; j++) {
                  const int64_t to_row = place(row, i, 0), to_column = place(column, j, 1);
                  if (to_row < 0 || to_row >= out.height || to_column < 0 || to_column >= out.width) continue;
                  for (int64_t f = 0; f < filters; f++)
                    y[out(to_row, to_column, f)] += x[0][in(row, column, c)] * p[0][at(((i * kernel + j) * filters + f) * in.channels + c)];
                }
            });
            if (with_relu)
              for (double& v : y) v = std::max(v, 0.0);
            return y;
          }};
}

// How much each of n inputs counts in output o of m: nearest (0), or by a function of the distance of their centres.
static Numbers shares(int64_t o, int64_t n, int64_t m, int method, bool antialias) {
  const double centre = (static_cast<double>(o) + 0.5) * static_cast<double>(n) / static_cast<double>(m);
  const double stretch = antialias ? std::max(static_cast<double>(n) / static_cast<double>(m), 1.0) : 1.0;
  const auto sinc = [](double x) { return x == 0 ? 1 : std::sin(M_PI * x) / (M_PI * x); };
  const double reach = method == 3 ? 3 : 5;
  Numbers weights;
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    const double d = std::abs(static_cast<double>(i) + 0.5 - centre) / stretch;
    double w = method == 1 ? std::max(1 - d, 0.0) : d < reach ? sinc(d) * sinc(d / reach) : 0;
    if (method == 2) w = d < 1 ? 1.5 * d * d * d - 2.5 * d * d + 1 : d < 2 ? -0.5 * d * d * d + 2.5 * d * d - 4 * d + 2 : 0;
    if (method == 0) w = i == static_cast<int64_t>(centre);
    weights.push_back(w);
    sum += w;
  }
  for (double& w : weights) w /= sum;
  return weights;
}

static Case resized(Map in, Map out, int method, bool antialias = false) {
  return {text("Resize, method %d, antialias %d", method, antialias), {{in.height, in.width, in.channels}},
          [=](Network& n, const std::vector<int>& x) { return n.resize(x[0], {out.height, out.width}, method, antialias); },
          [=](const Arrays& x, const Arrays&) {
            Numbers y;
            out.each([&](int64_t row, int64_t column, int64_t c) {
              const Numbers r = shares(row, in.height, out.height, method, antialias), s = shares(column, in.width, out.width, method, antialias);
              double sum = 0;
              for (int64_t i = 0; i < in.height; i++)
                for (int64_t k = 0; k < in.width; k++) sum += r[static_cast<size_t>(i)] * s[static_cast<size_t>(k)] * x[0][in(i, k, c)];
              y.push_back(sum);
            });
            return y;
          }};
}

static Case adaptive(Map in, Map out, bool average) {
  return {average ? "AdaptivePool, average" : "AdaptivePool, maximum", {{in.height, in.width, in.channels}},
          [=](Network& n, const std::vector<int>& x) { return n.adaptive_pool(x[0], {out.height, out.width}, average); },
          [=](const Arrays& x, const Arrays&) {
            Numbers y;
            const auto start = [](int64_t o, int64_t n, int64_t m) { return o * n / m; };
            const auto end = [](int64_t o, int64_t n, int64_t m) { return ((o + 1) * n + m - 1) / m; };
            out.each([&](int64_t row, int64_t column, int64_t c) {
              double sum = 0, largest = -HUGE_VAL, count = 0;
              for (int64_t i = start(row, in.height, out.height); i < end(row, in.height, out.height); i++)
                for (int64_t j = start(column, in.width, out.width); j < end(column, in.width, out.width); j++, count++) {
                  sum += x[0][in(i, j, c)];
                  largest = std::max(largest, x[0][in(i, j, c)]);
                }
              y.push_back(average ? sum / count : largest);
            });
            return y;
          }};
}

// Of (3, 4, 5) and (4, 1), or the other way about.
static Case combined(Combine kind, bool swapped) {
  std::vector<Shape> inputs = {{3, 4, 5}, {4, 1}};
  if (swapped) std::swap(inputs[0], inputs[1]);
  return {text("Combine %d, swapped %d", static_cast<int>(kind), swapped), inputs,
          [=](Network& n, const std::vector<int>& x) { return n.node("Combine", {x[0], x[1]}, {3, 4, 5}, {{"kind", {static_cast<double>(kind)}}}); },
          [=](const Arrays& x, const Arrays&) {
            Numbers y;
            for (size_t i = 0; i < 60; i++) {
              const size_t small = i / 5 % 4;
              const double a = x[0][swapped ? small : i], b = x[1][swapped ? i : small];
              const double results[] = {a + b, a - b, a * b, std::max(a, b), std::min(a, b)};
              y.push_back(results[static_cast<int>(kind)]);
            }
            return y;
          }};
}

// y[i, k, j] = sum over m: a[i, m, k] b[j, m]
static Case contracted() {
  constexpr int64_t I = 2, M = 5, K = 3, J = 7;
  return {"Contract", {{I, M, K}, {J, M}}, [](Network& n, const std::vector<int>& x) { return n.node("Contract", {x[0], x[1]}, {I, K, J}, {{"axes", {1, 1}}}); },
          [](const Arrays& x, const Arrays&) {
            Numbers y;
            for (int64_t i = 0; i < I; i++)
              for (int64_t k = 0; k < K; k++)
                for (int64_t j = 0; j < J; j++) {
                  y.push_back(0);
                  for (int64_t m = 0; m < M; m++) y.back() += x[0][at((i * M + m) * K + k)] * x[1][at(j * M + m)];
                }
            return y;
          }};
}

// Over rows and channels of (3, 4, 5).
static Case normalized(Standard kind) {
  constexpr Map map = {3, 4, 5};
  return {text("Normalize %d", static_cast<int>(kind)), {{3, 4, 5}},
          [=](Network& n, const std::vector<int>& x) {
            return n.node("Normalize", {x[0]}, {3, 4, 5}, {{"axes", {0, 2}}, {"epsilon", {1e-3}}, {"kind", {static_cast<double>(kind)}}});
          },
          [=](const Arrays& x, const Arrays&) {
            Numbers y = x[0];
            for (int64_t column = 0; column < map.width; column++) {
              const auto over = [&](auto visit) {
                for (int64_t row = 0; row < map.height; row++)
                  for (int64_t c = 0; c < map.channels; c++) visit(map(row, column, c));
              };
              double mean = 0, squares = 0;
              if (kind == Standard::deviation) over([&](size_t i) { mean += x[0][i] / 15; });
              over([&](size_t i) { squares += (x[0][i] - mean) * (x[0][i] - mean); });
              const double by = kind == Standard::length ? std::max(std::sqrt(squares), 1e-3) : std::sqrt(squares / 15 + 1e-3);
              over([&](size_t i) { y[i] = (x[0][i] - mean) / by; });
            }
            return y;
          }};
}

static Case local_response() {
  return {"LocalResponseNorm", {{2, 3, 7}},
          [](Network& n, const std::vector<int>& x) {
            return n.node("LocalResponseNorm", {x[0]}, {2, 3, 7}, {{"radius", {2}}, {"bias", {1.5}}, {"alpha", {0.3}}, {"beta", {0.75}}});
          },
          [](const Arrays& x, const Arrays&) {
            Numbers y;
            for (int64_t i = 0; i < 42; i++) {
              double sum = 0;
              for (int64_t j = std::max<int64_t>(0, i % 7 - 2); j <= std::min<int64_t>(6, i % 7 + 2); j++) sum += std::pow(x[0][at(i - i % 7 + j)], 2);
              y.push_back(x[0][at(i)] * std::pow(1.5 + 0.3 * sum, -0.75));
            }
            return y;
          }};
}

// With parameters for some axes of (3, 4, 5), whose sizes are one elsewhere; f(x, p, q).
static Case parametric(const char* kind, const std::vector<double>& axes, int parameters, std::map<std::string, std::vector<double>> attributes,
                       double (*f)(double x, double p, double q)) {
  const Shape shape = {3, 4, 5};
  int64_t count = 1, steps[3] = {0, 0, 0};
  for (size_t a = axes.size(); a-- > 0;) {
    steps[static_cast<size_t>(axes[a])] = count;
    count *= shape[static_cast<size_t>(axes[a])];
  }
  attributes["axes"] = axes;
  return {text("%s along %zu axes, %d parameters", kind, axes.size(), parameters), {shape},
          [=](Network& n, const std::vector<int>& x) {
            std::vector<int> ids;
            for (int i = 0; i < parameters; i++) ids.push_back(n.parameter(count, 0.2f, 1.5f, std::string(kind) != "Standardize"));
            return n.node(kind, {x[0]}, shape, attributes, ids);
          },
          [=](const Arrays& x, const Arrays& p) {
            Numbers y;
            for (int64_t i = 0; i < 60; i++) {
              const auto place = at(i / 20 * steps[0] + i / 5 % 4 * steps[1] + i % 5 * steps[2]);
              y.push_back(f(x[0][at(i)], p[0][place], parameters > 1 ? p[1][place] : 0));
            }
            return y;
          }};
}

// Indices from -1.5 to 6.5 in a table of five rows: what is no row gives zeros.
static Case embedding(int64_t width) {
  return {text("Embedding of %d", static_cast<int>(width)), {{3, 2}},
          [=](Network& n, const std::vector<int>& x) { return n.node("Embedding", {n.affine(x[0], 4, 2.5)}, {3, 2, width}, {}, {n.parameter(5 * width, -1, 1)}); },
          [=](const Arrays& x, const Arrays& p) {
            Numbers y;
            for (const double v : x[0]) {
              const double row = 4 * v + 2.5;
              for (int64_t d = 0; d < width; d++) y.push_back(row < 0 || row >= 5 ? 0 : p[0][at(static_cast<int64_t>(row) * width + d)]);
            }
            return y;
          }};
}

// Axis 2, 0, 1 of (2, 3, 5), then cut at one side and filled at the other.
static Case moved() {
  return {"Permute and Pad", {{2, 3, 5}},
          [](Network& n, const std::vector<int>& x) {
            return n.pad(n.node("Permute", {x[0]}, {5, 2, 3}, {{"order", {2, 0, 1}}}), {-2, 1}, {1, -1}, 0.25);
          },
          [](const Arrays& x, const Arrays&) {
            Numbers y;
            constexpr Map out = {4, 2, 3};
            out.each([&](int64_t i, int64_t j, int64_t k) {
              const int64_t row = i + 2, column = j - 1;
              y.push_back(row < 5 && column >= 0 ? x[0][at((column * 3 + k) * 5 + row)] : 0.25);
            });
            return y;
          }};
}

static std::vector<Case> cases() {
  std::vector<Case> all = {transposed({3, 4, 2}, 3, 3, {{2, 2}, {1, 1}, {1, 0}, {0, 1}, 1, 1}, false),
                           transposed({3, 2, 5}, 2, 2, {{1, 3}, {2, 1}, {0, 0}, {0, 0}, 1, 1}, true),
                           transposed({2, 3, 3}, 9, 3, {{3, 1}, {1, 2}, {1, 1}, {1, 2}, 1, 1}, false),
                           transposed({2, 2, 17}, 3, 1, {}, true),
                           resized({5, 4, 3}, {8, 3, 3}, 1),
                           resized({5, 4, 3}, {8, 3, 3}, 0),
                           resized({2, 5, 7}, {4, 1, 7}, 1),
                           resized({5, 4, 3}, {8, 3, 3}, 2),
                           resized({7, 9, 2}, {3, 4, 2}, 2, true),
                           resized({7, 9, 2}, {3, 12, 2}, 3),
                           resized({9, 6, 2}, {2, 7, 2}, 4, true),
                           adaptive({5, 7, 3}, {3, 2, 3}, true),
                           adaptive({5, 7, 3}, {3, 2, 3}, false),
                           adaptive({2, 3, 9}, {5, 3, 9}, true),
                           adaptive({2, 3, 9}, {5, 3, 9}, false),
                           contracted(),
                           local_response(),
                           embedding(1),
                           embedding(5),
                           moved()};
  for (int kind = 0; kind < 5; kind++)
    for (const bool swapped : {false, true}) all.push_back(combined(static_cast<Combine>(kind), swapped));
  for (const Standard kind : {Standard::deviation, Standard::root_mean_square, Standard::length}) all.push_back(normalized(kind));
  for (const std::vector<double>& axes : {std::vector<double>{2}, {1}, {0, 2}, {0, 1, 2}}) {
    all.push_back(parametric("Scale", axes, 2, {{"scale", {1}}, {"center", {1}}}, [](double x, double p, double q) { return p * x + q; }));
    all.push_back(parametric("Scale", axes, 1, {{"scale", {0}}, {"center", {1}}}, [](double x, double p, double) { return x + p; }));
    all.push_back(parametric("PReLU", axes, 1, {}, [](double x, double p, double) { return x > 0 ? x : p * x; }));
    all.push_back(parametric("Standardize", axes, 2, {{"epsilon", {0.6}}, {"invert", {0}}},
                             [](double x, double p, double q) { return (x - p) / std::max(std::sqrt(q), static_cast<double>(0.6f)); }));
    all.push_back(parametric("Standardize", axes, 2, {{"epsilon", {0.6}}, {"invert", {1}}},
                             [](double x, double p, double q) { return p + x * std::max(std::sqrt(q), static_cast<double>(0.6f)); }));
  }
  return all;
}

// Random operations are affine maps of the image, A x + b with A and b drawn for each: y(x) - y(0) = A x, and the input gradient is
// A^T dy. So for each image dy . (y(x) - y(0)) = A^T dy . x, and what is drawn does not depend on how many images there are.
static void test_random(const Kernels& k, const char* name, int (*build)(Network&, int), bool training) {
  Network n(33);
  const int in = n.input({7, 6, 3}), node = build(n, in);
  n.graph.outputs = {node};
  Data data(n, IMAGES, 34), zeros(n, IMAGES, 34);
  std::fill(zeros.images[0].begin(), zeros.images[0].end(), 0.0f);
  const int64_t in_size = elements(n.shape(in)), size = elements(n.shape(node));
  const auto cotangents = n.random.floats(IMAGES * size);
  Program one(n.graph, {}, 1, k, std::make_shared<ThreadPool>(1)), three(n.graph, {}, 1, k, std::make_shared<ThreadPool>(3));
  std::vector<float> of_one;
  for (const int64_t images : {int64_t{1}, int64_t{5}, int64_t{8}, int64_t{9}, int64_t{17}, int64_t{40}, IMAGES}) {
    data.examples.count = zeros.examples.count = images;
    const Computed got = compute(one, n, node, data.examples, cotangents, training), base = compute(one, n, node, zeros.examples, cotangents, training);
    CHECK(compute(three, n, node, data.examples, cotangents, training) == got, "%s, %d images: 3 threads and one differ", name, static_cast<int>(images));
    Numbers left, right;
    for (int64_t image = 0; image < images; image++) {
      left.push_back(0);
      right.push_back(0);
      for (int64_t i = image * size; i < (image + 1) * size; i++)
        left.back() += static_cast<double>(cotangents[at(i)]) * (static_cast<double>(got.values[0][at(i)]) - static_cast<double>(base.values[0][at(i)]));
      for (int64_t i = image * in_size; i < (image + 1) * in_size; i++)
        right.back() += static_cast<double>(got.inputs[0][at(i)]) * static_cast<double>(data.images[0][at(i)]);
    }
    CHECK_CLOSE(text("%s, training %d, %d images", name, training, static_cast<int>(images)), left, right, 2e-4);
    const std::vector<float> of_first(got.values[0].begin(), got.values[0].begin() + size);
    if (of_one.empty()) of_one = of_first;
    CHECK_CLOSE(text("%s, training %d: the first of %d images", name, training, static_cast<int>(images)), doubles(of_first), doubles(of_one), 1e-5);
  }
}

void test_operations(const Kernels& k) {
  for (const Case& c : cases()) test_case(k, c);
  const struct {
    const char* name;
    int (*build)(Network&, int);
  } random[] = {
      {"Dropout", [](Network& n, int x) { return n.drop("Dropout", x, {}, false, 1); }},
      {"Dropout of channels", [](Network& n, int x) { return n.drop("Dropout", x, {1, 1, 3}, false, 2); }},
      {"Dropout of rows, shared", [](Network& n, int x) { return n.drop("Dropout", x, {7, 1, 1}, true, 3); }},
      {"AlphaDropout", [](Network& n, int x) { return n.drop("AlphaDropout", x, {7, 6, 1}, false, 4); }},
      {"GaussianNoise", [](Network& n, int x) { return n.noise(x, 0.5, false, 5); }},
      {"GaussianNoise, factors", [](Network& n, int x) { return n.noise(x, 0.5, true, 6); }},
      {"RandomWarp, constant", [](Network& n, int x) { return n.warp(x, Fill::constant, false, 7); }},
      {"RandomWarp, nearest", [](Network& n, int x) { return n.warp(x, Fill::nearest, true, 8); }},
      {"RandomWarp, wrap", [](Network& n, int x) { return n.warp(x, Fill::wrap, false, 9); }},
      {"RandomWarp, reflect", [](Network& n, int x) { return n.warp(x, Fill::reflect, true, 10); }},
      {"RandomCrop", [](Network& n, int x) { return n.crop(x, 5, 3, false, 11); }},
      {"RandomCrop, fixed", [](Network& n, int x) { return n.crop(x, 5, 3, true, 12); }},
      {"RandomCrop to a larger size", [](Network& n, int x) { return n.crop(x, 9, 11, false, 13); }},
      {"RandomAdjust", [](Network& n, int x) { return n.adjust(x, 0.4, 0.3, 14); }},
      {"RandomAdjust, brightness", [](Network& n, int x) { return n.adjust(x, 0, 0.3, 15); }},
  };
  for (const auto& r : random)
    for (const bool training : {false, true}) test_random(k, r.name, r.build, training);
}

}  // namespace striate::tests
