// The table of all kernels for one instruction set. Compiled, like the kernels, once for each set; see CMakeLists.txt.
#include "kernels.h"

#include <time.h>

#include "wide.h"

#define STRIATE_TEXT_OF(x) #x
#define STRIATE_TEXT(x) STRIATE_TEXT_OF(x)

namespace striate::STRIATE_ISA {

static double now() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);  // not what other processes take
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Independent multiply-adds in registers: what one thread of this machine can do at the very best, in GFLOP/s.
double multiply_add_peak(double seconds) {
  constexpr int CHAINS = REGISTERS == 32 ? 24 : 12;
  Wide a[CHAINS];
  for (int i = 0; i < CHAINS; i++) a[i] = broadcast_wide(0.01f * static_cast<float>(i));
  const Wide m = broadcast_wide(0.999f), k = broadcast_wide(0.001f);
  const double start = now();
  double rounds = 0, elapsed;
  do {
    for (int n = 0; n < 100000; n++) {
#pragma GCC unroll 32
      for (int i = 0; i < CHAINS; i++) a[i] = a[i] * m + k;
    }
    rounds += 100000;
    elapsed = now() - start;
  } while (elapsed < seconds);
  Wide sum = {};
  for (int i = 0; i < CHAINS; i++) sum += a[i];
  volatile float used = wide_sum(sum);  // so that the work is not left out
  (void)used;
  return rounds * CHAINS * WIDTH * 2 / elapsed / 1e9;
}

// Each kernel, of the type of its place in the table, is defined in a file of this folder.
#define KERNEL(name) extern __typeof__(*static_cast<Kernels*>(nullptr)->name) name;
STRIATE_KERNELS(KERNEL)
#undef KERNEL

extern const Kernels table;
const Kernels table = {
    STRIATE_TEXT(STRIATE_ISA), LANES, PAIR,
#define KERNEL(name) name,
    STRIATE_KERNELS(KERNEL)
#undef KERNEL
};

}  // namespace striate::STRIATE_ISA
