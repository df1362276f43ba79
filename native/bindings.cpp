// The only file that knows Python: arrays in, arrays out, everything checked on the Python side before.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <optional>

#include "builder.h"
#include "image_warp.h"
#include "program.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace striate {

using AnyArray = nb::ndarray<nb::c_contig, nb::device::cpu>;
using ReadOnlyArray = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;
using Floats = nb::ndarray<float, nb::c_contig, nb::device::cpu>;
using ReadOnlyFloats = nb::ndarray<const float, nb::c_contig, nb::device::cpu>;
using ReadOnlyDoubles = nb::ndarray<const double, nb::c_contig, nb::device::cpu>;
using Doubles = nb::ndarray<double, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const int64_t, nb::c_contig, nb::device::cpu>;

static Pixel pixel_of(const ReadOnlyArray& array) {
  if (array.dtype() == nb::dtype<uint8_t>()) return Pixel::uint8;
  if (array.dtype() == nb::dtype<double>()) return Pixel::float64;
  return Pixel::float32;  // also int32 targets, whose reader knows them
}

static Source source_of(const ReadOnlyArray& array) {
  const int64_t n = static_cast<int64_t>(array.shape(0)), bytes = static_cast<int64_t>(array.nbytes());
  return {static_cast<const char*>(array.data()), pixel_of(array), n ? bytes / n : 0};
}

static Sink sink_of(const Floats& array) {
  const int64_t n = static_cast<int64_t>(array.shape(0));
  return {array.data(), n ? static_cast<int64_t>(array.size()) / n : 0};
}

static std::vector<Sink> sinks_of(const std::vector<Floats>& arrays) {
  std::vector<Sink> sinks;
  for (const auto& array : arrays) sinks.push_back(sink_of(array));
  return sinks;
}

// Images made from others as they are read; keeps the arrays alive.
class BoundImages {
 public:
  BoundImages(ReadOnlyArray images, Indices order, std::optional<ReadOnlyDoubles> matrices, std::optional<ReadOnlyFloats> shifts,
              std::optional<ReadOnlyFloats> brightness, int fill, float fill_value, bool nearest, float scale)
      : images_(std::move(images)), order_(std::move(order)), matrices_(std::move(matrices)), shifts_(std::move(shifts)), brightness_(std::move(brightness)) {
    const auto count = static_cast<int64_t>(order_.size());
    const auto has = [count](const auto& array, int64_t each) { return !array || static_cast<int64_t>(array->size()) == each * count; };
    const bool fits = images_.ndim() == 4 && images_.shape(0) > 0 && has(matrices_, 6) && has(shifts_, 1) && has(brightness_, 1) &&
                      fill >= 0 && fill <= static_cast<int>(Fill::reflect);
    if (!fits) throw nb::value_error("arrays that do not fit each other");
    const auto size = [this](size_t axis) { return static_cast<int64_t>(images_.shape(axis)); };
    warped = {static_cast<const char*>(images_.data()), pixel_of(images_), size(0), size(1), size(2), size(3), order_.data(), count,
              matrices_ ? matrices_->data() : nullptr, shifts_ ? shifts_->data() : nullptr, brightness_ ? brightness_->data() : nullptr,
              static_cast<Fill>(fill), fill_value, nearest, scale};
    warped.check();
  }
  WarpedImages warped;

 private:
  ReadOnlyArray images_;
  Indices order_;
  std::optional<ReadOnlyDoubles> matrices_;
  std::optional<ReadOnlyFloats> shifts_, brightness_;
};

// Arrays, or BoundImages.
using Images = std::vector<nb::object>;

static Examples examples_of(const Images& images, const std::vector<ReadOnlyArray>& targets, const std::optional<ReadOnlyFloats>& weights) {
  Examples examples;
  for (const nb::object& given : images) {
    if (nb::isinstance<BoundImages>(given)) {
      const WarpedImages& warped = nb::cast<const BoundImages&>(given).warped;
      examples.images.push_back({nullptr, Pixel::float32, 0, &warped});
      examples.count = warped.count;
    } else {
      const auto array = nb::cast<ReadOnlyArray>(given, false);
      examples.images.push_back(source_of(array));
      examples.count = static_cast<int64_t>(array.shape(0));
    }
  }
  for (const auto& array : targets) examples.targets.push_back(source_of(array));
  examples.weights = weights ? weights->data() : nullptr;
  examples.weights_each = weights && weights->ndim() > 1 ? static_cast<int64_t>(weights->shape(1)) : 1;
  return examples;
}

class Engine {
 public:
  Engine(int threads, const std::string& instruction_set)
      : kernels(choose_kernels(instruction_set.empty() ? nullptr : instruction_set.c_str())),
        threads(std::make_shared<ThreadPool>(threads > 0 ? threads : physical_cores())) {
    if (!kernels) throw nb::value_error("this processor cannot run that instruction set");
  }
  const Kernels* kernels;
  std::shared_ptr<ThreadPool> threads;

  int64_t first_not_finite(const ReadOnlyArray& array) {
    const Source source = source_of(array);
    const int64_t n = static_cast<int64_t>(array.shape(0)), size = n ? static_cast<int64_t>(array.size()) / n : 0;
    std::vector<int64_t> found(static_cast<size_t>(threads->size()), n);
    nb::gil_scoped_release release;
    const std::lock_guard<std::mutex> lock(threads->busy());
    threads->run(threads->size(), [&](int thread) {
      for (int64_t i = n * thread / threads->size(); i < n * (thread + 1) / threads->size(); i++)
        if (!kernels->all_finite(source.data + i * source.stride, source.pixel, size)) {
          found[static_cast<size_t>(thread)] = i;
          return;
        }
    });
    for (int64_t i : found)
      if (i < n) return i;
    return -1;
  }
};

static void make_images(Engine& engine, const BoundImages& images, const Floats& output) {
  const WarpedImages& warped = images.warped;
  if (static_cast<int64_t>(output.size()) != warped.count * warped.size()) throw nb::value_error("arrays that do not fit each other");
  nb::gil_scoped_release release;
  const std::lock_guard<std::mutex> lock(engine.threads->busy());
  warp_images(warped, output.data(), *engine.kernels, *engine.threads);
}

static UpdateRule rule_of(const std::string& kind, const std::map<std::string, double>& numbers, std::optional<Doubles> u_product) {
  static const std::map<std::string, Rule> kinds = {
      {"sgd", Rule::sgd}, {"adam", Rule::adam}, {"adamw", Rule::adamw}, {"adamax", Rule::adamax}, {"nadam", Rule::nadam},
      {"rmsprop", Rule::rmsprop}, {"adagrad", Rule::adagrad}, {"adadelta", Rule::adadelta}, {"ftrl", Rule::ftrl}, {"lion", Rule::lion}};
  const auto number = [&](const char* name) {
    const auto found = numbers.find(name);
    return found == numbers.end() ? 0.0f : static_cast<float>(found->second);
  };
  UpdateRule r;
  r.rule = kinds.at(kind);
  r.beta_1 = number("beta_1");
  r.beta_2 = number("beta_2");
  r.epsilon = number("epsilon");
  r.momentum = number("momentum");
  r.rho = number("rho");
  r.nesterov = number("nesterov") != 0;
  r.centered = number("centered") != 0;
  r.learning_rate_power = number("learning_rate_power");
  r.l1 = number("l1_regularization_strength");
  r.l2 = number("l2_regularization_strength");
  r.shrinkage = number("l2_shrinkage_regularization_strength");
  r.beta = number("beta");
  r.weight_decay = number("weight_decay");
  r.clip_value = number("clipvalue");
  r.clip_norm = number("clipnorm");
  r.global_clip_norm = number("global_clipnorm");
  r.average_momentum = number("ema_momentum");
  r.overwrite_frequency = static_cast<uint64_t>(number("ema_overwrite_frequency"));
  r.u_product = u_product ? u_product->data() : nullptr;
  return r;
}

// Keeps the arrays alive whose memory the program works on.
class BoundProgram {
 public:
  using NodeTuple = std::tuple<std::string, std::vector<int>, Shape, std::map<std::string, std::vector<double>>, std::vector<int>>;
  // trainable, l1, l2; orthogonality: factor, rows, columns, of rows; constraint: non-negative, sizes, reduced, minimum, maximum, rate;
  // decays
  using PenaltyTuple = std::tuple<bool, float, float>;
  using OrthogonalityTuple = std::tuple<double, int64_t, int64_t, bool>;
  using ConstraintTuple = std::tuple<bool, std::vector<int64_t>, std::vector<bool>, double, double, double>;
  using FlagsTuple = std::tuple<PenaltyTuple, OrthogonalityTuple, ConstraintTuple, bool>;
  using LossTuple = std::tuple<int, bool, float, float, float, float, bool, float>;

  BoundProgram(const Engine& engine, const std::vector<NodeTuple>& nodes, std::vector<Floats> parameters,
               const std::vector<FlagsTuple>& flags, std::vector<std::vector<std::optional<Floats>>> slots,
               const std::vector<int>& inputs, const std::vector<int>& outputs, const std::vector<LossTuple>& losses,
               const std::string& rule, const std::map<std::string, double>& numbers, std::optional<Doubles> u_product, uint64_t seed)
      : threads_(engine.threads), parameters_(std::move(parameters)), slots_(std::move(slots)), u_product_(std::move(u_product)) {
    Graph graph;
    for (const auto& [kind, from, shape, attributes, own] : nodes) graph.nodes.push_back({kind, from, shape, attributes, own});
    for (size_t i = 0; i < parameters_.size(); i++) {
      Parameter p;
      p.value = parameters_[i].data();
      p.count = static_cast<int64_t>(parameters_[i].size());
      const auto& [penalty, orthogonality, constraint, decays] = flags[i];
      std::tie(p.trainable, p.l1, p.l2) = penalty;
      std::tie(p.orthogonality.factor, p.orthogonality.rows, p.orthogonality.columns, p.orthogonality.of_rows) = orthogonality;
      std::tie(p.non_negative, p.norms.sizes, p.norms.reduced, p.norms.minimum, p.norms.maximum, p.norms.rate) = constraint;
      p.decays = decays;
      for (size_t k = 0; k < slots_[i].size(); k++) {  // the last is the average
        float* memory = slots_[i][k] ? slots_[i][k]->data() : nullptr;
        (k + 1 < slots_[i].size() ? p.slots[k] : p.average) = memory;
      }
      graph.parameters.push_back(p);
    }
    graph.inputs = inputs;
    graph.outputs = outputs;
    for (const auto& [kind, from_logits, smoothing, delta, alpha, gamma, balanced, weight] : losses)
      graph.losses.push_back({static_cast<Loss>(kind), {from_logits, smoothing, delta, alpha, gamma, balanced}, weight});
    program_ = std::make_unique<Program>(std::move(graph), rule_of(rule, numbers, u_product_), seed, *engine.kernels, engine.threads);
  }

  int64_t train(const Images& images, const std::vector<ReadOnlyArray>& targets, const std::optional<ReadOnlyFloats>& weights,
                const Indices& order, int64_t batch_size, const Doubles& learning_rates, uint64_t first_step, const Doubles& losses,
                const std::vector<Floats>& outputs) {
    const Examples examples = examples_of(images, targets, weights);
    const auto sinks = sinks_of(outputs);
    nb::gil_scoped_release release;
    const std::lock_guard<std::mutex> lock(threads_->busy());
    return program_->train(examples, order.data(), static_cast<int64_t>(order.size()), batch_size, learning_rates.data(),
                           static_cast<int64_t>(learning_rates.size()), first_step, losses.data(), sinks);
  }

  void evaluate(const Images& images, const std::vector<ReadOnlyArray>& targets, const std::optional<ReadOnlyFloats>& weights,
                int64_t batch_size, bool training, uint64_t step, const Floats& image_losses, const std::vector<Floats>& outputs) {
    const Examples examples = examples_of(images, targets, weights);
    const auto sinks = sinks_of(outputs);
    nb::gil_scoped_release release;
    const std::lock_guard<std::mutex> lock(threads_->busy());
    program_->evaluate(examples, batch_size, image_losses.data(), sinks, training, step);
  }

  void read(const Images& images, int64_t batch_size, const std::vector<int>& nodes, bool training, uint64_t step,
            const std::vector<Floats>& outputs) {
    const Examples examples = examples_of(images, {}, std::nullopt);
    const auto sinks = sinks_of(outputs);
    nb::gil_scoped_release release;
    const std::lock_guard<std::mutex> lock(threads_->busy());
    program_->read(examples, batch_size, nodes, training, step, sinks);
  }

  void gradient(const Images& images, int64_t batch_size, int of, const ReadOnlyArray& cotangent,
                const std::vector<int>& wrt, bool training, uint64_t step, const std::vector<Floats>& outputs) {
    const Examples examples = examples_of(images, {}, std::nullopt);
    const auto sinks = sinks_of(outputs);
    const Source source = source_of(cotangent);
    nb::gil_scoped_release release;
    const std::lock_guard<std::mutex> lock(threads_->busy());
    program_->gradient(examples, batch_size, of, source, wrt, training, step, sinks);
  }

  void parameter_gradients(const Images& images, int of, const ReadOnlyArray& cotangent, bool training,
                           uint64_t step, const std::vector<Floats>& results) {
    const Examples examples = examples_of(images, {}, std::nullopt);
    std::vector<float*> pointers;
    for (const auto& array : results) pointers.push_back(array.data());
    const Source source = source_of(cotangent);
    nb::gil_scoped_release release;
    const std::lock_guard<std::mutex> lock(threads_->busy());
    program_->parameter_gradients(examples, of, source, training, step, pointers);
  }

  void start_profile() { program_->start_profile(); }
  std::vector<std::pair<std::string, double>> profile() const { return program_->profile(); }

  double parameter_penalties() {
    nb::gil_scoped_release release;
    const std::lock_guard<std::mutex> lock(threads_->busy());
    return program_->parameter_penalties();
  }

 private:
  std::shared_ptr<ThreadPool> threads_;
  std::vector<Floats> parameters_;
  std::vector<std::vector<std::optional<Floats>>> slots_;
  std::optional<Doubles> u_product_;
  std::unique_ptr<Program> program_;
};

}  // namespace striate

NB_MODULE(_native, m) {
  using namespace striate;
  m.doc() = "Striate's native engine; use it through striate.engines.native.";
  m.def("operation_names", &operation_names);
  m.attr("MOST_WARPED") = MOST_WARPED;
  nb::class_<Engine>(m, "Engine")
      .def(nb::init<int, const std::string&>(), "threads"_a, "instruction_set"_a)
      .def_prop_ro("threads", [](const Engine& e) { return e.threads->size(); })
      .def_prop_ro("instruction_set", [](const Engine& e) { return std::string(e.kernels->name); })
      .def_prop_ro("lanes", [](const Engine& e) { return e.kernels->lanes; })
      .def("first_not_finite", &Engine::first_not_finite)
      .def("warp_images", &make_images, "images"_a, "output"_a)
      .def("multiply_add_peak", [](const Engine& e, double seconds) {
        nb::gil_scoped_release release;
        return e.kernels->multiply_add_peak(seconds);
      });
  nb::class_<BoundImages>(m, "WarpedImages")
      .def(nb::init<ReadOnlyArray, Indices, std::optional<ReadOnlyDoubles>, std::optional<ReadOnlyFloats>, std::optional<ReadOnlyFloats>, int,
                    float, bool, float>(),
           "images"_a, "order"_a, "matrices"_a.none(), "shifts"_a.none(), "brightness"_a.none(), "fill"_a, "fill_value"_a, "nearest"_a, "scale"_a);
  nb::class_<BoundProgram>(m, "Program")
      .def(nb::init<const Engine&, const std::vector<BoundProgram::NodeTuple>&, std::vector<Floats>,
                    const std::vector<BoundProgram::FlagsTuple>&, std::vector<std::vector<std::optional<Floats>>>,
                    const std::vector<int>&, const std::vector<int>&, const std::vector<BoundProgram::LossTuple>&, const std::string&,
                    const std::map<std::string, double>&, std::optional<Doubles>, uint64_t>(),
           "engine"_a, "nodes"_a, "parameters"_a, "flags"_a, "slots"_a, "inputs"_a, "outputs"_a, "losses"_a, "rule"_a, "numbers"_a,
           "u_product"_a.none(), "seed"_a)
      .def("train", &BoundProgram::train, "images"_a, "targets"_a, "weights"_a.none(), "order"_a, "batch_size"_a, "learning_rates"_a,
           "first_step"_a, "losses"_a, "outputs"_a)
      .def("evaluate", &BoundProgram::evaluate, "images"_a, "targets"_a, "weights"_a.none(), "batch_size"_a, "training"_a,
           "step"_a, "image_losses"_a, "outputs"_a)
      .def("read", &BoundProgram::read)
      .def("gradient", &BoundProgram::gradient)
      .def("parameter_gradients", &BoundProgram::parameter_gradients)
      .def("start_profile", &BoundProgram::start_profile)
      .def("profile", &BoundProgram::profile)
      .def("parameter_penalties", &BoundProgram::parameter_penalties);
}
