// The call stack of another thread of this process, taken while it runs: for reports about code
// that does not return.
#pragma once
#include <csignal>
#include <optional>
#include <pthread.h>
#include <vector>

#include "base/function_ref.h"
#include "base/time.h"

namespace reprise::base {

// Interrupts the thread with SIGURG, which a program gets only if it asks for out-of-band data, and
// returns its frames, the innermost first. The first call installs the handler. nullopt: the
// process has its own handler for the signal, or the thread did not answer in time. `note` is
// called on the interrupted thread, wherever that is, and may do only what a signal handler may.
// Call it on another thread.
std::optional<std::vector<void*>> interrupt(pthread_t thread,
                                            FunctionRef<void()> note,
                                            Duration longest);

// A separate stack for signal handlers, because the code's own may be small. Belongs to the thread
// that made it.
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
