// For the functions that glibc has beside the standard's.
#define _GNU_SOURCE
#include "CAllocations.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

// Of each thread its own, so that tests that run at the same time do not count each other's.
static _Thread_local int counts;
static _Thread_local long count;

void ca_begin(void) {
  count = 0;
  counts = 1;
}

long ca_end(void) {
  counts = 0;
  return count;
}

#if defined(__GLIBC__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
int ca_is_counting(void) { return 1; }

static void note(void) {
  if (counts) count++;
}

// The program's own definitions come before the library's, in every library that it loads; the library's stay under their inner names.
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
  note();
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  note();
  return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size) {
  note();
  return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
  note();
  if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
  void *taken = __libc_memalign(alignment, size);
  if (!taken) return ENOMEM;
  *block = taken;
  return 0;
}
#else
int ca_is_counting(void) { return 0; }
#endif
