// Which kernels this processor can run, best first. Compiled without any special instruction set.
#include <cstring>

#include "kernels.h"

namespace striate {

#if defined(__x86_64__)
namespace avx512 { extern const Kernels table; }
namespace avx512_8 { extern const Kernels table; }  // with 8 lanes
namespace avx2 { extern const Kernels table; }
#endif
namespace baseline { extern const Kernels table; }

const Kernels* choose_kernels(const char* name) {
  const auto wanted = [name](const Kernels& kernels) { return !name || std::strcmp(name, kernels.name) == 0; };
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
  if (avx512 && wanted(avx512::table)) return &avx512::table;
  if (avx2 && wanted(avx2::table)) return &avx2::table;
#endif
  return wanted(baseline::table) ? &baseline::table : nullptr;
}

const Kernels& kernels_for(const Kernels& widest, int64_t images) {
#if defined(__x86_64__)
  const auto places = [images](const Kernels& kernels) { return (images + kernels.lanes - 1) / kernels.lanes * kernels.lanes; };
  if (&widest == &avx512::table && (images <= widest.lanes || 5 * places(widest) >= 6 * places(avx512_8::table))) return avx512_8::table;
#endif
  (void)images;
  return widest;
}

}  // namespace striate
