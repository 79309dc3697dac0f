#include "Allocator.h"
#include <stdint.h>
#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif
#ifdef __linux__
#include <sys/mman.h>
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

void allocator_will_fill(void *start, size_t bytes) {
#ifdef MADV_POPULATE_WRITE
    uintptr_t page = 4096, from = (uintptr_t)start & ~(page - 1), to = ((uintptr_t)start + bytes) & ~(page - 1);
    if (to <= from) return;
    /* Advice: where either is refused, pages are mapped one by one as ever. */
    madvise((void *)from, to - from, MADV_HUGEPAGE);
    madvise((void *)from, to - from, MADV_POPULATE_WRITE);
#else
    (void)start, (void)bytes;
#endif
}
