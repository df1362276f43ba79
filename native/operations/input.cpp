// Images on their way into the network: from the caller's arrays, or made from others as they are read.
#include "../builder.h"
#include "../image_warp.h"

namespace striate {

// Those rows of a pack's images that a share needs: [lane][height][width][channels], in this thread's workspace.
static void make_images(const Work& w, const WarpedImages& images, const Share& share) {
  const int64_t row = images.width * images.channels, size = images.size();
  float *made = w.workspace(), *room = made + w.plan.kernels.lanes * size;
  for (int l = 0; l < w.filled(); l++)
    images.make(w.plan.kernels, w.batch.order[w.pack * w.plan.kernels.lanes + l], share.first / row, (share.last + row - 1) / row, room, made + l * size);
}

void input_phase(Builder& b, int index, int buffer, size_t input) {
  const Shape& shape = b.node(index).shape;
  const int64_t size = b.node(index).size();
  if (shape.size() == 3 && size <= MOST_WARPED)
    b.plan.need_workspace(0, [=, lanes = b.plan.kernels.lanes](int64_t) {
      return lanes * size + WarpedImages::room_of(shape[0], shape[1], shape[2]);
    });
  b.plan.per_pack("read images", {buffer}, [=](const Work& w) {
    const Source& from = w.batch.images[input];
    const int lanes = w.plan.kernels.lanes;
    const Share share(w, size);
    if (from.warped) make_images(w, *from.warped, share);
    const int64_t bytes = from.pixel == Pixel::uint8 ? 1 : from.pixel == Pixel::float32 ? 4 : 8;
    const void* images[16];
    for (int l = 0; l < w.filled(); l++) {
      const char* image = from.warped ? reinterpret_cast<const char*>(w.workspace() + l * size) : from.data + w.batch.order[w.pack * lanes + l] * from.stride;
      images[l] = image + share.first * bytes;
    }
    w.plan.kernels.gather(images, from.pixel, w.filled(), w.at(buffer) + share.first * lanes, share.count(), 1.0f, 0.0f);
  }, true);
}

}  // namespace striate
