#pragma once

/// Vectors of 4, 8 and 16 floats; Swift sees them as SIMD4<Float>, SIMD8<Float> and SIMD16<Float>.
typedef float CVFloat4 __attribute__((vector_size(16)));
typedef float CVFloat8 __attribute__((vector_size(32)));
typedef float CVFloat16 __attribute__((vector_size(64)));

#define CV_INLINE __attribute__((always_inline)) static inline

/// a * b + c, rounded once.
CV_INLINE CVFloat8 cv_fma8(CVFloat8 a, CVFloat8 b, CVFloat8 c) { return __builtin_elementwise_fma(a, b, c); }
CV_INLINE CVFloat16 cv_fma16(CVFloat16 a, CVFloat16 b, CVFloat16 c) { return __builtin_elementwise_fma(a, b, c); }

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
#else
CV_INLINE int cv_has_avx2(void) { return 0; }
CV_INLINE int cv_has_avx512(void) { return 0; }
#endif
