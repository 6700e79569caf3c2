// What the engine does when a timer is due: it adds an input to the run, ends the run, or moves an
// attempt on.
#pragma once
#include <optional>

#include "runtime/engine/attempts.h"
#include "runtime/engine/transactions.h"

namespace reprise::runtime {

// Not thread-safe: the shard's thread.
class DueTimers {
 public:
  DueTimers(const Shared& shared,
            const RunTable& runs,
            Timers& timers,
            Loading& loading,
            Parking& parking,
            Round& round,
            Attempts& attempts,
            Transactions& transactions,
            RunExecutor& executor)
      : shared_(shared),
        runs_(runs),
        timers_(timers),
        loading_(loading),
        parking_(parking),
        round_(round),
        attempts_(attempts),
        transactions_(transactions),
        executor_(executor) {}

  // Fires what is due by now. False: nothing was.
  bool fire();

 private:
  void fire(KnownRun& run, const TimerEntry& entry);
  void fire_timer(KnownRun& run, const TimerEntry& entry);
  void fire_run_timeout(KnownRun& run, const TimerEntry& entry);
  void time_out_and_retry(KnownRun& run,
                          const TimerEntry& entry,
                          std::optional<replay::UnreadInputs> unread);
  base::Result<std::optional<replay::UnreadInputs>> read_unread(KnownRun& run);
  void time_out_later(KnownRun& run, const base::Error& why);
  void end_delay(KnownRun& run, const TimerEntry& entry);

  const Shared& shared_;
  const RunTable& runs_;
  Timers& timers_;
  Loading& loading_;
  Parking& parking_;
  Round& round_;
  Attempts& attempts_;
  Transactions& transactions_;
  RunExecutor& executor_;
};

}  // namespace reprise::runtime
