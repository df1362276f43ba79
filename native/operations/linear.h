// What convolution and dense layers share: the three correlations of a linear map, given as geometry.
#pragma once
#include "../builder.h"
#include "convolution.h"

namespace striate {

void linear_forward(Builder& b, int index, const Convolution& c);
void linear_backward(Builder& b, int index, const Convolution& c);

// Parts, for operations that put the correlations together in another way (transposed.cpp).
// A buffer of x with zeros around it; x itself if there are none.
int zeros_around(Builder& b, const char* name, int x, const Spatial& in, const Axes& before, const Axes& after);
// The input gradient dx of an output gradient dy; k says what else happens on the way: weights, bias, relu.
void transposed_correlation(Builder& b, const char* name, const Correlation& k, const Convolution& c, int dy, int dx, int gate);
// x: the input, zeros around it included
void weight_gradient_of(Builder& b, int parameter, const Convolution& c, int x, int dy, const Slicing& slices = {});
void bias_gradient(Builder& b, int index, const Spatial& out, int dy);

}  // namespace striate
