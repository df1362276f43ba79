// Whole networks trained for a few steps: the same bits on any number of threads, and what a step must and must not change.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "network.h"

namespace striate::tests {

static ConvOptions same() {
  ConvOptions o;
  o.before = o.after = {1, 1};
  return o;
}

// Batch normalisation and dropout, a dense layer so large that it takes the whole batch at once, penalties on weights.
static UpdateRule lenet(Network& n) {
  const int in = n.input({12, 12, 1});
  const int a = n.pool(n.relu(n.batch_norm(n.conv(n.affine(in, 1.0 / 255, -0.5), {3, 3}, 6, same()))));
  const int b = n.pool(n.relu(n.conv(a, {3, 3}, 15, same())));
  const int hidden = n.dropout(n.relu(n.dense(n.flatten(b), 125)), 0.3, 2);  // 135 x 125 weights
  n.output(n.softmax(n.dense(hidden, 7)), Loss::sparse_categorical_crossentropy);
  n.graph.parameters[0].l1 = n.graph.parameters[0].l2 = 1e-3f;
  return n.rule(Rule::adam, 2);
}

// Sums with several consumers, branches of different lengths, convolutions with packed weights and whole-batch gradients, two
// outputs with losses of their own, and a frozen normalisation.
static UpdateRule residual(Network& n) {
  const int in = n.input({4, 4, 3});
  const int stem = n.relu(n.conv(in, {3, 3}, 62, same()));
  const int a = n.batch_norm(n.conv(stem, {3, 3}, 62, same()), true), sum = n.relu(n.add({a, stem}));
  ConvOptions stride;
  stride.stride = {2, 2};
  const int left = n.conv(sum, {2, 2}, 24, stride), right = n.pool(n.conv(sum, {1, 1}, 24), {3, 3}, [] {
    ConvOptions o = same();
    o.stride = {2, 2};
    return o;
  }());
  const int joined = n.concat({left, n.penalty(right, 1e-4, 1e-3), n.pool(sum)}), mean = n.flatten(n.pool(joined, {2, 2}, {}, true));
  n.output(n.activation(n.dense(mean, 4), Function::sigmoid), Loss::binary_crossentropy, false, 0.1f, 0.7f);
  n.output(n.dense(n.activation(mean, Function::tanh), 5), Loss::categorical_crossentropy, true, 0.1f);
  UpdateRule r = n.rule(Rule::sgd, 1);
  r.nesterov = true;
  r.global_clip_norm = 1;
  return r;
}

// Maps larger than a cache before poolings: one of the images, computed again for its gradient, and one that is kept; a dense
// layer whose weights change while their gradient is in the cache.
static UpdateRule pooled(Network& n) {
  const int first = n.pool(n.relu(n.conv(n.input({23, 23, 1}), {3, 3}, 36)));  // a row and a column beyond the windows
  const int second = n.pool(n.conv(first, {2, 2}, 130, {{1, 1}, {1, 1}, {0, 0}, {1, 1}}), {2, 2}, {{2, 2}, {1, 1}, {0, 0}, {0, 0}}, true);
  n.output(n.softmax(n.dense(n.relu(n.dense(n.flatten(second), 6)), 5)), Loss::sparse_categorical_crossentropy);
  return n.rule(Rule::adam, 2);
}

// So small that many packs fit: more than there are slots for gradient sums. Two inputs, grouped convolutions, one dimension.
static UpdateRule small(Network& n) {
  const int in = n.input({8, 4}), other = n.input({3});
  ConvOptions o;
  o.stride = {1}, o.dilation = {2}, o.before = {2}, o.after = {2}, o.groups = 2;
  const int conv = n.activation(n.conv(in, {3}, 6, o), Function::leaky_relu, 0.1);
  n.output(n.dense(n.concat({n.flatten(conv), n.dense(other, 2)}), 3), Loss::mean_squared_error);
  UpdateRule r = n.rule(Rule::nadam, 2);
  r.clip_norm = 0.5f;
  r.weight_decay = 0.01f;
  return r;
}

// So much work for each image that several threads share one pack: filters, groups and whole-batch phases are divided.
static UpdateRule wide(Network& n) {
  ConvOptions groups = same();
  groups.groups = 4;
  const int in = n.input({8, 8, 8}), a = n.relu(n.conv(in, {3, 3}, 64, same())), b = n.relu(n.conv(a, {3, 3}, 64, groups));
  const int c = n.pool(n.relu(n.conv(b, {3, 3}, 32, same())));
  n.output(n.softmax(n.dense(n.flatten(n.batch_norm(c)), 17)), Loss::sparse_categorical_crossentropy);
  return n.rule(Rule::adagrad, 1);
}

// Look-up, norms within images, parameters for some axes and for all (so many that they take the whole batch), pairs with
// repeated sizes, sums over an axis.
static UpdateRule gated(Network& n) {
  const int in = n.input({7, 5}), words = n.node("Embedding", {in}, {7, 5, 4}, {}, {n.parameter(300 * 4, -1, 1)});
  const int wide = n.dense(words, 500);
  const int fixed = n.node("Standardize", {wide}, {7, 5, 500}, {{"axes", {2}}, {"epsilon", {1e-7}}, {"invert", {0}}},
                           {n.parameter(500, -1, 1, false), n.parameter(500, 0.5f, 2, false)});
  const int all = n.node("PReLU", {fixed}, {7, 5, 500}, {{"axes", {0, 1, 2}}}, {n.parameter(7 * 5 * 500, 0, 1)});
  const int local = n.node("LocalResponseNorm", {all}, {7, 5, 500}, {{"radius", {2}}, {"bias", {1}}, {"alpha", {0.1}}, {"beta", {0.75}}});
  const int normal = n.node("Normalize", {n.dense(local, 6)}, {7, 5, 6}, {{"axes", {0, 2}}, {"epsilon", {1e-3}}, {"kind", {0}}});
  const int scaled = n.node("Scale", {normal}, {7, 5, 6}, {{"axes", {0, 2}}, {"scale", {1}}, {"center", {1}}},
                            {n.parameter(7 * 6, 0.5f, 1.5f), n.parameter(7 * 6, -1, 1)});
  const int gate = n.activation(n.dense(n.pool(scaled, {7, 5}, {}, true), 6), Function::sigmoid);
  const int product = n.node("Combine", {scaled, gate}, {7, 5, 6}, {{"kind", {2}}});
  const int larger = n.node("Combine", {n.pool(product, {7, 1}, {}), product}, {7, 5, 6}, {{"kind", {3}}});
  const int sum = n.add({larger, gate, product});
  const int dot = n.node("Contract", {sum, product}, {7, 6, 7, 6}, {{"axes", {1, 1}}});
  n.output(n.softmax(n.dense(n.affine(n.flatten(dot), 0.02, 0), 4)), Loss::sparse_categorical_crossentropy);
  return n.rule(Rule::adam, 2);
}

// Images changed at random; convolutions by Winograd's method, by channel and transposed; other sizes; noise; constraints,
// penalties and averages of weights.
static UpdateRule decoder(Network& n) {
  ConvOptions depthwise = same(), up = same(), strided;
  depthwise.groups = 18;
  up.stride = strided.stride = {2, 2};
  const int in = n.input({9, 8, 3}), seen = n.adjust(n.crop(n.warp(in, Fill::reflect, false, 1), 7, 7, false, 2), 0.1, 0.1, 3);
  const int first = n.relu(n.conv(seen, {3, 3}, 18, same())), second = n.relu(n.conv(first, {3, 3}, 36, same()));
  const int third = n.relu(n.conv(second, {3, 3}, 36, same())), narrow = n.relu(n.conv(third, {3, 3}, 18, same()));
  const int apart = n.relu(n.conv(narrow, {3, 3}, 36, depthwise)), small = n.conv(apart, {2, 2}, 7, strided);
  const int large = n.relu(n.transposed(small, {3, 3}, 9, up)), pooled = n.adaptive_pool(n.resize(large, {6, 4}, 1), {4, 3}, false);
  const int noisy = n.drop("AlphaDropout", n.noise(pooled, 0.1, true, 4), {1, 1, 9}, false, 5);
  n.output(n.dense(n.flatten(n.adaptive_pool(noisy, {2, 2}, true)), 3), Loss::huber);
  const auto shape_of = [&](int parameter) { return std::vector<int64_t>{9, n.graph.parameters[static_cast<size_t>(parameter)].count / 9}; };
  n.graph.parameters[2].norms = {shape_of(2), {true, false}, 0.1, 2, 0.9};
  n.graph.parameters[4].orthogonality = {0.01, 9 * 36, 36, false};
  n.graph.parameters[8].non_negative = true;
  n.graph.parameters[8].decays = false;
  UpdateRule r = n.rule(Rule::adamax, 2);
  for (int p : {0, 4}) {
    n.memory.push_back(n.memory[static_cast<size_t>(p)]);
    n.graph.parameters[static_cast<size_t>(p)].average = n.memory.back().data();
  }
  r.average_momentum = 0.9f;
  r.overwrite_frequency = 2;
  r.weight_decay = 0.01f;
  return r;
}

struct Trained {
  std::vector<std::vector<float>> memory, outputs, evaluated;
  std::vector<double> losses, u_product;
  std::vector<float> image_losses;
  int64_t done = 0;

  bool operator==(const Trained& o) const {
    const auto equal = [](const auto& a, const auto& b) {  // bit by bit, so NaN equals itself
      return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof a[0]) == 0);
    };
    const auto all = [&](const auto& a, const auto& b) { return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), equal); };
    return all(memory, o.memory) && all(outputs, o.outputs) && all(evaluated, o.evaluated) && equal(losses, o.losses) &&
           equal(u_product, o.u_product) && equal(image_losses, o.image_losses) && done == o.done;
  }
};

struct Setup {
  const char* name;
  UpdateRule (*build)(Network&);
  int64_t images, batch;
  bool as_bytes;
};

constexpr uint32_t SEED = 21;
constexpr int64_t EPOCHS = 3;  // the last batch of the last is partly filled

// `steps` batches and then an evaluation. `spoil` may change the data before.
static Trained train(const Kernels& k, const Setup& s, int threads, int64_t steps, const std::function<void(Data&)>& spoil = {}) {
  Network n(SEED);
  const UpdateRule rule = s.build(n);
  Program program(n.graph, rule, 77, k, std::make_shared<ThreadPool>(threads));
  Data data(n, s.images, SEED, s.as_bytes, !s.as_bytes);
  if (spoil) spoil(data);
  std::vector<int64_t> order;
  for (int64_t i = 0; i < std::min(steps * s.batch, EPOCHS * s.images); i++) order.push_back((i * 13 + 3) % s.images);
  Trained t;
  t.losses.assign(static_cast<size_t>(steps), -1);
  const std::vector<double> rates(t.losses.size(), 0.005);
  Values outputs(n, n.graph.outputs, static_cast<int64_t>(order.size())), evaluated(n, n.graph.outputs, s.images);
  t.done = program.train(data.examples, order.data(), static_cast<int64_t>(order.size()), s.batch, rates.data(), steps, 0, t.losses.data(), outputs.sinks);
  t.image_losses.assign(static_cast<size_t>(s.images), -77.0f);
  program.evaluate(data.examples, std::max<int64_t>(1, s.batch - 1), t.image_losses.data(), evaluated.sinks);
  t.memory.assign(n.memory.begin(), n.memory.end());
  t.u_product = n.u_product;
  t.outputs = outputs.arrays;
  t.evaluated = evaluated.arrays;
  return t;
}

static bool all_finite(const std::vector<std::vector<float>>& arrays) {
  return std::all_of(arrays.begin(), arrays.end(), [](const auto& a) { return std::all_of(a.begin(), a.end(), [](float v) { return std::isfinite(v); }); });
}

static double sum(const std::vector<float>& values) {
  double total = 0;
  for (const float v : values) total += static_cast<double>(v);
  return total;
}

static int64_t steps_of(const Setup& s) { return (EPOCHS * s.images + s.batch - 1) / s.batch; }

static void test_threads(const Kernels& k, const Setup& s) {
  const int64_t steps = steps_of(s);
  const Trained one = train(k, s, 1, steps);
  CHECK(one.done == steps, "%s: %d of %d steps", s.name, static_cast<int>(one.done), static_cast<int>(steps));
  CHECK(all_finite(one.memory) && all_finite(one.outputs) && all_finite(one.evaluated), "%s: weights and outputs are finite", s.name);
  const double before = sum(train(k, s, 1, 0).image_losses), after = sum(one.image_losses);
  CHECK(after < before, "%s: the loss of all images went from %g to %g", s.name, before, after);
  for (const int threads : {2, 3, 8})
    CHECK(train(k, s, threads, steps) == one, "%s: %d threads and one differ", s.name, threads);
  CHECK(train(k, s, 2, steps) == one, "%s: a second run on 2 threads differs", s.name);
}

// Every loss and every rule, on a network so small that this takes no time.
static void test_losses_and_rules(const Kernels& k) {
  const auto trained = [&](Loss loss, Rule rule, int threads) {
    Network n(SEED);
    const int in = n.input({5});
    n.output(n.softmax(n.dense(n.activation(n.dense(in, 9), Function::tanh), 4)), loss);
    UpdateRule r = n.rule(rule, rule == Rule::sgd || rule == Rule::lion || rule == Rule::adagrad ? 1 : rule == Rule::rmsprop ? 3 : 2);
    r.learning_rate_power = -0.5f;
    if (rule == Rule::ftrl)
      for (auto& p : n.graph.parameters) std::fill(p.slots[0], p.slots[0] + p.count, 0.1f);
    Program program(n.graph, r, 5, k, std::make_shared<ThreadPool>(threads));
    const int64_t images = 3 * k.lanes + 1;
    const Data data(n, images, SEED, false, true);
    std::vector<int64_t> order;
    for (int64_t i = 0; i < images; i++) order.push_back(images - 1 - i);
    const std::vector<double> rates(2, 0.01);
    std::vector<double> losses(2, -1);
    Values outputs(n, n.graph.outputs, images);
    program.train(data.examples, order.data(), images, images - k.lanes, rates.data(), 2, 0, losses.data(), outputs.sinks);
    for (const double l : losses) n.memory.push_back({static_cast<float>(l)});
    return std::vector<std::vector<float>>(n.memory.begin(), n.memory.end());
  };
  const auto compare = [&](Loss loss, Rule rule) {
    const auto one = trained(loss, rule, 1);
    CHECK(all_finite(one), "loss %d, rule %d: weights are finite", static_cast<int>(loss), static_cast<int>(rule));
    CHECK(trained(loss, rule, 3) == one, "loss %d, rule %d: 3 threads and one differ", static_cast<int>(loss), static_cast<int>(rule));
  };
  for (int loss = 0; loss <= static_cast<int>(Loss::squared_hinge); loss++) compare(static_cast<Loss>(loss), Rule::adam);
  for (int rule = 0; rule <= static_cast<int>(Rule::lion); rule++) compare(Loss::kl_divergence, static_cast<Rule>(rule));
}

// A step whose loss is not finite is the last, and changes nothing: weights, state and moving statistics stay as before it.
static void test_not_finite(const Kernels& k, const Setup& s) {
  for (const int threads : {1, 3}) {
    const auto spoil = [&](Data& data) {  // the second batch's last image
      const int64_t image = ((2 * s.batch - 1) * 13 + 3) % s.images;
      std::vector<float>& images = data.images[0];
      images[images.size() / static_cast<size_t>(s.images) * static_cast<size_t>(image) + 1] = std::numeric_limits<float>::quiet_NaN();
    };
    const Trained one = train(k, s, threads, 1, spoil), all = train(k, s, threads, 3, spoil);
    CHECK(all.done == 2, "%s: %d steps", s.name, static_cast<int>(all.done));
    CHECK(std::isfinite(all.losses[0]) && !std::isfinite(all.losses[1]), "%s: losses %g, %g", s.name, all.losses[0], all.losses[1]);
    CHECK(all.memory == one.memory && all.u_product == one.u_product, "%s: weights, state or statistics have changed", s.name);
  }
}

// Two calls of one step each are two steps of one call: everything that matters between them is in the weights and the state.
static void test_continuing(const Kernels& k) {
  Network n(SEED), m(SEED);
  const UpdateRule rule = lenet(n), other = lenet(m);
  Program once(n.graph, rule, 3, k, std::make_shared<ThreadPool>(2)), twice(m.graph, other, 3, k, std::make_shared<ThreadPool>(3));
  const Data data(n, 26, SEED, true);
  std::vector<int64_t> order(26);
  for (size_t i = 0; i < order.size(); i++) order[i] = static_cast<int64_t>(i);
  const std::vector<double> rates = {0.01, 0.02};
  double losses[2], first, second;
  Values a(n, n.graph.outputs, 26), b(n, n.graph.outputs, 26);
  once.start_profile();
  once.train(data.examples, order.data(), 26, 13, rates.data(), 2, 0, losses, a.sinks);
  twice.train(data.examples, order.data(), 13, 13, rates.data(), 1, 0, &first, b.sinks);
  for (auto& sink : b.sinks) sink.data += 13 * sink.stride;
  twice.train(data.examples, order.data() + 13, 13, 13, rates.data() + 1, 1, 1, &second, b.sinks);
  CHECK(losses[0] == first && losses[1] == second, "losses %.17g %.17g and %.17g %.17g", losses[0], losses[1], first, second);
  CHECK(n.memory == m.memory && a.arrays == b.arrays, "weights or outputs differ");
  const auto profile = once.profile();
  CHECK(!profile.empty() && profile.back().first == "update" && profile.back().second > 0, "%zu phases", profile.size());
  CHECK(once.parameter_penalties() > 0, "penalties of %g", once.parameter_penalties());
}

// The mean of the images' losses and the penalties is the loss of a step: without dropout and batch statistics nothing differs.
static void test_evaluate(const Kernels& k) {
  Network n(SEED);
  const int in = n.input({5, 5, 2}), flat = n.flatten(n.penalty(n.relu(n.conv(in, {3, 3}, 4)), 0.01, 0.02));
  n.output(n.softmax(n.dense(flat, 6)), Loss::categorical_crossentropy);
  n.graph.parameters[2].l2 = 0.01f;
  const UpdateRule rule = n.rule(Rule::rmsprop, 3);
  Program program(n.graph, rule, 3, k, std::make_shared<ThreadPool>(2));
  constexpr int64_t images = 19;
  const Data data(n, images, SEED, false, true);
  std::vector<float> whole(images), parts(images);
  Values a(n, n.graph.outputs, images), b(n, n.graph.outputs, images), c(n, n.graph.outputs, images);
  program.evaluate(data.examples, images, whole.data(), a.sinks);
  program.evaluate(data.examples, 5, parts.data(), b.sinks);
  CHECK(whole == parts && a.arrays == b.arrays, "batches of 5 and of %d differ", static_cast<int>(images));
  double mean = program.parameter_penalties(), loss = 0;
  for (const float l : whole) mean += static_cast<double>(l) / images;
  std::vector<int64_t> order(images);
  for (size_t i = 0; i < order.size(); i++) order[i] = static_cast<int64_t>(i);
  const double rate = 0.001;
  program.train(data.examples, order.data(), images, images, &rate, 1, 0, &loss, c.sinks);
  CHECK(std::abs(loss - mean) < 1e-5, "a step's loss is %.9g, the images' mean %.9g", loss, mean);
  CHECK_CLOSE("outputs of a step", doubles(c.arrays[0]), doubles(a.arrays[0]), 1e-6);
}

// More different questions than plans are kept, before and after training.
static void test_many_plans(const Kernels& k) {
  Network n(SEED);
  const UpdateRule rule = small(n);
  Program program(n.graph, rule, 3, k, std::make_shared<ThreadPool>(2));
  const Data data(n, 9, SEED);
  const std::vector<int64_t> order = {8, 7, 6, 5, 4, 3, 2, 1, 0};
  const double rate = 0.01;
  double before = 0, after = 0;
  Values outputs(n, n.graph.outputs, 9);
  program.train(data.examples, order.data(), 9, 9, &rate, 1, 0, &before, outputs.sinks);
  for (int round = 0; round < 4; round++)
    for (int node = 0; node < static_cast<int>(n.graph.nodes.size()); node++) {
      Values values(n, {node}, 9);
      program.read(data.examples, 4 + round, {node}, round % 2 == 1, 0, values.sinks);
      CHECK(values.arrays[0].back() != -77.0f, "node %d was not read", node);
    }
  program.train(data.examples, order.data(), 9, 9, &rate, 1, 1, &after, outputs.sinks);
  CHECK(after < before, "losses %g and %g", before, after);
}

void test_networks(const Kernels& k) {
  const int64_t packs3 = 2 * k.lanes + 3;
  test_threads(k, {"lenet", lenet, packs3 + 9, packs3, true});
  test_threads(k, {"residual", residual, packs3 + 2, packs3 - k.lanes, false});
  test_threads(k, {"wide", wide, k.lanes - 1, k.lanes - 1, false});
  test_threads(k, {"pooled", pooled, 2 * packs3, packs3, true});
  test_threads(k, {"pooled, one image", pooled, 3, 1, true});
  test_not_finite(k, {"pooled", pooled, packs3, k.lanes + 1, false});
  // Packs of 8 lanes and of 16, partly filled and full; see kernels_for.
  for (const int64_t batch : {1, 5, 8, 9, 17, 40, 47}) {
    test_threads(k, {"gated", gated, batch + 2, batch, true});
    test_threads(k, {"decoder", decoder, batch + 2, batch, false});
  }
  test_losses_and_rules(k);
  test_threads(k, {"small", small, 20 * k.lanes, 18 * k.lanes + 1, false});
  test_threads(k, {"small, one image", small, 3, 1, false});
  test_not_finite(k, {"residual", residual, packs3, k.lanes + 1, false});
  test_not_finite(k, {"small", small, packs3, k.lanes + 1, false});
  test_continuing(k);
  test_evaluate(k);
  test_many_plans(k);
}

}  // namespace striate::tests
