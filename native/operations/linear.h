// What convolution and dense layers share: the three correlations of a linear map, given as geometry.
#pragma once
#include <memory>
#include <vector>

#include "../builder.h"
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
  int64_t rows() const { return kernel_taps() * group_channels(); }  // of the weights
  Positions positions() const;                                       // of the forward pass, on the padded input
  std::vector<Span> spans() const;
  RowSpans row_spans() const;
  Taps taps() const;
};

void linear_forward(Builder& b, int index, const Convolution& c);
void linear_backward(Builder& b, int index, const Convolution& c);

// Parts, for operations that put the correlations together in another way (transposed.cpp).
// A buffer of x with zeros around it; x itself if there are none.
int zeros_around(Builder& b, const char* name, int x, const Spatial& in, const Axes& before, const Axes& after);
// The input gradient dx of an output gradient dy; k says what else happens on the way: weights, bias, relu.
void transposed_correlation(Builder& b, const char* name, const Correlation& k, const Convolution& c, int dy, int dx, int gate);
// x: the input, zeros around it included
void weight_gradient_of(Builder& b, int parameter, const Convolution& c, int x, int dy);
void bias_gradient(Builder& b, int index, const Spatial& out, int dy);

}  // namespace striate
