// Is this the thread that moves a shard, and is it doing so now? Whoever waits for an engine's
// answer there waits for ever, whatever code it is that waits: workflows, queries, steps on the
// shard, sinks of log lines, destructors.
#pragma once
#include <utility>

namespace reprise::runtime {

class ShardThread {
 public:
  // While it lives, this thread moves a shard. Nests.
  class Scope {
   public:
    Scope() : before_(std::exchange(here_, true)) {}
    ~Scope() { here_ = before_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    const bool before_;
  };

  static bool is_this() { return here_; }

 private:
  static inline constinit thread_local bool here_ = false;
};

}  // namespace reprise::runtime
