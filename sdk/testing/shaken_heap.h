// Gives a replay another heap than the turn that it repeats: unwritten memory has other content,
// and addresses have a known order. Only in programs that link reprise::testing, because it
// replaces the global operator new; in others both functions are null.
#pragma once

extern "C" {
// Until the end, on this thread, operator new returns memory filled with `fill`, and later
// blocks have higher addresses, or lower ones when `falling` (blocks of one size of up to 1 KiB, 64
// at a time); operator delete leaves memory filled with `fill`.
[[gnu::weak]] void reprise_begin_shaken_heap(unsigned char fill, bool falling);
[[gnu::weak]] void reprise_end_shaken_heap();
}
