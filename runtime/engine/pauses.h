// Runs that an operator has stopped, or begun from the history of another one. What has begun goes
// on to its end, nothing begins: timers that are due and attempts that would be made wait here
// until the run is resumed. Its turns are without code (Round::make_turn).
#pragma once
#include "runtime/engine/attempts.h"
#include "runtime/engine/timers.h"

namespace reprise::runtime {

// Not thread-safe: the shard's thread.
class Pauses {
 public:
  // All of them outlive this.
  Pauses(Timers& timers, Attempts& attempts) : timers_(timers), attempts_(attempts) {}

  // It is durable that the run is paused: attempts that wait for a thread no longer do.
  void paused(KnownRun& run);
  // That it goes on: so do the timers that have waited.
  void resumed(KnownRun& run);
  // A timer of a paused run is due.
  static void hold(KnownRun& run, std::uint32_t timer) {
    run.with_extras().held_timers.push_back(timer);
  }

 private:
  Timers& timers_;
  Attempts& attempts_;
};

}  // namespace reprise::runtime
