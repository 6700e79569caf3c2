// The call stack of another thread of this process, taken while it runs: for the report that names
// the code which does not return.
#pragma once
#include <csignal>
#include <optional>
#include <pthread.h>
#include <vector>

#include "base/function_ref.h"
#include "base/time.h"

namespace reprise::base {

// Interrupts the thread with SIGURG, which no program gets unless it asked for out-of-band data,
// and returns its frames, the innermost first. The handler is installed by the first call; nullopt
// when the process has a handler of its own for it, or when the thread does not answer in time.
// `note` is called on the interrupted thread, wherever that is, and may do only what a signal
// handler may. Any thread but that one.
std::optional<std::vector<void*>> interrupt(pthread_t thread,
                                            FunctionRef<void()> note,
                                            Duration longest);

// Room for signal handlers beside the stack of the code, which may be a small one. Belongs to the
// thread that made it.
class SignalStack {
 public:
  SignalStack();
  ~SignalStack();
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  std::vector<char> memory_;
  stack_t before_{};
};

}  // namespace reprise::base
