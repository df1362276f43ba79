// A convolution as geometry: which inputs meet which weights, for the forward pass and both gradients.
#pragma once
#include <utility>
#include <vector>

#include "../graph.h"
#include "spatial.h"

namespace striate {

// Taps of a weight gradient: where each reads the input, and which row of the weights it belongs to.
struct Taps {
  std::vector<int64_t> input, row;
};

// For each output row the spans that reach into the input; empty where all rows use all of them.
struct RowSpans {
  std::vector<int32_t> first, last;
  const int32_t* firsts() const { return first.empty() ? nullptr : first.data(); }
  const int32_t* lasts() const { return last.empty() ? nullptr : last.data(); }
};

// A convolution in three dimensions, of which a dense layer over many positions is one with a 1x1x1 kernel.
struct Convolution {
  Spatial in, out;
  Axes kernel, stride, dilation, before, after;
  int64_t groups;
  bool bias;

  static Convolution of_conv(const Node& node, const Shape& input);
  static Convolution of_dense(const Node& node, const Shape& input);
  static Convolution of_transposed(const Node& node, const Shape& input);  // the convolution whose input gradient it is

  bool padded() const { return padded_in().elements() != in.elements(); }
  Spatial padded_in() const;
  int64_t group_channels() const { return in.channels / groups; }
  int64_t group_filters() const { return out.channels / groups; }
  bool depthwise() const { return groups > 1 && group_channels() == 1; }
  int64_t kernel_taps() const { return kernel[0] * kernel[1] * kernel[2]; }
  // One position before and after, of which every channel meets every filter; a 1x1 kernel with a stride may leave out others.
  bool dense() const { return in.positions() == 1 && out.positions() == 1 && kernel_taps() == 1 && groups == 1 && !padded(); }
  int64_t rows() const { return kernel_taps() * group_channels(); }  // of the weights
  Positions positions() const;                                       // of the forward pass, on the padded input
  std::vector<Span> spans() const;
  RowSpans row_spans() const;
  Taps taps() const;
};

// The input gradient splits by phase: input positions i = r + s t see the taps k with r + before - k d divisible by s, and tap
// k reads the output gradient at t + (r + before - k d) / s. So each phase is a correlation with stride one.
struct InputPhase {
  Positions positions;
  std::vector<Span> spans;
  RowSpans rows;
  int64_t output;  // first position, in lane vectors
};

struct InputGradientPlan {
  Axes before, after;  // zeros around the output gradient
  std::vector<InputPhase> phases;
};

InputGradientPlan plan_input_gradient(const Convolution& c);

}  // namespace striate
