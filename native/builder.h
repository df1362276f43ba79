// Turns a graph into a plan: gives values and gradients their buffers, fuses what can be fused, and lets each operation
// append its phases. Operations are in operations/, forward and backward side by side.
#pragma once
#include <memory>
#include <set>
#include <vector>

#include "graph.h"
#include "plan.h"

namespace striate {

class Updater;

// How 3x3 convolutions are computed: as winograd_wins() says, or always in one way, so that the two can be compared.
enum class Method { faster, direct, winograd };

// What a plan is for.
struct Purpose {
  bool training = false;             // dropout and batch statistics
  bool losses = false;               // compute each image's loss
  bool parameter_gradients = false;  // and the gradients of the trainable parameters
  std::vector<int> outputs;          // nodes whose values go to Batch::outputs
  int of = -1;                       // node whose cotangent comes from Batch::cotangents
  std::vector<int> wrt;              // nodes whose gradients go to Batch::outputs, after the values
  Method method = Method::faster;
  const Updater* updater = nullptr;  // changes parameters as soon as their gradients are whole, where that is possible
};

// Sums of a parameter's gradient, apart for each slot until they are added up in order.
struct GradientSlots {
  int64_t count = 0;
  bool whole_batch = false;  // written by whole-batch phases: one slot
  bool written = false;      // by the plan's phases so far: later ones add
  Memory memory;
  int64_t step() const { return (count + 31) / 16 * 16; }
  float* slot(int64_t s) { return memory.data() + (whole_batch ? 0 : s * step()); }
};

class Builder {
 public:
  Builder(const Graph& graph, const Purpose& purpose, Plan& plan);
  void build();

  const Graph& graph;
  const Purpose& purpose;
  Plan& plan;
  std::vector<GradientSlots> gradients;  // of each parameter
  std::vector<float> image_penalties;    // [penalty operation][place in the batch], activity penalties
  int64_t penalty_operations = 0;
  std::vector<float> image_losses;       // of each image of the batch, already weighted by the loss weights
  std::vector<std::function<void()>> after_step;  // moving statistics
  std::map<int, std::shared_ptr<struct NormState>> norm_states;
  std::map<int, int> padded;                      // of each convolution, the buffer of its input with zeros around
  std::map<int, int> kept;                        // of each random operation or normalisation, the buffer that backward needs

  std::map<int, Slicing> slices;                  // of each convolution that is computed slice by slice with the pooling behind it

  // For operations:
  const Node& node(int index) const { return graph.nodes[static_cast<size_t>(index)]; }
  const Shape& input_shape(int index, int which = 0) const { return node(node(index).inputs[static_cast<size_t>(which)]).shape; }
  int value(int index) const { return values_[static_cast<size_t>(index)]; }
  int input_value(int index, int which = 0) const { return value(node(index).inputs[static_cast<size_t>(which)]); }
  bool has_relu(int index) const { return fused_relu_[static_cast<size_t>(index)]; }

  // Where an operation leaves its input's gradient; -1 when nobody needs it.
  int input_gradient(int index, int which = 0);
  // This operation's output gradient.
  int output_gradient(int index) const { return gradient_[static_cast<size_t>(index)]; }
  // The buffer whose sign gates the gradient of this operation's input, if its kernel can apply the gate; else -1.
  // Asking takes the duty over from the ReLU's producer.
  int take_gate(int index);
  // The one operation that takes this one's output, or that of the ReLU fused into it; -1 if there are others, or none.
  int only_consumer(int index) const;
  // How a convolution's phases are sliced, and those of the operation behind it.
  Slicing own_slices(int index, bool backward) const;
  Slicing input_slices(int index, bool backward) const;
  bool needs_input_gradient(int index) const { return needs_gradient_[static_cast<size_t>(node(index).inputs[0])]; }
  bool goes_back() const { return purpose.parameter_gradients || !purpose.wrt.empty(); }
  // A buffer for the map between a convolution and the pooling behind it.
  int sliced_buffer(const Slicing& slices, int64_t map_size) { return plan.buffer(map_size / slices.rows * slices.most_rows(), map_size); }
  // From now on the operation's value, its ReLU applied, is there.
  void replace_value(int index, int buffer);
  // Appends the ReLU's own gate to the output gradient unless the consumer has applied it.
  void gate_output_gradient(int index);
  bool wants_gradient(const Parameter& parameter) const { return purpose.parameter_gradients && parameter.trainable; }
  // Parameters as large as this get their gradients from whole-batch phases, in one slot.
  static constexpr int64_t LARGE = 8 * 1024;
  // What appends phases that can wait until all others are done.
  void at_the_end(std::function<void()> append) { late_.push_back(std::move(append)); }
  // The only operation that has the parameter may change it itself, by the updater, once its gradient is whole.
  bool updates_at_once(int parameter) const;
  // Sum of the images' weighted losses over n, plus the penalties of activities; the same on every thread.
  double batch_loss(int64_t count) const;
  // Marks the slots as written; true when a phase before wrote them, so that this one must add.
  bool claim(int parameter, bool whole_batch);

 private:
  void fuse();
  void forward();
  void find_needs();
  void backward();
  void backward_of(int index);
  int new_gradient(int index);
  bool observed(int index) const { return observed_.count(index) > 0; }
  bool idle(int index) const;
  bool can_fuse_relu(int producer, int relu) const;
  int add_gradient(int index);  // where to write a gradient of a node, which settle_gradients adds to those there are
  void settle_gradients();

  std::vector<int> values_, gradient_, consumers_;
  std::vector<bool> fused_relu_, gate_taken_, needs_gradient_;
  std::vector<int> fused_into_;  // for a ReLU its producer, for a final softmax its loss (the node itself), else -1
  std::set<int> observed_;
  std::vector<std::function<void()>> late_;
  std::vector<std::pair<int, int>> to_add_;  // (temporary gradient, node)
};

// Operations. Each appends its phases; what forward and backward share is worked out in both from the node.
using Append = void (*)(Builder&, int);
struct OperationPhases {
  Append forward, backward;
  bool takes_relu;  // its forward kernel can apply a following ReLU
};
const OperationPhases& phases_of(const std::string& kind);
std::vector<std::string> operation_names();

void input_phase(Builder&, int index, int buffer, size_t input);  // images as the caller has them
void copy_phase(Builder&, int from, int to, int64_t size);  // between buffers
RandomKey random_key(const Work&, uint64_t stream, bool shared);

void conv_forward(Builder&, int);
void conv_backward(Builder&, int);
void conv_again(Builder&, int);  // what a sliced convolution has not kept
void conv_transpose_forward(Builder&, int);
void conv_transpose_backward(Builder&, int);
void dense_forward(Builder&, int);
void dense_backward(Builder&, int);
void pool_forward(Builder&, int);
void pool_backward(Builder&, int);
void batch_norm_forward(Builder&, int);
void batch_norm_backward(Builder&, int);
void activation_forward(Builder&, int);
void activation_backward(Builder&, int);
void softmax_forward(Builder&, int);
void softmax_backward(Builder&, int);
void dropout_forward(Builder&, int);
void dropout_backward(Builder&, int);
void gaussian_noise_forward(Builder&, int);
void gaussian_noise_backward(Builder&, int);
void random_warp_forward(Builder&, int);
void random_warp_backward(Builder&, int);
void random_crop_forward(Builder&, int);
void random_crop_backward(Builder&, int);
void random_adjust_forward(Builder&, int);
void random_adjust_backward(Builder&, int);
void affine_forward(Builder&, int);
void affine_backward(Builder&, int);
void pad_forward(Builder&, int);
void pad_backward(Builder&, int);
void permute_forward(Builder&, int);
void permute_backward(Builder&, int);
void resize_forward(Builder&, int);
void resize_backward(Builder&, int);
void reshape_forward(Builder&, int);
void reshape_backward(Builder&, int);
void select_forward(Builder&, int);
void select_backward(Builder&, int);
void add_forward(Builder&, int);
void add_backward(Builder&, int);
void over_batch_forward(Builder&, int);
void over_batch_backward(Builder&, int);
void combine_forward(Builder&, int);
void combine_backward(Builder&, int);
void contract_forward(Builder&, int);
void contract_backward(Builder&, int);
void normalize_forward(Builder&, int);
void normalize_backward(Builder&, int);
void local_response_norm_forward(Builder&, int);
void local_response_norm_backward(Builder&, int);
void parametric_forward(Builder&, int);  // Scale, PReLU, Standardize
void parametric_backward(Builder&, int);
void embedding_forward(Builder&, int);
void embedding_backward(Builder&, int);
void concat_forward(Builder&, int);
void concat_backward(Builder&, int);
void penalty_forward(Builder&, int);
void penalty_backward(Builder&, int);
// output: which of the graph's outputs
void loss_phase(Builder&, int output, int logits, int probabilities, int gradient, bool fused);

}  // namespace striate
