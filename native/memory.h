// Blocks of floats for kernels: aligned to cache lines, and large ones to pages of 2 MB, which spare most address translations.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace striate {

class Memory {
 public:
  float* data() const { return block_.get(); }

  // Room for so many floats, all zero. What was there is gone, and nothing is when memory runs out.
  void resize(int64_t floats) {
    constexpr size_t LINE = 64, PAGE = size_t{1} << 21;
    const size_t wanted = static_cast<size_t>(floats > 0 ? floats : 1) * sizeof(float), unit = wanted >= PAGE ? PAGE : LINE;
    const size_t bytes = (wanted + unit - 1) / unit * unit;
    block_.reset();
    void* block = std::aligned_alloc(unit, bytes);
    if (!block) throw std::bad_alloc();
    block_.reset(static_cast<float*>(block));
#if defined(__linux__)
    if (unit == PAGE) madvise(block, bytes, MADV_HUGEPAGE);  // advice: what comes of it changes no result
#endif
    std::memset(block, 0, bytes);
  }

 private:
  struct Free {
    void operator()(float* block) const { std::free(block); }
  };
  std::unique_ptr<float, Free> block_;
};

}  // namespace striate
