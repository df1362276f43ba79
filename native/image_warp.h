// Photographs that are others seen through affine maps, each through one of its own.
#pragma once
#include "kernels/kernels.h"
#include "threads.h"

namespace striate {

// Numbers of an image that a program makes as it reads it: a pack of them must fit the cache beside the network's maps.
constexpr int64_t MOST_WARPED = 8192;

// images: [n][height][width][channels], uint8 or finite float32. Image k of `count` is made from image order[k].
// matrices: six numbers for each k, or null; shifts, brightness: one for each k, NaN for none, or null.
struct WarpedImages {
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

  int64_t size() const { return height * width * channels; }
  int64_t room() const { return room_of(height, width, channels); }
  static int64_t room_of(int64_t height, int64_t width, int64_t channels) { return ((height + 1) * width + 1) * channels + 4; }

  // Throws std::invalid_argument for sizes or indices out of range.
  void check() const;
  // Makes rows [first, last) of image k, or all of it where one pixel depends on all; `made` is shaped like an image, with `room`
  // floats besides.
  void make(const Kernels& kernels, int64_t k, int64_t first, int64_t last, float* room, float* made) const;

 private:
  void prefetch(int64_t k, int64_t bytes) const;
};

// All of them on the engine's threads: output[count][height][width][channels]. Every image is one thread's alone, so results do not
// depend on how many there are. Throws as `check`.
void warp_images(const WarpedImages& images, float* output, const Kernels& kernels, ThreadPool& threads);

}  // namespace striate
