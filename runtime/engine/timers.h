// What a shard must do at a certain time: durable timers, limits of runs, attempts that are retried
// or have waited too long. Returns those that are due and still valid; the caller acts on them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>

#include "runtime/engine/run_table.h"
#include "runtime/engine/timer_queue.h"

namespace reprise::runtime {

// Not thread-safe.
class Timers {
 public:
  explicit Timers(const RunTable& runs) : runs_(runs) {}
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  void arm(const KnownRun& run,
           const PendingOperation& operation,
           TimerEntry::Kind kind,
           std::int64_t due_ms);
  // Sets the limit of a run that has one, and the end of its delay if its code may not run yet: if
  // it has been asked to cancel, that is now.
  void arm_run(const KnownRun& run);
  // The limit of the run is due, and looked at again then.
  void arm_limit(const KnownRun& run, std::int64_t due_ms);

  std::optional<std::int64_t> next_due_ms() const { return queue_.next_due_ms(); }

  // Takes what is due, the earliest first: `fire(run, entry)` for each entry that is still valid.
  // False: nothing was due.
  template <class Fire>
  bool fire_due(std::int64_t now_ms, const Fire& fire) {
    bool any = false;
    while (const auto entry = queue_.take_due(now_ms)) {
      any = true;
      KnownRun* const run = runs_.find(entry->run);
      if (run != nullptr && concerns(*run, *entry) && !is_settled(*run, *entry)) fire(*run, *entry);
    }
    return any;
  }

  std::size_t size() const { return queue_.size(); }

 private:
  // Is its operation still pending?
  static bool concerns(const KnownRun& run, const TimerEntry& entry);
  // Is its outcome, or that of its attempt, decided but not recorded?
  static bool is_settled(const KnownRun& run, const TimerEntry& entry) {
    const LiveOperation* const live = run.live(entry.operation);
    return live != nullptr && live->settled();
  }
  void sweep();

  const RunTable& runs_;
  TimerQueue queue_;
  std::size_t swept_ = 0;  // how many were left by the last sweep
};

}  // namespace reprise::runtime
