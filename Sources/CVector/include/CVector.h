#pragma once
#if defined(__AVX2__) || defined(__AVX512F__)
#include <immintrin.h>
#elif defined(__SSE__)
#include <xmmintrin.h>
#endif
#if defined(__x86_64__)
#include <cpuid.h>
#endif

/// Vectors of 4, 8 and 16 floats; Swift sees them as SIMD4<Float>, SIMD8<Float> and SIMD16<Float>.
typedef float CVFloat4 __attribute__((vector_size(16)));
typedef float CVFloat8 __attribute__((vector_size(32)));
typedef float CVFloat16 __attribute__((vector_size(64)));

#define CV_INLINE __attribute__((always_inline)) static inline

/// a * b + c, rounded once.
CV_INLINE CVFloat4 cv_fma4(CVFloat4 a, CVFloat4 b, CVFloat4 c) { return __builtin_elementwise_fma(a, b, c); }
CV_INLINE CVFloat8 cv_fma8(CVFloat8 a, CVFloat8 b, CVFloat8 c) { return __builtin_elementwise_fma(a, b, c); }
CV_INLINE CVFloat16 cv_fma16(CVFloat16 a, CVFloat16 b, CVFloat16 c) { return __builtin_elementwise_fma(a, b, c); }

/// The sums of neighbours: first those of a, then those of b.
CV_INLINE CVFloat4 cv_pair_sums4(CVFloat4 a, CVFloat4 b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6) + __builtin_shufflevector(a, b, 1, 3, 5, 7);
}
CV_INLINE CVFloat8 cv_pair_sums8(CVFloat8 a, CVFloat8 b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14) + __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}
CV_INLINE CVFloat16 cv_pair_sums16(CVFloat16 a, CVFloat16 b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
    + __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}

/// v cut off below and above; what is not a number stays.
CV_INLINE CVFloat4 cv_clamp4(CVFloat4 v, CVFloat4 low, CVFloat4 high) {
  for (int i = 0; i < 4; i++) { v[i] = v[i] < low[i] ? low[i] : v[i]; v[i] = v[i] > high[i] ? high[i] : v[i]; }
  return v;
}
#ifdef __AVX512F__
CV_INLINE CVFloat16 cv_clamp16(CVFloat16 v, CVFloat16 low, CVFloat16 high) {
  return (CVFloat16)_mm512_min_ps((__m512)high, _mm512_max_ps((__m512)low, (__m512)v));
}
#else
CV_INLINE CVFloat16 cv_clamp16(CVFloat16 v, CVFloat16 low, CVFloat16 high) {
  for (int i = 0; i < 16; i++) { v[i] = v[i] < low[i] ? low[i] : v[i]; v[i] = v[i] > high[i] ? high[i] : v[i]; }
  return v;
}
#endif
#ifdef __AVX2__
CV_INLINE CVFloat8 cv_clamp8(CVFloat8 v, CVFloat8 low, CVFloat8 high) {
  return (CVFloat8)_mm256_min_ps((__m256)high, _mm256_max_ps((__m256)low, (__m256)v));
}
#else
CV_INLINE CVFloat8 cv_clamp8(CVFloat8 v, CVFloat8 low, CVFloat8 high) {
  for (int i = 0; i < 8; i++) { v[i] = v[i] < low[i] ? low[i] : v[i]; v[i] = v[i] > high[i] ? high[i] : v[i]; }
  return v;
}
#endif

/// The first n numbers from memory, the rest zero, and the first n numbers to memory; nothing beyond is touched.
#ifdef __AVX512F__
CV_INLINE CVFloat16 cv_load16(const float *p, int n) { return (CVFloat16)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p); }
CV_INLINE void cv_store16(float *p, int n, CVFloat16 v) { _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v); }
#else
CV_INLINE CVFloat16 cv_load16(const float *p, int n) { CVFloat16 v = {0}; __builtin_memcpy(&v, p, 4 * (unsigned)n); return v; }
CV_INLINE void cv_store16(float *p, int n, CVFloat16 v) { __builtin_memcpy(p, &v, 4 * (unsigned)n); }
#endif
#ifdef __AVX2__
#define CV_FIRST8(n) _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
CV_INLINE CVFloat8 cv_load8(const float *p, int n) { return (CVFloat8)_mm256_maskload_ps(p, CV_FIRST8(n)); }
CV_INLINE void cv_store8(float *p, int n, CVFloat8 v) { _mm256_maskstore_ps(p, CV_FIRST8(n), (__m256)v); }
#else
CV_INLINE CVFloat8 cv_load8(const float *p, int n) { CVFloat8 v = {0}; __builtin_memcpy(&v, p, 4 * (unsigned)n); return v; }
CV_INLINE void cv_store8(float *p, int n, CVFloat8 v) { __builtin_memcpy(p, &v, 4 * (unsigned)n); }
#endif
CV_INLINE CVFloat4 cv_load4(const float *p, int n) { CVFloat4 v = {0}; __builtin_memcpy(&v, p, 4 * (unsigned)n); return v; }
CV_INLINE void cv_store4(float *p, int n, CVFloat4 v) { __builtin_memcpy(p, &v, 4 * (unsigned)n); }

/// A bit for each number that is not zero, from the lowest on; what is not a number is not zero.
#ifdef __SSE__
CV_INLINE unsigned cv_nonzeros4(CVFloat4 v) { return (unsigned)_mm_movemask_ps(_mm_cmpneq_ps((__m128)v, _mm_setzero_ps())); }
#else
CV_INLINE unsigned cv_nonzeros4(CVFloat4 v) {
  typedef unsigned CVWord4 __attribute__((vector_size(16)));
  return __builtin_reduce_add((CVWord4)(v != 0) & (CVWord4){1, 2, 4, 8});
}
#endif
#ifdef __AVX2__
CV_INLINE unsigned cv_nonzeros8(CVFloat8 v) {
  return (unsigned)_mm256_movemask_ps(_mm256_cmp_ps((__m256)v, _mm256_setzero_ps(), _CMP_NEQ_UQ));
}
#else
CV_INLINE unsigned cv_nonzeros8(CVFloat8 v) {
  return cv_nonzeros4(__builtin_shufflevector(v, v, 0, 1, 2, 3)) | cv_nonzeros4(__builtin_shufflevector(v, v, 4, 5, 6, 7)) << 4;
}
#endif
#ifdef __AVX512F__
CV_INLINE unsigned cv_nonzeros16(CVFloat16 v) { return _mm512_cmp_ps_mask((__m512)v, _mm512_setzero_ps(), _CMP_NEQ_UQ); }
#else
CV_INLINE unsigned cv_nonzeros16(CVFloat16 v) {
  return cv_nonzeros8(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7)) |
         cv_nonzeros8(__builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15)) << 8;
}
#endif

/// A whole cache line to memory past the caches; p is aligned to it. Other threads see it after cv_end_streaming.
CV_INLINE void cv_stream16(float *p, CVFloat16 v) { __builtin_nontemporal_store(v, (CVFloat16 *)p); }
CV_INLINE void cv_end_streaming(void) {
#if defined(__x86_64__)
  __builtin_ia32_sfence();
#endif
}

/// The same address, of which the compiler knows nothing more: it neither follows it through a loop nor computes it ahead.
CV_INLINE const float *cv_place(const float *p) { __asm__("" : "+r"(p)); return p; }

/// Asks for the cache line of an address, into the second-level cache and into the first; the address need not exist.
CV_INLINE void cv_prefetch2(const float *p) { __builtin_prefetch(p, 0, 2); }
CV_INLINE void cv_prefetch1(const float *p) { __builtin_prefetch(p, 0, 3); }

/// Whether the including target was compiled with the instruction set.
#ifdef __AVX2__
enum { cv_compiled_avx2 = 1 };
#else
enum { cv_compiled_avx2 = 0 };
#endif
#ifdef __AVX512F__
enum { cv_compiled_avx512 = 1 };
#else
enum { cv_compiled_avx512 = 0 };
#endif

/// What the processor (and the operating system's saved state) offers.
#if defined(__x86_64__)
CV_INLINE int cv_has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
CV_INLINE int cv_has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
/// Whether the processor adds and multiplies 512 bits in two halves: AMD's family 19h, which is Zen 4 where it has AVX-512 at all.
CV_INLINE int cv_halves_avx512(void) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(0, &a, &b, &c, &d) || b != signature_AMD_ebx || !__get_cpuid(1, &a, &b, &c, &d)) return 0;
  return ((a >> 8) & 0xf) + ((a >> 20) & 0xff) == 0x19;
}
/// Whether the processor is one of Intel's.
CV_INLINE int cv_is_intel(void) {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(0, &a, &b, &c, &d) && b == signature_INTEL_ebx;
}
#else
CV_INLINE int cv_has_avx2(void) { return 0; }
CV_INLINE int cv_has_avx512(void) { return 0; }
CV_INLINE int cv_halves_avx512(void) { return 0; }
CV_INLINE int cv_is_intel(void) { return 0; }
#endif

/// Tells the core that the thread only waits.
CV_INLINE void cv_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __builtin_arm_yield();
#endif
}

/// The two words of a Swift closure (Int, Int) -> Void that does not escape.
typedef struct { void *function, *context; } cv_closure;

/// Calls the closure, which must still be alive.
void cv_call(cv_closure closure, long task, long worker);
