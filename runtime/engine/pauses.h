// Runs that an operator has stopped, or begun from the history of another one. What has begun goes
// on to its end, nothing begins: timers that are due and attempts that would be made wait here
// until the run is resumed. Its turns are without code (Round::make_turn).
#pragma once
#include "runtime/engine/attempts.h"
#include "runtime/engine/timers.h"
#include "runtime/engine/transactions.h"

namespace reprise::runtime {

// Not thread-safe: the shard's thread.
class Pauses {
 public:
  // All of them outlive this.
  Pauses(Timers& timers, Attempts& attempts, Transactions& transactions)
      : timers_(timers), attempts_(attempts), transactions_(transactions) {}

  // It is durable that the run is paused: attempts that wait for a thread no longer do.
  void paused(KnownRun& run);
  // That it goes on: so does what has waited.
  void resumed(KnownRun& run);
  // The run has begun with a part of another one's history: what is pending there begins.
  void begun(KnownRun& run);
  // A timer of a paused run is due.
  static void hold(KnownRun& run, std::uint32_t timer) {
    run.with_extras().held_timers.push_back(timer);
  }

 private:
  void start_pending(KnownRun& run);

  Timers& timers_;
  Attempts& attempts_;
  Transactions& transactions_;
};

}  // namespace reprise::runtime
