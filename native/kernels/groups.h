// Work cut into even pieces.
#pragma once
#include <cstdint>

namespace striate::STRIATE_ISA {

// n things in even groups of at most `most`: first thing of group i.
static inline int64_t groups_of(int64_t n, int64_t most) { return (n + most - 1) / most; }
static inline int64_t group_start(int64_t n, int64_t groups, int64_t i) { return n * i / groups; }

}  // namespace striate::STRIATE_ISA
