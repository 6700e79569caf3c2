// The last words of a process that a signal ends.
#pragma once
#include <cstdint>

namespace reprise::base {

struct Crash {
  int signal = 0;
  bool from_outside = false;            // another process has sent it
  const char* address = nullptr;        // that cannot be used; SIGSEGV and SIGBUS only
  const char* stack_pointer = nullptr;  // of the code that was interrupted; nullptr: not known here
};

// From now on `tell` is called on the thread that gets SIGSEGV, SIGBUS, SIGFPE, SIGILL or SIGABRT,
// on its alternate stack if it has one, and may do only what a signal handler may. Then the signal
// is for whoever had it before: a handler of the program's or of a sanitizer, or the default action
// with its core dump, at the very instruction that failed. A handler that is installed later has
// the signal to itself. For the life of the process; several are called in the order in which they
// came, four at most. Any thread.
void tell_crashes(void (*tell)(const Crash&));

// Writes to stderr from a signal handler, with memory of its own.
class CrashText {
 public:
  CrashText() = default;
  ~CrashText() { flush(); }
  CrashText(const CrashText&) = delete;
  CrashText& operator=(const CrashText&) = delete;

  CrashText& text(const char* text);
  CrashText& text(const char* text, std::size_t length);
  // What is no printable ASCII becomes "?": names are the user's, and a terminal reads them.
  CrashText& name(const char* name, std::size_t length);
  CrashText& number(std::uint64_t number);
  // The binary and the place in it, for addr2line; "0x10" outside of any.
  CrashText& place(const void* address);
  void flush();

 private:
  CrashText& hex(std::uint64_t number);

  char buffer_[1024];
  std::size_t used_ = 0;
};

const char* signal_name(int signal);  // "SIGSEGV"

}  // namespace reprise::base
