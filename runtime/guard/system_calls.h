// System calls of threads that run workflow code, by "syscall user dispatch" (Linux 5.11, x86-64):
// the kernel looks at one byte of the thread and turns its system calls into SIGSYS while the byte
// says so. The handler records what workflow code must not do and then has the call done.
#pragma once
#include <string>
#include <string_view>

#include "runtime/guard/thread_watch.h"

namespace reprise::runtime::guard {

// Installs the handler, once for the process. Empty: it is there; else why there is none.
std::string_view prepare_dispatch();

// For the calling thread; false: the kernel refuses. `selector` lives until stop_dispatch().
bool start_dispatch(const volatile char* selector);
void stop_dispatch();

// A handler that blocks SIGSYS would turn the next system call into the end of the process: takes
// SIGSYS out of the masks of the handlers that are installed.
void unblock_in_handlers();

// Calls that memory management and the C library's own book-keeping make anywhere are no finds.
// Arguments as in the call; `by_library`: made from inside the C library.
bool is_harmless(long number, long first, long second, long fourth, bool by_library);
// "openat", or "system call 451".
std::string name_of_system_call(long number);
Hazard hazard_of_system_call(long number);

}  // namespace reprise::runtime::guard
