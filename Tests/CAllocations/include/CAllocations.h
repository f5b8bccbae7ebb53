#pragma once

/// Whether blocks of memory are counted here: with glibc, and no sanitizer that has an allocator of its own.
int ca_is_counting(void);
/// From now on the blocks that this thread takes are counted, from 0.
void ca_begin(void);
/// Counts no longer; the blocks that this thread took since it began.
long ca_end(void);
