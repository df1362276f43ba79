// Random masks and normal noise. Random numbers are Philox with the counter (element / 4, image's place in the batch, step) and
// a key of seed and stream.
#include "../lanes.h"
#include "../random.h"
#include "kernels.h"

namespace striate::STRIATE_ISA {

// Calls visit(i, k, bits) for the elements i + k of [0, count), four at a time, with 32 random bits for each lane.
template <class Visit>
static inline void each_four(const RandomKey& key, int64_t count, Visit visit) {
  const uint64_t key_bits = key.seed + key.stream * 0x9E3779B97F4A7C15u;
  const Bits image = key.shared ? broadcast_bits(0) : lane_index() + key.first_image;
  for (int64_t i = 0; i < count; i += 4) {
    Bits c[4] = {broadcast_bits(static_cast<uint32_t>(i / 4)), image, broadcast_bits(static_cast<uint32_t>(key.step)),
                 broadcast_bits(static_cast<uint32_t>(key.step >> 32))};
    philox(c, key_bits);
    visit(i, c);
  }
}

static inline Bits lane_bit() { return broadcast_bits(1) << lane_index(); }

// Bit l: lane l of the mask.
static inline uint16_t packed(Mask mask) {
  Bits bits = (Bits)mask & lane_bit();
#if defined(__clang__)  // its shuffles take constant patterns only
  for (int l = 1; l < LANES; l++) bits[0] |= bits[l];
#else
#pragma GCC unroll 4
  for (int half = LANES / 2; half > 0; half /= 2) bits |= __builtin_shuffle(bits, lane_index() ^ static_cast<uint32_t>(half));
#endif
  return static_cast<uint16_t>(bits[0]);
}

static inline Mask unpacked(uint16_t kept) { return (broadcast_bits(kept) & lane_bit()) != 0u; }

// Each element stays with probability 1 - rate.
void draw_mask(const RandomKey& key, float rate, uint16_t* kept, int64_t count) {
  const Bits threshold = broadcast_bits(static_cast<uint32_t>(static_cast<double>(rate) * 16777216.0));  // of 24 bits
  each_four(key, count, [&](int64_t i, const Bits* bits) {
    for (int64_t k = 0; k < 4 && i + k < count; k++) {
      const Mask keep_it = (bits[k] >> 8) >= threshold;
      kept[i + k] = packed(keep_it);
    }
  });
}

// Returns how many elements of the image lie under axes [axis, axes).
static int64_t apply_along(const Masking& m, int axis, const Lane* x, Lane* y, const uint16_t* kept) {
  const int64_t size = m.sizes[axis], step = m.steps[axis];
  if (axis + 1 < m.axes) {
    int64_t done = 0;
    for (int64_t i = 0; i < size; i++) done += apply_along(m, axis + 1, x + done, y + done, kept + i * step);
    return done;
  }
  const Lane dropped = broadcast(m.dropped);
  for (int64_t i = 0; i < size; i++) y[i] = unpacked(kept[i * step]) ? x[i] * m.scale + m.offset : dropped;
  return size;
}

// y = kept ? scale x + offset : dropped
void apply_mask(const Masking& m) { apply_along(m, 0, lanes(m.input), lanes(m.output), m.kept); }

void draw_uniform(const RandomKey& key, float* output, int64_t count) {
  each_four(key, count, [&](int64_t i, const Bits* bits) {
    for (int64_t k = 0; k < 4 && i + k < count; k++)
      lanes(output)[i + k] = __builtin_convertvector((Mask)(bits[k] >> 8), Lane) * 0x1p-24f;
  });
}

// Two independent normal numbers from 64 random bits (Box and Muller 1958): sqrt(-2 ln u) times cos and sin of a random angle.
static inline void normal_pair(Bits radius_bits, Bits angle_bits, Lane& first, Lane& second) {
  const Lane u = (__builtin_convertvector(radius_bits, Lane) + 0.5f) * 0x1p-32f;  // 2^-33 to 1, so |n| < 6.8
  const Lane radius = square_root(-2.0f * logarithm(u));
  Lane sine, cosine;
  sine_cosine(__builtin_convertvector((Mask)angle_bits, Lane) * 0x1p-32f, sine, cosine);
  first = radius * cosine;
  second = radius * sine;
}

// y = x + deviation n, or x (1 + deviation n)
void gaussian(const RandomKey& key, const float* input, float* output, int64_t count, float deviation, bool scales) {
  const Lane* x = lanes(input);
  Lane* y = lanes(output);
  each_four(key, count, [&](int64_t i, const Bits* bits) {
    Lane normal[4];
    normal_pair(bits[0], bits[1], normal[0], normal[1]);
    normal_pair(bits[2], bits[3], normal[2], normal[3]);
    for (int64_t k = 0; k < 4 && i + k < count; k++)
      y[i + k] = scales ? x[i + k] * (1.0f + deviation * normal[k]) : x[i + k] + deviation * normal[k];
  });
}

}  // namespace striate::STRIATE_ISA
