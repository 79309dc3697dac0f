#include "Allocator.h"
#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

void allocator_return_blocks_from(int bytes) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, bytes);
    /* An arena for each thread would keep its own share of what was freed. */
    mallopt(M_ARENA_MAX, 2);
#else
    (void)bytes;
#endif
}
