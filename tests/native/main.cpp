// The native engine's own tests, without Python: every kernel of every instruction set that this processor can run against plain
// loops in double, and whole programs on several numbers of threads. Built plain and under sanitizers: make test-native.
#include <cmath>
#include <cstdarg>

#include "check.h"

namespace striate::tests {

int passed = 0, failed = 0;
std::string context;

std::string text(const char* format, ...) {
  char buffer[512];
  va_list values;
  va_start(values, format);
  std::vsnprintf(buffer, sizeof buffer, format, values);
  va_end(values);
  return buffer;
}

void check(bool holds, const char* file, int line, const std::string& message) {
  holds ? passed++ : failed++;
  if (!holds) std::printf("%s:%d: [%s] %s\n", file, line, context.c_str(), message.c_str());
}

static bool close(double got, double expected, double tolerance) {
  if (std::isnan(expected) || std::isnan(got)) return std::isnan(expected) && std::isnan(got);
  if (std::isinf(expected) || std::isinf(got)) return got == expected;
  return std::abs(got - expected) <= tolerance * std::max(1.0, std::abs(expected));
}

void check_close(const char* file, int line, const std::string& what, const std::vector<double>& got,
                 const std::vector<double>& expected, double tolerance) {
  if (got.size() != expected.size())
    return check(false, file, line, what + text(": %zu numbers, expected %zu", got.size(), expected.size()));
  size_t wrong = 0, first = 0;
  for (size_t i = got.size(); i-- > 0;)
    if (!close(got[i], expected[i], tolerance)) wrong++, first = i;
  check(wrong == 0, file, line, wrong == 0 ? what : what + text(": %zu of %zu numbers are wrong, first [%zu]: got %.9g, expected %.9g",
                                                                wrong, got.size(), first, got[first], expected[first]));
}

static void test(const Kernels& kernels) {
  const struct {
    const char* name;
    void (*run)(const Kernels&);
  } tests[] = {{"linear", test_linear},     {"pointwise", test_pointwise}, {"noise", test_noise},       {"movement", test_movement},
               {"image_warp", test_image_warp},
               {"training", test_training}, {"programs", test_programs},   {"operations", test_operations}, {"networks", test_networks}};
  for (const auto& t : tests) {
    context = std::string(kernels.name) + " " + t.name;
    t.run(kernels);
  }
}

}  // namespace striate::tests

int main() {
  using namespace striate;
  for (const char* name : {"baseline", "avx2", "avx512"})
    if (const Kernels* kernels = choose_kernels(name)) {
      tests::test(*kernels);
      const Kernels& for_small_batches = kernels_for(*kernels, 1);
      if (&for_small_batches != kernels) tests::test(for_small_batches);
    }
  std::printf("%d passed, %d failed\n", tests::passed, tests::failed);
  return tests::failed ? 1 : 0;
}
