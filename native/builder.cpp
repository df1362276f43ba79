#include "builder.h"

#include <algorithm>
#include <utility>

#include "update.h"

namespace striate {

static const std::map<std::string, OperationPhases>& operations() {
  static const std::map<std::string, OperationPhases> table = {
      {"Conv", {conv_forward, conv_backward, true}},
      {"ConvTranspose", {conv_transpose_forward, conv_transpose_backward, true}},
      {"Dense", {dense_forward, dense_backward, true}},
      {"Pool", {pool_forward, pool_backward, false}},
      {"AdaptivePool", {pool_forward, pool_backward, false}},
      {"BatchNorm", {batch_norm_forward, batch_norm_backward, true}},
      {"Activation", {activation_forward, activation_backward, false}},
      {"Softmax", {softmax_forward, softmax_backward, false}},
      {"Dropout", {dropout_forward, dropout_backward, false}},
      {"AlphaDropout", {dropout_forward, dropout_backward, false}},
      {"GaussianNoise", {gaussian_noise_forward, gaussian_noise_backward, false}},
      {"RandomWarp", {random_warp_forward, random_warp_backward, false}},
      {"RandomCrop", {random_crop_forward, random_crop_backward, false}},
      {"RandomAdjust", {random_adjust_forward, random_adjust_backward, false}},
      {"Affine", {affine_forward, affine_backward, false}},
      {"Pad", {pad_forward, pad_backward, false}},
      {"Permute", {permute_forward, permute_backward, false}},
      {"Resize", {resize_forward, resize_backward, false}},
      {"Reshape", {reshape_forward, reshape_backward, false}},
      {"Select", {select_forward, select_backward, false}},
      {"Add", {add_forward, add_backward, false}},
      {"Combine", {combine_forward, combine_backward, false}},
      {"Contract", {contract_forward, contract_backward, false}},
      {"OverBatch", {over_batch_forward, over_batch_backward, false}},
      {"Normalize", {normalize_forward, normalize_backward, false}},
      {"LocalResponseNorm", {local_response_norm_forward, local_response_norm_backward, false}},
      {"Scale", {parametric_forward, parametric_backward, false}},
      {"PReLU", {parametric_forward, parametric_backward, false}},
      {"Standardize", {parametric_forward, parametric_backward, false}},
      {"Embedding", {embedding_forward, embedding_backward, false}},
      {"Concat", {concat_forward, concat_backward, false}},
      {"Penalty", {penalty_forward, penalty_backward, false}},
  };
  return table;
}

const OperationPhases& phases_of(const std::string& kind) {
  const auto found = operations().find(kind);
  if (found == operations().end()) throw std::invalid_argument("the native engine has no operation " + kind);
  return found->second;
}

std::vector<std::string> operation_names() {
  std::vector<std::string> names = {"Input"};  // its values are gathered, not computed
  for (const auto& [name, phases] : operations()) names.push_back(name);
  return names;
}

static bool is_plain_relu(const Node& n) {
  return n.kind == "Activation" && static_cast<Function>(static_cast<int>(n.number("function"))) == Function::relu &&
         n.number("alpha") == 0 && n.number("threshold") == 0 && n.number("max_value") > 3e38;
}

Builder::Builder(const Graph& graph, const Purpose& purpose, Plan& plan) : graph(graph), purpose(purpose), plan(plan) {
  const size_t n = graph.nodes.size();
  values_.assign(n, -1);
  gradient_.assign(n, -1);
  consumers_.assign(n, 0);
  fused_relu_.assign(n, false);
  gate_taken_.assign(n, false);
  needs_gradient_.assign(n, false);
  fused_into_.assign(n, -1);
  for (const auto& parameter : graph.parameters) gradients.push_back({parameter.count, parameter.count >= LARGE, false, {}});
}

void Builder::build() {
  for (const auto& n : graph.nodes)
    for (int input : n.inputs) consumers_[static_cast<size_t>(input)]++;
  observed_.insert(purpose.wrt.begin(), purpose.wrt.end());
  observed_.insert(purpose.outputs.begin(), purpose.outputs.end());
  if (purpose.of >= 0) observed_.insert(purpose.of);
  fuse();
  if (goes_back()) find_needs();
  forward();
  if (goes_back()) backward();
  for (size_t i = 0; i < purpose.wrt.size(); i++) {
    const int gradient = gradient_[static_cast<size_t>(purpose.wrt[i])];
    const int64_t size = node(purpose.wrt[i]).size();
    const size_t sink = purpose.outputs.size() + i;
    plan.per_pack("write gradient", gradient < 0 ? std::vector<int>{} : std::vector<int>{gradient}, [=](const Work& w) {
      const Sink& to = w.batch.outputs[sink];
      float* images[16];
      for (int l = 0; l < w.filled(); l++) images[l] = to.data + (w.pack * w.plan.kernels.lanes + l) * to.stride;
      if (gradient >= 0) return w.plan.kernels.scatter(w.at(gradient), images, w.filled(), size);
      for (int l = 0; l < w.filled(); l++) std::fill(images[l], images[l] + size, 0.0f);  // not on the way: no influence
    });
  }
  plan.on_prepare([this](int64_t packs) {
    image_losses.assign(static_cast<size_t>(packs * plan.kernels.lanes * std::max<int64_t>(1, static_cast<int64_t>(graph.losses.size()))), 0.0f);
    image_penalties.assign(static_cast<size_t>(packs * plan.kernels.lanes * penalty_operations), 0.0f);
    for (auto& g : gradients)
      if (g.written) g.memory.resize((g.whole_batch ? 1 : plan.slots(packs)) * g.step());
  });
}

bool Builder::can_fuse_relu(int producer, int relu) const {
  return is_plain_relu(node(relu)) && phases_of(node(producer).kind).takes_relu &&
         consumers_[static_cast<size_t>(producer)] == 1 && !observed(producer) &&
         std::find(purpose.wrt.begin(), purpose.wrt.end(), relu) == purpose.wrt.end() && purpose.of != relu;
}

void copy_phase(Builder& b, int from, int to, int64_t size) {
  b.plan.per_pack("copy", {from, to}, [=](const Work& w) {
    const Share share(w, size);
    const int64_t at = share.first * w.plan.kernels.lanes;
    w.plan.kernels.copy_box(w.at(from) + at, w.at(to) + at, 1, 1, share.count(), 0, 0, 0, 0);
  }, true);
}

// A permutation whose undoing was left out: nobody reads it.
bool Builder::idle(int index) const {
  const bool output = std::find(graph.outputs.begin(), graph.outputs.end(), index) != graph.outputs.end();
  return node(index).kind == "Permute" && !consumers_[static_cast<size_t>(index)] && !observed(index) && !output;
}

void Builder::fuse() {
  for (size_t i = 0; i < graph.nodes.size(); i++) {
    const Node& n = graph.nodes[i];
    if (n.kind == "Input" || n.inputs.empty()) continue;
    const int producer = n.inputs[0];
    if (node(producer).kind != "Input" && can_fuse_relu(producer, static_cast<int>(i))) {
      fused_into_[i] = producer;
      fused_relu_[static_cast<size_t>(producer)] = true;
    }
  }
}

static void scatter_output(Builder& b, int index, int buffer, size_t sink) {
  const int64_t size = b.node(index).size();
  b.plan.per_pack("write values", {buffer}, [=](const Work& w) {
    const Sink& to = w.batch.outputs[sink];
    float* images[16];
    for (int l = 0; l < w.filled(); l++) images[l] = to.data + (w.pack * w.plan.kernels.lanes + l) * to.stride;
    w.plan.kernels.scatter(w.at(buffer), images, w.filled(), size);
  });
}

// A cross-entropy takes the logits: those the graph ends in, or those before its last softmax or sigmoid.
static bool loss_fuses(const Builder& b, const LossFunction& loss, int output) {
  const Node& n = b.node(output);
  if (loss.options.from_logits) return false;
  if (loss.loss == Loss::sparse_categorical_crossentropy || loss.loss == Loss::categorical_crossentropy) return n.kind == "Softmax";
  return loss.loss == Loss::binary_crossentropy && n.kind == "Activation" && static_cast<Function>(static_cast<int>(n.number("function"))) == Function::sigmoid;
}

void Builder::forward() {
  size_t input = 0;
  std::set<int> by_loss;  // outputs that the loss computes on its way
  if (purpose.losses)
    for (size_t k = 0; k < graph.outputs.size(); k++)
      if (loss_fuses(*this, graph.losses[k], graph.outputs[k]) && !consumers_[static_cast<size_t>(graph.outputs[k])] &&
          consumers_[static_cast<size_t>(node(graph.outputs[k]).inputs[0])] == 1)
        by_loss.insert(graph.outputs[k]);
  for (size_t i = 0; i < graph.nodes.size(); i++) {
    const int index = static_cast<int>(i);
    const Node& n = graph.nodes[i];
    if (fused_into_[i] >= 0) {
      values_[i] = value(fused_into_[i]);
      continue;
    }
    if (idle(index)) continue;
    if (n.kind == "Reshape")
      values_[i] = input_value(index);  // the same elements in the same order
    else
      values_[i] = plan.buffer(n.size());
    if (n.kind == "Input")
      input_phase(*this, index, value(index), input++);
    else if (!by_loss.count(index))
      phases_of(n.kind).forward(*this, index);
  }
  if (purpose.losses)
    for (size_t k = 0; k < graph.outputs.size(); k++) {
      if (graph.losses[k].loss == Loss::none) continue;
      const int output = graph.outputs[k];
      const bool fused = by_loss.count(output) > 0;
      const int from = fused ? node(output).inputs[0] : output;
      int gradient = -1;
      if (purpose.parameter_gradients) gradient = add_gradient(from);
      loss_phase(*this, static_cast<int>(k), value(from), fused ? value(output) : -1, gradient, fused || graph.losses[k].options.from_logits);
      settle_gradients();
    }
  for (size_t k = 0; k < purpose.outputs.size(); k++) scatter_output(*this, purpose.outputs[k], value(purpose.outputs[k]), k);
}

static void gather_cotangent(Builder& b, int index, int buffer) {
  const int64_t size = b.node(index).size();
  b.plan.per_pack("read cotangent", {buffer}, [=](const Work& w) {
    const Source& from = w.batch.cotangents[0];
    const void* images[16];
    for (int l = 0; l < w.filled(); l++) images[l] = from.data + (w.pack * w.plan.kernels.lanes + l) * from.stride;
    w.plan.kernels.gather(images, from.pixel, w.filled(), w.at(buffer), size, 1.0f, 0.0f);
  });
}

void Builder::find_needs() {
  const std::set<int> wrt(purpose.wrt.begin(), purpose.wrt.end());
  for (size_t i = 0; i < graph.nodes.size(); i++) {
    const Node& n = graph.nodes[i];
    bool needs = wrt.count(static_cast<int>(i)) > 0;
    for (int p : n.parameters) needs = needs || wants_gradient(graph.parameters[static_cast<size_t>(p)]);
    for (int from : n.inputs) needs = needs || needs_gradient_[static_cast<size_t>(from)];
    needs_gradient_[i] = needs;
  }
}

void Builder::backward() {
  if (purpose.of >= 0) {
    gradient_[static_cast<size_t>(purpose.of)] = plan.buffer(node(purpose.of).size());
    gather_cotangent(*this, purpose.of, gradient_[static_cast<size_t>(purpose.of)]);
  }
  for (int index = static_cast<int>(graph.nodes.size()) - 1; index >= 0; index--) backward_of(index);
  for (const auto& append : late_) append();
}

void Builder::backward_of(int index) {
  const Node& n = node(index);
  const auto i = static_cast<size_t>(index);
  if (gradient_[i] < 0 || !needs_gradient_[i] || n.kind == "Input") return;
  if (fused_into_[i] >= 0) {  // a fused ReLU: its gradient is its producer's
    gradient_[static_cast<size_t>(fused_into_[i])] = gradient_[i];
    gate_taken_[static_cast<size_t>(fused_into_[i])] = gate_taken_[i];
    return;
  }
  const auto before = static_cast<size_t>(n.inputs[0]);
  if (n.kind == "Reshape" && gradient_[before] < 0 && !observed(index)) {
    gradient_[before] = gradient_[i];
    return;
  }
  if (fused_relu_[i]) gate_output_gradient(index);
  if (input_slices(index, true).fleeting && needs_gradient_[before])
    conv_again(*this, fused_into_[before] < 0 ? n.inputs[0] : fused_into_[before]);
  phases_of(n.kind).backward(*this, index);
  settle_gradients();
}

int Builder::input_gradient(int index, int which) {
  const int from = node(index).inputs[static_cast<size_t>(which)];
  return needs_gradient_[static_cast<size_t>(from)] ? add_gradient(from) : -1;
}

int Builder::add_gradient(int index) {
  int& gradient = gradient_[static_cast<size_t>(index)];
  if (gradient < 0) return gradient = new_gradient(index);
  const int temporary = plan.buffer(node(index).size());
  to_add_.push_back({temporary, index});
  return temporary;
}

void Builder::settle_gradients() {
  for (const auto& [temporary, to] : to_add_) {
    const int sum = gradient_[static_cast<size_t>(to)], other = temporary;
    const int64_t size = node(to).size();
    plan.per_pack("add gradients", {sum, other}, [=](const Work& w) {
      const Share share(w, size);
      const int64_t at = share.first * w.plan.kernels.lanes;
      w.plan.kernels.add(w.at(sum) + at, w.at(other) + at, w.at(sum) + at, share.count());
    }, true);
  }
  to_add_.clear();
}

int Builder::take_gate(int index) {
  const int from = node(index).inputs[0];
  const auto i = static_cast<size_t>(from);
  if (fused_into_[i] < 0 || consumers_[i] != 1 || !fused_relu_[static_cast<size_t>(fused_into_[i])]) return -1;
  gate_taken_[i] = true;
  return value(from);
}

void Builder::gate_output_gradient(int index) {
  const auto i = static_cast<size_t>(index);
  if (gate_taken_[i]) return;
  const int gradient = gradient_[i], output = value(index);
  const int64_t size = node(index).size();
  plan.per_pack("relu gradient", {gradient, output}, [=](const Work& w) {
    const Share share(w, size);
    const int64_t at = share.first * w.plan.kernels.lanes;
    w.plan.kernels.gate(w.at(gradient) + at, w.at(output) + at, share.count());
  }, true);
}

int Builder::only_consumer(int index) const {
  const auto relu = std::find(fused_into_.begin(), fused_into_.end(), index);
  const int last = relu == fused_into_.end() ? index : static_cast<int>(relu - fused_into_.begin());
  if (observed(last) || consumers_[static_cast<size_t>(index)] != 1 || consumers_[static_cast<size_t>(last)] != 1) return -1;
  const auto takes = [last](const Node& n) { return std::count(n.inputs.begin(), n.inputs.end(), last) > 0; };
  return static_cast<int>(std::find_if(graph.nodes.begin(), graph.nodes.end(), takes) - graph.nodes.begin());
}

Slicing Builder::own_slices(int index, bool backward) const {
  const auto found = slices.find(index);
  if (found == slices.end()) return {};
  Slicing result = found->second;
  result.group = 2 * index + backward;
  return result;
}

Slicing Builder::input_slices(int index, bool backward) const {
  const int from = node(index).inputs[0], producer = fused_into_[static_cast<size_t>(from)];
  return own_slices(producer < 0 ? from : producer, backward);
}

void Builder::replace_value(int index, int buffer) {
  values_[static_cast<size_t>(index)] = buffer;
  for (size_t i = 0; i < fused_into_.size(); i++)
    if (fused_into_[i] == index) values_[i] = buffer;
}

int Builder::new_gradient(int index) {
  const int fused = fused_into_[static_cast<size_t>(index)];
  const Slicing slices = own_slices(fused < 0 ? index : fused, true);
  return slices.fleeting ? sliced_buffer(slices, node(index).size()) : plan.buffer(node(index).size());
}

bool Builder::updates_at_once(int parameter) const {
  int64_t uses = 0;
  for (const Node& n : graph.nodes) uses += std::count(n.parameters.begin(), n.parameters.end(), parameter);
  return purpose.updater && uses == 1 && purpose.updater->elementwise(parameter);
}

double Builder::batch_loss(int64_t count) const {
  double total = 0;
  const size_t losses = graph.losses.size();
  for (size_t i = 0; i < static_cast<size_t>(count) * losses; i++) total += static_cast<double>(image_losses[i]);
  const int64_t places = plan.capacity() * plan.kernels.lanes;
  for (int64_t k = 0; k < penalty_operations; k++)
    for (int64_t i = 0; i < count; i++) total += static_cast<double>(image_penalties[static_cast<size_t>(k * places + i)]);
  return total / static_cast<double>(count);
}

bool Builder::claim(int parameter, bool whole_batch) {
  GradientSlots& g = gradients[static_cast<size_t>(parameter)];
  if (!g.written) g.whole_batch = whole_batch;
  if (g.whole_batch != whole_batch) throw std::logic_error("one parameter's gradient is written in two ways");
  return std::exchange(g.written, true);
}

}  // namespace striate
