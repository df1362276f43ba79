// The turn of a block of lane vectors: from one value of LANES images to LANES values of one image.
#pragma once
#include "../lanes.h"

namespace striate::STRIATE_ISA {

constexpr int QUARTERS = LANES / 4;  // what processors move about within a register, or as a whole

template <int... I>
struct Places {};
template <int N, int... I>
struct PlacesUpTo : PlacesUpTo<N - 1, N - 1, I...> {};
template <int... I>
struct PlacesUpTo<0, I...> {
  using All = Places<I...>;
};

// The lanes source(0), source(1), ... of a and, counted on, b. Constant patterns become single instructions.
template <int (*source)(int), int... I>
static inline Lane chosen(Lane a, Lane b, Places<I...>) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, source(I)...);
#else
  return __builtin_shuffle(a, b, Mask{source(I)...});
#endif
}
template <int (*source)(int)>
static inline Lane chosen(Lane a, Lane b) { return chosen<source>(a, b, typename PlacesUpTo<LANES>::All{}); }

// In each quarter: its first two lanes of a and b in turns, then those behind; pairs of lanes likewise.
static constexpr int low_lanes(int l) { return l / 4 * 4 + l % 4 / 2 + (l % 2 ? LANES : 0); }
static constexpr int high_lanes(int l) { return low_lanes(l) + 2; }
static constexpr int low_pairs(int l) { return l / 4 * 4 + l % 2 + (l % 4 / 2 ? LANES : 0); }
static constexpr int high_pairs(int l) { return low_pairs(l) + 2; }
// Every other quarter of a, then of b.
static constexpr int even_quarters(int l) { return l / 4 < QUARTERS / 2 ? l / 4 * 8 + l % 4 : LANES + (l / 4 - QUARTERS / 2) * 8 + l % 4; }
static constexpr int odd_quarters(int l) { return even_quarters(l) + 4; }

// Turns a LANES x LANES block: afterwards v[i][j] is what v[j][i] was. First each 4 x 4 block within four rows, then the blocks.
static inline void transpose(Lane v[LANES]) {
  for (int i = 0; i < LANES; i += 4) {
    const Lane a = chosen<low_lanes>(v[i], v[i + 1]), b = chosen<high_lanes>(v[i], v[i + 1]);
    const Lane c = chosen<low_lanes>(v[i + 2], v[i + 3]), d = chosen<high_lanes>(v[i + 2], v[i + 3]);
    v[i] = chosen<low_pairs>(a, c);
    v[i + 1] = chosen<high_pairs>(a, c);
    v[i + 2] = chosen<low_pairs>(b, d);
    v[i + 3] = chosen<high_pairs>(b, d);
  }
  for (int i = 0; i < 4; i++) {
    if constexpr (QUARTERS == 2) {
      const Lane a = v[i], b = v[4 + i];
      v[i] = chosen<even_quarters>(a, b);
      v[4 + i] = chosen<odd_quarters>(a, b);
    } else {
      const Lane a = chosen<even_quarters>(v[i], v[4 + i]), b = chosen<odd_quarters>(v[i], v[4 + i]);
      const Lane c = chosen<even_quarters>(v[8 + i], v[12 + i]), d = chosen<odd_quarters>(v[8 + i], v[12 + i]);
      v[i] = chosen<even_quarters>(a, c);
      v[4 + i] = chosen<even_quarters>(b, d);
      v[8 + i] = chosen<odd_quarters>(a, c);
      v[12 + i] = chosen<odd_quarters>(b, d);
    }
  }
}

}  // namespace striate::STRIATE_ISA
