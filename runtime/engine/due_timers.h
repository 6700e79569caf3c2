// What the engine does when a timer is due: it adds an input to the run, ends the run, or moves an
// attempt on.
#pragma once
#include "runtime/engine/attempts.h"

namespace reprise::runtime {

// Not thread-safe: the shard's thread.
class DueTimers {
 public:
  DueTimers(const Shared& shared,
            const RunTable& runs,
            Timers& timers,
            Round& round,
            Attempts& attempts)
      : shared_(shared), runs_(runs), timers_(timers), round_(round), attempts_(attempts) {}

  // Fires what is due by now. False: nothing was.
  bool fire();

 private:
  void fire(KnownRun& run, const TimerEntry& entry);
  void fire_timer(KnownRun& run, const TimerEntry& entry);
  void fire_run_timeout(KnownRun& run, const TimerEntry& entry);

  const Shared& shared_;
  const RunTable& runs_;
  Timers& timers_;
  Round& round_;
  Attempts& attempts_;
};

}  // namespace reprise::runtime
