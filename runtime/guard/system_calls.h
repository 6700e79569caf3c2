// System calls of threads that run workflow code, by "syscall user dispatch" (Linux 5.11, x86-64):
// while a byte of the thread says so, the kernel turns the thread's system calls into SIGSYS. The
// handler records calls that workflow code must not make, and then makes them.
#pragma once
#include <string>
#include <string_view>

#include "runtime/guard/thread_watch.h"

namespace reprise::runtime::guard {

// Installs the handler, once for the process. Empty: done; else the reason why not.
std::string_view prepare_dispatch();

// For the calling thread; false: the kernel refuses. `selector` lives until stop_dispatch().
bool start_dispatch(const volatile char* selector);
void stop_dispatch();

// A handler that blocks SIGSYS would let the next system call end the process: removes SIGSYS from
// the masks of all installed handlers.
void unblock_in_handlers();

// Calls of memory management and of the C library's own bookkeeping are not reported. Arguments as
// in the call; `by_library`: made from inside the C library.
bool is_harmless(long number, long first, long second, long fourth, bool by_library);
// "openat", or "system call 451".
std::string name_of_system_call(long number);
Hazard hazard_of_system_call(long number);

}  // namespace reprise::runtime::guard
