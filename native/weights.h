// What is done with a parameter as a whole: norms kept within bounds, and the penalty for rows that are not orthogonal.
#pragma once
#include <cstdint>
#include <vector>

namespace striate {

// Keras's constraints. The norm of each group, the weights that differ in the reduced dimensions alone, is brought to
// rate clip(norm, minimum, maximum) + (1 - rate) norm.
struct NormBound {
  std::vector<int64_t> sizes;  // of the dimensions, neighbours of a kind made one
  std::vector<bool> reduced;   // along which of them norms are taken
  double minimum = 0, maximum = 0, rate = 1;
  bool any() const { return !sizes.empty(); }
};

void bound_norms(const NormBound& bound, float* weights);

// factor / pairs times the sum over all pairs of vectors of |their cosine|: the rows of weights [rows][columns], or the columns.
struct Orthogonality {
  double factor = 0;
  int64_t rows = 0, columns = 0;
  bool of_rows = true;
};

double orthogonality_penalty(const Orthogonality& o, const float* weights);
// The same, and its slope added to gradient, shaped like the weights.
double add_orthogonality_gradient(const Orthogonality& o, const float* weights, float* gradient);

}  // namespace striate
