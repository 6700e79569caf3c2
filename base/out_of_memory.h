// What happens when there is no memory for the engine's own work: the process ends at once, with an
// exit code of its own. Nothing acknowledged is lost, and nothing goes on with a half-made change.
// This is not about memory that user code asks for: there std::bad_alloc is an exception like any
// other. docs/adr/0018-out-of-memory.md says why.
#pragma once
#include <new>
#include <utility>

namespace reprise::base {

inline constexpr int kExitOutOfMemory = 71;  // EX_OSERR

// Says so on standard error without allocating, and ends the process. `doing` is for people.
[[noreturn]] void end_out_of_memory(const char* doing) noexcept;

// From now on `tell` is called before the process ends, on the thread that ends it; it may do only
// what a signal handler may. For the life of the process; the last call counts.
void tell_out_of_memory(void (*tell)());

// Returns what `work` returns; a std::bad_alloc that leaves it ends the process.
template <class Work>
decltype(auto) needs_memory(const char* doing, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const std::bad_alloc&) {
    end_out_of_memory(doing);
  }
}

}  // namespace reprise::base
