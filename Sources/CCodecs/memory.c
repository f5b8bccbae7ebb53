#include "CCodecs.h"

#ifdef __linux__
#include <malloc.h>
#endif

void cc_return_large_blocks(void) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, 8 << 20);
#endif
}
