// A block of photographs, each through an affine map of its own, on the engine's threads.
#pragma once
#include "kernels/kernels.h"
#include "threads.h"

namespace striate {

// images: [n][height][width][channels]; output: [count][height][width][channels], image k made from image order[k].
// matrices: six numbers for each k, or null; shifts, brightness: one for each k, NaN for none, or null.
struct ImageBlock {
  const char* images;
  Pixel pixel;
  int64_t n, height, width, channels;
  const int64_t* order;
  int64_t count;
  const double* matrices;
  const float *shifts, *brightness;
  Fill fill;
  float fill_value;
  bool nearest;
  float scale;
  float* output;
};

// Every image is one thread's alone, so results do not depend on how many there are.
// Throws std::invalid_argument for sizes or indices out of range.
void warp_images(const ImageBlock& block, const Kernels& kernels, ThreadPool& threads);

}  // namespace striate
