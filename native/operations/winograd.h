// 3x3 convolutions of stride one by Winograd's method; see kernels/winograd.cpp.
#pragma once
#include "linear.h"

namespace striate {

// Whether the method wins, for the outputs and the input's gradient, and for the weights' gradient (docs/performance.md).
bool winograd_wins(Method method, const Convolution& c);
bool winograd_wins_weight_gradient(Method method, const Convolution& c);

// Each appends the phases of one of the convolution's three correlations.
void winograd_forward(Builder& b, int index, const Convolution& c);
void winograd_input_gradient(Builder& b, int index, const Convolution& c, int dy, int dx, int gate);
void winograd_weight_gradient(Builder& b, int index, const Convolution& c, int dy);

}  // namespace striate
