// Must this thread not wait for room in an engine? Many depend on some threads, as all requests of
// other processes do on that of the control socket: what they ask a full engine for is refused at
// once.
#pragma once
#include <utility>

namespace reprise::runtime {

class NoWaiting {
 public:
  // While it lives, this thread does not wait. Nests.
  class Scope {
   public:
    Scope() : before_(std::exchange(here_, true)) {}
    ~Scope() { here_ = before_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    const bool before_;
  };

  static bool here() { return here_; }

 private:
  static inline constinit thread_local bool here_ = false;
};

}  // namespace reprise::runtime
