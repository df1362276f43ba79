// What convolution and dense layers share: the three correlations of a linear map, given as geometry.
#pragma once
#include "../builder.h"
#include "convolution.h"

namespace striate {

void linear_forward(Builder& b, int index, const Convolution& c);
void linear_backward(Builder& b, int index, const Convolution& c);

void weight_gradient(Builder& b, int index, const Convolution& c, int dy);
void weight_update(Builder& b, int index, const Convolution& c, int dy);

// The input with its zeros around it, which forward and the weight gradient share.
int padded_input(Builder& b, int index, const Convolution& c);

// One position and more weights than a core's cache holds: better taken for the whole batch, so that each weight is read once
// and by one thread. Fewer weights are read again for each pack, whose activations then need not leave the cache.
inline bool takes_whole_batch(const Convolution& c) {
  constexpr int64_t CACHED = 128 * 1024;
  return c.dense() && c.rows() * c.out.channels > CACHED;
}

// The groups that a share of a layer's work takes; with one group, or one for each channel, the kernels divide the filters.
struct GroupShare {
  int64_t first, last, part, parts;
};

GroupShare share_of_groups(const Convolution& c, const Work& w);

// What a slice takes of all positions, and where it begins in the input and in the map's buffer, in lane vectors.
struct SliceOfRows {
  const Slicing& slices;
  int64_t slice;
  Positions positions;
  int64_t first_row, input;

  SliceOfRows(const Positions& whole, const Slicing& slices, int64_t s)
      : slices(slices), slice(s), positions(whole), first_row(slices.any() ? slices.row(s) : 0), input(first_row * whole.in_row) {
    if (slices.any()) positions.height = slices.row(s + 1) - first_row;
  }
  int64_t output(const Work& w) const { return slices.any() ? w.row_at(slices, slice) * positions.out_row : 0; }
};

// Parts, for operations that put the correlations together in another way (transposed.cpp).
// A buffer of x with zeros around it; x itself if there are none.
int zeros_around(Builder& b, const char* name, int x, const Spatial& in, const Axes& before, const Axes& after);
// The input gradient dx of an output gradient dy; k says what else happens on the way: weights, bias, relu.
void transposed_correlation(Builder& b, const char* name, const Correlation& k, const Convolution& c, int dy, int dx, int gate);
// x: the input, zeros around it included
void weight_gradient_of(Builder& b, int parameter, const Convolution& c, int x, int dy, const Slicing& slices = {});
void bias_gradient(Builder& b, int index, const Spatial& out, int dy);

}  // namespace striate
