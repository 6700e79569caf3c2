// The last words of a process that a signal ends.
#pragma once
#include <cstdint>

namespace reprise::base {

struct Crash {
  int signal = 0;
  bool from_outside = false;            // another process has sent it
  const char* address = nullptr;        // the address at fault; SIGSEGV and SIGBUS only
  const char* stack_pointer = nullptr;  // of the interrupted code; nullptr: unknown on this machine
};

// From now on `tell` is called on the thread that gets SIGSEGV, SIGBUS, SIGFPE, SIGILL or SIGABRT,
// on its alternate stack if it has one, and may do only what a signal handler may. Then the signal
// goes to whatever handled it before: a handler of the program or of a sanitizer, or the default
// action with its core dump, at the instruction that failed. A handler that is installed later gets
// the signal alone. For the life of the process; up to four are called, in order of registration.
// Any thread.
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
  // Characters other than printable ASCII become "?": names come from users, and a terminal shows
  // them.
  CrashText& name(const char* name, std::size_t length);
  CrashText& number(std::uint64_t number);
  // The binary and the place in it, for addr2line; "0x10" outside any binary.
  CrashText& place(const void* address);
  void flush();

 private:
  CrashText& hex(std::uint64_t number);

  char buffer_[1024];
  std::size_t used_ = 0;
};

const char* signal_name(int signal);  // "SIGSEGV"

}  // namespace reprise::base
