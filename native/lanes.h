// The lane vector: one value of LANES images. Compiled once for each instruction set, each time in a namespace of its own
// (STRIATE_ISA) and with no standard-library templates, so that the linker cannot mix code of two instruction sets.
#pragma once
#include <cstdint>
#include <cstring>

#ifndef STRIATE_ISA
#error "kernels are compiled with -DSTRIATE_ISA=<name> -DSTRIATE_LANES=<8 or 16>"
#endif

namespace striate::STRIATE_ISA {

constexpr int LANES = STRIATE_LANES;

typedef float Lane __attribute__((vector_size(4 * LANES)));
typedef int32_t Mask __attribute__((vector_size(4 * LANES)));  // a comparison's result: 0 or -1 in each lane
typedef uint32_t Bits __attribute__((vector_size(4 * LANES)));
typedef float UnalignedLane __attribute__((vector_size(4 * LANES), aligned(4)));

// Casts between these types reinterpret the bits.
// How many lane vectors the register file holds; NEON's registers hold half a vector, AVX-512's a vector of 16.
#if defined(__AVX512F__)
constexpr int REGISTERS = 32;
#else
constexpr int REGISTERS = 16;
#endif

static inline Lane* lanes(float* p) { return reinterpret_cast<Lane*>(p); }
static inline const Lane* lanes(const float* p) { return reinterpret_cast<const Lane*>(p); }
static inline Lane load(const float* p) { return *reinterpret_cast<const UnalignedLane*>(p); }
static inline void store(float* p, Lane v) { *reinterpret_cast<UnalignedLane*>(p) = v; }

static inline Lane broadcast(float x) { return x - Lane{}; }  // x - 0 is x, also for -0: nothing is computed
static inline Bits broadcast_bits(uint32_t x) { return Bits{} + x; }
static inline Lane zero() { return Lane{}; }
static inline Mask as_mask(Lane v) { return (Mask)v; }
static inline Lane as_lane(Mask m) { return (Lane)m; }
static inline Lane as_lane(Bits m) { return (Lane)m; }
static inline Bits as_bits(Lane v) { return (Bits)v; }
static inline Lane maximum(Lane a, Lane b) { return a > b ? a : b; }  // b if one is NaN; so minimum
static inline Lane minimum(Lane a, Lane b) { return a < b ? a : b; }
static inline Lane keep(Mask m, Lane v) { return as_lane(m & as_mask(v)); }
static inline Lane absolute(Lane v) { return as_lane(as_bits(v) & 0x7fffffffu); }
static inline Lane relu(Lane v) { return v < 0.0f ? zero() : v; }                              // NaN stays
static inline Lane maximum_or_nan(Lane a, Lane b) { return (a > b) | (a != a) ? a : b; }

// 0, 1, ..., LANES - 1
static inline Bits lane_index() {
  Bits index = {};
  for (int l = 0; l < LANES; l++) index[l] = static_cast<uint32_t>(l);
  return index;
}

// -1 in the lanes that hold an image, 0 in the rest of a partly filled pack.
static inline Mask filled_lanes(int count) { return (Mask)lane_index() < count; }

// Sum over the lanes, always in the same tree: halves, quarters, ...
static inline float lane_sum(Lane v) {
#if defined(__clang__)  // its shuffles take constant patterns only
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int l = 0; l < half; l++) v[l] += v[l + half];
#else
#pragma GCC unroll 4
  for (int half = LANES / 2; half > 0; half /= 2) v += __builtin_shuffle(v, (Mask)lane_index() ^ half);
#endif
  return v[0];
}

static inline Lane floor_lane(Lane v) {
  Mask truncated = __builtin_convertvector(v, Mask);
  Lane t = __builtin_convertvector(truncated, Lane);
  return t - as_lane(as_mask(broadcast(1.0f)) & (t > v));
}

// The nearest whole number, of two the even one, for |v| < 2^22.
static inline Lane round_lane(Lane v) { return (v + 12582912.0f) - 12582912.0f; }

// e^x: 2^n times a polynomial on [-ln 2 / 2, ln 2 / 2] (Cephes expf), relative error 2e-7; 0 below -87.3.
static inline Lane exponential(Lane x) {
  Lane clamped = minimum(maximum(x, broadcast(-87.33f)), broadcast(89.0f));
  Lane n = floor_lane(clamped * 1.44269504088896341f + 0.5f);
  Lane r = clamped - n * 0.693359375f - n * -2.12194440e-4f;
  Lane p = broadcast(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  Mask e = __builtin_convertvector(n, Mask);
  Mask half = e >> 1;  // two factors, since 2^128 does not fit one float
  Mask scale_a = (half + 127) << 23, scale_b = (e - half + 127) << 23;
  p = p * as_lane(scale_a) * as_lane(scale_b);
  p = x < -87.33f ? zero() : p;
  return x != x ? x : p;
}

// ln x for x >= 0: exponent and polynomial (Cephes logf), relative error 1e-7; -infinity at 0, NaN below.
static inline Lane logarithm(Lane x) {
  Bits bits = as_bits(maximum(x, broadcast(1.17549435e-38f)));
  Lane e = __builtin_convertvector((Mask)(bits >> 23) - 126, Lane);
  Lane m = as_lane((bits & 0x007fffffu) | 0x3f000000u);
  Mask low = m < 0.707106781186547524f;
  e = e - keep(low, broadcast(1.0f));
  m = m + keep(low, m) - 1.0f;
  Lane z = m * m;
  Lane p = broadcast(7.0376836292e-2f);
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  p = p * m * z + e * -2.12194440e-4f - 0.5f * z;
  Lane y = m + p + e * 0.693359375f;
  y = x == __builtin_inff() ? x : y;
  y = x == 0.0f ? broadcast(-__builtin_inff()) : y;
  return x >= 0.0f ? y : broadcast(__builtin_nanf(""));
}

// tanh x: a polynomial near zero (Cephes tanhf), 1 - 2 / (e^2x + 1) elsewhere.
static inline Lane hyperbolic_tangent(Lane x) {
  Lane a = absolute(x), z = x * x;
  Lane p = broadcast(-5.70498872745e-3f);
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  Lane small = p * z * x + x;
  Lane large = 1.0f - 2.0f / (exponential(a + a) + 1.0f);
  large = x < 0.0f ? -large : large;
  return a < 0.625f ? small : large;
}

// sin and cos of 2 pi t for t from -1/2 to 1/2: polynomials on [-pi/4, pi/4] (Cephes sinf, cosf), error 1e-7.
static inline void sine_cosine(Lane t, Lane& sine, Lane& cosine) {
  const Lane quarters = floor_lane(4.0f * t + 0.5f);
  const Lane a = (4.0f * t - quarters) * 1.57079632679489662f, z = a * a;
  const Lane s = ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * a + a;
  const Lane c = ((2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z * z - 0.5f * z + 1.0f;
  const Mask quadrant = __builtin_convertvector(quarters, Mask), odd = (quadrant & 1) != 0;
  const Bits sine_sign = (Bits)(quadrant & 2) << 30, cosine_sign = (Bits)((quadrant + 1) & 2) << 30;
  sine = as_lane(as_bits(odd ? c : s) ^ sine_sign);
  cosine = as_lane(as_bits(odd ? s : c) ^ cosine_sign);
}

static inline Lane sigmoid(Lane x) {
  Lane e = exponential(-absolute(x));  // never overflows
  Lane p = 1.0f / (1.0f + e);
  return x < 0.0f ? e * p : p;
}

// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), with the second term accurate also where e^-|x| is tiny (Kahan's log1p).
static inline Lane softplus(Lane x) {
  Lane e = exponential(-absolute(x)), u = 1.0f + e, d = u - 1.0f;
  Lane l = d == 0.0f ? e : logarithm(u) * (e / d);
  return maximum(x, zero()) + l;
}

static inline Lane square_root(Lane x) {
  Lane r = {};
  for (int l = 0; l < LANES; l++) r[l] = __builtin_sqrtf(x[l]);
  return r;
}

}  // namespace striate::STRIATE_ISA
