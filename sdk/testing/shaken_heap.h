// How a replay gets another heap than the turn that it repeats: with other content in memory that
// was not written, and with addresses in a known order. Only programs that link reprise::testing
// have it, because it replaces the global operator new; in others both functions are null.
#pragma once

extern "C" {
// Until the end, on this thread, operator new returns memory whose every byte is `fill`, and what
// is allocated later lies at higher addresses, or at lower ones when `falling` (blocks of one size
// of up to 1 KiB, 64 at a time); operator delete leaves `fill` behind.
[[gnu::weak]] void reprise_begin_shaken_heap(unsigned char fill, bool falling);
[[gnu::weak]] void reprise_end_shaken_heap();
}
