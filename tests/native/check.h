// What the native tests share: checks that print values, memory of exactly the size asked for (so that a sanitizer sees every
// overrun), and reproducible numbers.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "kernels/kernels.h"

namespace striate::tests {

extern int passed, failed;
extern std::string context;  // what is being tested, printed with every failure

std::string text(const char* format, ...) __attribute__((format(printf, 1, 2)));
void check(bool holds, const char* file, int line, const std::string& message);
// |got - expected| <= tolerance * max(1, |expected|) for each element; NaN matches NaN and an infinity itself.
void check_close(const char* file, int line, const std::string& what, const std::vector<double>& got,
                 const std::vector<double>& expected, double tolerance);

// The arguments after the condition are a printf format and its values.
#define CHECK(condition, ...) \
  striate::tests::check((condition), __FILE__, __LINE__, std::string(#condition ": ") + striate::tests::text(__VA_ARGS__))
#define CHECK_CLOSE(what, got, expected, tolerance) \
  striate::tests::check_close(__FILE__, __LINE__, (what), (got), (expected), (tolerance))

class Random {
 public:
  explicit Random(uint32_t seed) : bits_(seed) {}
  float operator()(float low, float high) {
    return low + (high - low) * static_cast<float>(bits_() >> 8) * (1.0f / 16777216.0f);
  }
  int64_t below(int64_t n) { return static_cast<int64_t>(bits_() % static_cast<uint64_t>(n)); }
  std::vector<float> floats(int64_t count, float low = -1, float high = 1) {
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) value = (*this)(low, high);
    return values;
  }

 private:
  std::mt19937 bits_;
};

// A tensor of lane vectors: aligned as kernels demand, and not one byte longer.
class Lanes {
 public:
  Lanes(const Kernels& kernels, int64_t vectors) : lanes_(kernels.lanes), count_(vectors * kernels.lanes) {
    void* memory = nullptr;
    const size_t bytes = sizeof(float) * static_cast<size_t>(count_);
    if (posix_memalign(&memory, 64, bytes) != 0) throw std::bad_alloc();
    memory_.reset(static_cast<float*>(memory));
    for (int64_t i = 0; i < count_; i++) memory_.get()[i] = -77.0f;  // a result that a kernel forgot is seen
  }
  Lanes(const Kernels& kernels, int64_t vectors, Random& random, float low = -1, float high = 1) : Lanes(kernels, vectors) {
    for (int64_t i = 0; i < count_; i++) memory_.get()[i] = random(low, high);
  }
  float* data() const { return memory_.get(); }
  int64_t count() const { return count_; }
  float& operator()(int64_t vector, int64_t lane) const { return memory_.get()[vector * lanes_ + lane]; }
  std::vector<double> values() const { return {memory_.get(), memory_.get() + count_}; }
  // Puts a number in the lanes that hold no image.
  void spoil(int filled, float value) const {
    for (int64_t i = 0; i < count_; i++)
      if (i % lanes_ >= filled) memory_.get()[i] = value;
  }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  int lanes_;
  int64_t count_;
  std::unique_ptr<float, Free> memory_;
};

inline std::vector<double> doubles(const std::vector<float>& values) { return {values.begin(), values.end()}; }

// The tests, each for the kernels of one instruction set.
void test_linear(const Kernels& kernels);     // linear.cpp
void test_pointwise(const Kernels& kernels);  // pointwise.cpp
void test_noise(const Kernels& kernels);      // noise.cpp: random masks, noise, warped images
void test_image_warp(const Kernels& kernels);  // image_warp.cpp: photographs through affine maps
void test_movement(const Kernels& kernels);   // movement.cpp: data movement, pooling, normalisation
void test_training(const Kernels& kernels);   // training.cpp: losses and updates
void test_operations(const Kernels& kernels);  // operations.cpp: each operation in a program, against a formula
void test_networks(const Kernels& kernels);   // networks.cpp: whole programs, on any number of threads
void test_programs(const Kernels& kernels);   // programs.cpp: what a program computes

}  // namespace striate::tests
