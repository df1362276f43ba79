#include "image_warp.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "memory.h"

namespace striate {

void WarpedImages::check() const {
  constexpr int64_t LARGEST = 1 << 30;  // so that positions fit an int32_t
  const bool fits = height > 0 && width > 0 && channels > 0 && height < LARGEST && width < LARGEST && channels < LARGEST &&
                    (height + 1) * (width + 1) < LARGEST / channels;
  if (!fits || (pixel != Pixel::uint8 && pixel != Pixel::float32)) throw std::invalid_argument("images that cannot be warped");
  for (int64_t k = 0; k < count; k++)
    if (order[k] < 0 || order[k] >= n) throw std::invalid_argument("an index beyond the images");
}

// Begins to fetch an image, of any place in memory, while the one before it is made.
void WarpedImages::prefetch(int64_t k, int64_t bytes) const {
  constexpr int64_t LINE = 64, MOST = 4096;  // the processor fetches on by itself
  if (k >= count) return;
  for (int64_t at = 0; at < std::min(bytes, MOST); at += LINE) __builtin_prefetch(images + order[k] * bytes + at);
}

void WarpedImages::make(const Kernels& kernels, int64_t k, int64_t first, int64_t last, float* room, float* made) const {
  constexpr float NONE = std::numeric_limits<float>::quiet_NaN();
  const float shift = shifts ? shifts[k] : NONE, factor = brightness ? brightness[k] : NONE;
  if (shift == shift || factor == factor) {
    first = 0;
    last = height;
  }
  const int64_t bytes = size() * (pixel == Pixel::uint8 ? 1 : 4);
  prefetch(k + 1, bytes);
  kernels.warp_image({images + order[k] * bytes, pixel, made, room, matrices ? matrices + 6 * k : nullptr, height, width, channels, first,
                      last, fill, fill_value, nearest, shift, factor, scale});
}

void warp_images(const WarpedImages& images, float* output, const Kernels& kernels, ThreadPool& threads) {
  images.check();
  const int64_t count = images.count, size = images.size();
  const auto team = static_cast<int>(std::clamp<int64_t>(count * size / 16384, 1, threads.size()));  // not worth more
  std::vector<Memory> rooms(static_cast<size_t>(team));
  for (Memory& room : rooms) room.resize(images.room());
  threads.run(team, [&](int thread) {
    for (int64_t k = count * thread / team; k < count * (thread + 1) / team; k++)
      images.make(kernels, k, 0, images.height, rooms[static_cast<size_t>(thread)].data(), output + k * size);
  });
}

}  // namespace striate
