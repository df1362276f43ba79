// Where Winograd's method wins: times of 3x3 convolutions by the direct kernels over those by Winograd's, on one thread.
// Usage: striate_winograd_benchmark [instruction set]; prints Markdown, from which docs/performance.md derives winograd_wins().
#include <cmath>
#include <cstdio>

#include "rig.h"

using namespace striate;

constexpr int64_t SIZES[] = {7, 14, 28, 56}, BORDERS[] = {8, 12, 16, 24, 32, 48};
constexpr std::pair<int64_t, int64_t> CHANNELS[] = {{8, 8},   {12, 12}, {16, 16}, {24, 24},   {32, 32},   {48, 48}, {64, 64},
                                                    {128, 128}, {8, 64}, {16, 64}, {24, 64}, {64, 8}, {64, 16}, {64, 24}};
constexpr int REPEATS = 3, ROUNDS = 7;
constexpr int64_t MOST = 56 * 56 * 64 * 64;  // pixels x channels x filters; larger ones take long and all look alike

struct Found {
  int64_t size, channels, filters;
  double ratio[3];  // forward, input gradient, weight gradient: direct time / Winograd's
};

// Medians of the ratios of a few pairs, each measured one right after the other.
static Found compare(int64_t size, int64_t channels, int64_t filters, const Kernels& kernels, ThreadPool& threads) {
  Found found = {size, channels, filters, {}};
  const Case c = {"", size, channels, filters, 3, 1, true};
  Rig direct(c, Method::direct), winograd(c, Method::winograd);
  Purpose Rig::* const purposes[] = {&Rig::forward, &Rig::input, &Rig::weight};
  for (int which = 0; which < 3; which++) {
    double ratios[REPEATS];
    for (double& ratio : ratios) {
      const double slow = direct.run(direct.*purposes[which], kernels, threads, "", ROUNDS);
      ratio = slow / winograd.run(winograd.*purposes[which], kernels, threads, "", ROUNDS);
    }
    std::sort(ratios, ratios + REPEATS);
    found.ratio[which] = ratios[REPEATS / 2];
  }
  return found;
}

static void print_ratios(const std::vector<Found>& found, int which) {
  std::printf("| channels, filters |");
  for (int64_t size : SIZES) std::printf(" %ldx%ld |", static_cast<long>(size), static_cast<long>(size));
  std::printf("\n| ---: | ---: | ---: | ---: | ---: |\n");
  for (const auto& [channels, filters] : CHANNELS) {
    std::printf("| %ld, %ld |", static_cast<long>(channels), static_cast<long>(filters));
    for (int64_t size : SIZES) {
      const auto same = [&, c = channels, f = filters](const Found& one) { return one.size == size && one.channels == c && one.filters == f; };
      const auto at = std::find_if(found.begin(), found.end(), same);
      at == found.end() ? std::printf(" |") : std::printf(" %.2f |", at->ratio[which]);
    }
    std::printf("\n");
  }
}

// How much slower than the faster method at each shape a rule is that takes Winograd's from so many channels and filters.
static void print_borders(const std::vector<Found>& found, int which) {
  std::printf("Winograd's method from so many channels and filters, against the faster one at each shape:");
  for (int64_t border : BORDERS) {
    double sum = 0, worst = 0;
    for (const Found& one : found) {
      const bool taken = std::min(one.channels, one.filters) >= border;
      const double lost = std::max(0.0, taken ? -std::log(one.ratio[which]) : std::log(one.ratio[which]));
      sum += lost;
      worst = std::max(worst, lost);
    }
    std::printf("%s %ld: %.1f %% slower on average, %.0f %% at worst", border == BORDERS[0] ? "" : ";", static_cast<long>(border),
                100 * std::expm1(sum / static_cast<double>(found.size())), 100 * std::expm1(worst));
  }
  std::printf(".\n");
}

int main(int argc, char** argv) {
  const Kernels* kernels = choose_kernels(argc > 1 ? argv[1] : nullptr);
  if (!kernels) return std::fprintf(stderr, "this processor cannot run %s\n", argv[1]), 2;
  ThreadPool threads(1);
  std::vector<Found> found;
  for (const auto& [channels, filters] : CHANNELS)
    for (int64_t size : SIZES)
      if (size * size * channels * filters <= MOST) found.push_back(compare(size, channels, filters, *kernels, threads));
  const char* names[] = {"Forward", "Input gradient", "Weight gradient"};
  std::printf("%s, %d images, one thread.\n", kernels->name, kernels->lanes);
  for (int which = 0; which < 3; which++) {
    std::printf("\n%s:\n\n", names[which]);
    print_ratios(found, which);
    std::printf("\n");
    print_borders(found, which);
  }
}
