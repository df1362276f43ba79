// The turn of a block of lane vectors: from one value of LANES images to LANES values of one image.
#pragma once
#include "../lanes.h"

namespace striate::STRIATE_ISA {

// Turns a LANES x LANES block: afterwards v[i][j] is what v[j][i] was. Each round swaps blocks of half the size.
static inline void transpose(Lane v[LANES]) {
#if defined(__clang__)  // its shuffles take constant patterns only
  Lane turned[LANES];
  for (int i = 0; i < LANES; i++)
    for (int l = 0; l < LANES; l++) turned[i][l] = v[l][i];
  for (int i = 0; i < LANES; i++) v[i] = turned[i];
#else
  Mask low = {}, high = {};
  for (int half = LANES / 2; half > 0; half /= 2) {
    for (int l = 0; l < LANES; l++) {
      const bool second = l & half;
      low[l] = second ? LANES + l - half : l;
      high[l] = second ? LANES + l : l + half;
    }
    for (int i = 0; i < LANES; i++) {
      if (i & half) continue;
      const Lane a = v[i], b = v[i + half];
      v[i] = __builtin_shuffle(a, b, low);
      v[i + half] = __builtin_shuffle(a, b, high);
    }
  }
#endif
}

}  // namespace striate::STRIATE_ISA
