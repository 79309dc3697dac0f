#pragma once

/* Makes the C allocator give blocks of at least this many bytes back to the system as soon as they are freed.
   Left to itself, glibc raises that bound after the first large free and keeps the memory. Without effect elsewhere. */
void allocator_return_blocks_from(int bytes);
