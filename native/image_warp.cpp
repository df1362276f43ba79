#include "image_warp.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "memory.h"

namespace striate {

static void check(const ImageBlock& b) {
  constexpr int64_t LARGEST = 1 << 30;  // so that positions fit an int32_t
  const bool fits = b.height > 0 && b.width > 0 && b.channels > 0 && b.height < LARGEST && b.width < LARGEST &&
                    b.channels < LARGEST && (b.height + 1) * (b.width + 1) < LARGEST / b.channels;
  if (!fits || (b.pixel != Pixel::uint8 && b.pixel != Pixel::float32)) throw std::invalid_argument("images that cannot be warped");
  for (int64_t k = 0; k < b.count; k++)
    if (b.order[k] < 0 || b.order[k] >= b.n) throw std::invalid_argument("an index beyond the images");
}

void warp_images(const ImageBlock& b, const Kernels& kernels, ThreadPool& threads) {
  check(b);
  constexpr float NONE = std::numeric_limits<float>::quiet_NaN();
  const int64_t size = b.height * b.width * b.channels, bytes = size * (b.pixel == Pixel::uint8 ? 1 : 4);
  const auto team = static_cast<int>(std::clamp<int64_t>(b.count * size / 16384, 1, threads.size()));  // not worth more
  std::vector<Memory> rooms(static_cast<size_t>(team));
  for (Memory& room : rooms) room.resize(((b.height + 1) * b.width + 1) * b.channels + 4);
  threads.run(team, [&](int thread) {
    for (int64_t k = b.count * thread / team; k < b.count * (thread + 1) / team; k++)
      kernels.warp_image({b.images + b.order[k] * bytes, b.pixel, b.output + k * size, rooms[static_cast<size_t>(thread)].data(),
                          b.matrices ? b.matrices + 6 * k : nullptr, b.height, b.width, b.channels, b.fill, b.fill_value, b.nearest,
                          b.shifts ? b.shifts[k] : NONE, b.brightness ? b.brightness[k] : NONE, b.scale});
  });
}

}  // namespace striate
