#pragma once

#include <stddef.h>

/* Makes the C allocator give blocks of at least this many bytes back to the system as soon as they are freed.
   Left to itself, glibc raises that bound after the first large free and keeps the memory. Without effect elsewhere. */
void allocator_return_blocks_from(int bytes);

/* Has the system map a block that is about to be filled, in large pages where it has some, all at once instead of by a
   fault for each page: a fifth of what filling megabytes costs. Changes no content. Without effect elsewhere. */
void allocator_will_fill(void *start, size_t bytes);
