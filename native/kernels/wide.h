// What convolutions compute on: registers as long as the processor has. Where a lane vector fills half of one, a register holds
// the vectors of two positions.
#pragma once
#include "../lanes.h"

namespace striate::STRIATE_ISA {

#if STRIATE_LANES == 8 && defined(__AVX512F__) && __has_builtin(__builtin_shufflevector)  // GCC 12, Clang
constexpr int PAIR = 2;
typedef float Wide __attribute__((vector_size(8 * LANES)));
typedef float UnalignedWide __attribute__((vector_size(8 * LANES), aligned(4)));

static inline Wide join(Lane a, Lane b) { return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); }
static inline Lane half(Wide w, int which) {
  return which ? __builtin_shufflevector(w, w, 8, 9, 10, 11, 12, 13, 14, 15) : __builtin_shufflevector(w, w, 0, 1, 2, 3, 4, 5, 6, 7);
}
static inline float wide_sum(Wide w) { return lane_sum(half(w, 0) + half(w, 1)); }
#else
constexpr int PAIR = 1;
typedef Lane Wide;
typedef UnalignedLane UnalignedWide;

static inline Wide join(Lane a, Lane) { return a; }
static inline Lane half(Wide w, int) { return w; }
static inline float wide_sum(Wide w) { return lane_sum(w); }
#endif

constexpr int WIDTH = PAIR * LANES;  // floats of a register

static inline Wide broadcast_wide(float x) { return x - Wide{}; }
static inline Wide load_wide(const float* p) { return *reinterpret_cast<const UnalignedWide*>(p); }
static inline void store_wide(float* p, Wide v) { *reinterpret_cast<UnalignedWide*>(p) = v; }

}  // namespace striate::STRIATE_ISA
