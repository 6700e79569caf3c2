// Runs whose code cannot go on. A parked run stays open: its inputs are recorded as deferred, and
// it is tried again when a worker starts or a client asks for it.
#pragma once
#include <memory>
#include <unordered_set>

#include "runtime/engine/outbox.h"
#include "runtime/engine/run_table.h"
#include "runtime/engine/shared.h"
#include "runtime/host/run_executor.h"

namespace reprise::runtime {

// Not thread-safe.
class Parking {
 public:
  Parking(const Shared& shared, RunExecutor& executor) : shared_(shared), executor_(executor) {}

  // Takes its code out of memory and tells people why. For a closed run it only tells.
  void park(KnownRun& run, const replay::Trouble& trouble);
  // Unless its history is damaged.
  void unpark(KnownRun& run);
  // The same, and sends what could not be sent. False: that does not open yet, and so the run is
  // parked again.
  bool try_again(KnownRun& run);
  // What the run has sent to others does not open, for this reason: it is parked, and that waits.
  void withhold(KnownRun& run, std::shared_ptr<const Unsent> unsent, const base::Error& why);
  // An end waits until it is known what became of that: if it still does not open, it is refused.
  void send_or_refuse(KnownRun& run);
  // The run is parked by others: its history is damaged.
  void note(store::RunNumber run) { parked_.insert(run); }
  // The runs that are parked. Those that were, and have ended, are forgotten on the way.
  template <class Visit>
  void for_each_parked(const RunTable& runs, const Visit& visit) {
    std::erase_if(parked_, [&](store::RunNumber number) {
      const KnownRun* const run = runs.find(number);
      if (run == nullptr || !run->parked()) return true;
      visit(*run);
      return false;
    });
  }

 private:
  const Shared& shared_;
  RunExecutor& executor_;
  std::unordered_set<store::RunNumber> parked_;
};

}  // namespace reprise::runtime
