#pragma once

/// Whether blocks of memory are counted here: with glibc, and no sanitizer that has an allocator of its own.
int ca_is_counting(void);
/// From now on the blocks that this thread takes are counted, or no longer.
void ca_watch(int watches);
/// The blocks that all watched threads took so far.
long ca_count(void);
