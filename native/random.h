// Philox4x32-10 (Salmon et al. 2011): random numbers as a function of a counter and a key, the same on any number of threads.
#pragma once
#include "lanes.h"

namespace striate::STRIATE_ISA {

typedef uint64_t Wide __attribute__((vector_size(8 * LANES)));

// (high, low) halves of a * m in each lane
static inline void multiply_halves(Bits a, uint32_t m, Bits& high, Bits& low) {
  Wide product = __builtin_convertvector(a, Wide) * static_cast<uint64_t>(m);
  high = __builtin_convertvector(product >> 32, Bits);
  low = a * m;
}

// Ten rounds on the counter (c0..c3), each a vector of lanes; the result replaces it.
static inline void philox(Bits c[4], uint64_t key) {
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; round++) {
    Bits high0, low0, high1, low1;
    multiply_halves(c[0], 0xD2511F53u, high0, low0);
    multiply_halves(c[2], 0xCD9E8D57u, high1, low1);
    Bits c0 = high1 ^ c[1] ^ k0, c2 = high0 ^ c[3] ^ k1;
    c[1] = low1;
    c[3] = low0;
    c[0] = c0;
    c[2] = c2;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

}  // namespace striate::STRIATE_ISA
