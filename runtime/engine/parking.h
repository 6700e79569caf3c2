// Runs whose code cannot go on. A parked run stays open: its inputs are recorded as deferred, and
// it is tried again when a worker starts or a client asks for it.
#pragma once
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

 private:
  const Shared& shared_;
  RunExecutor& executor_;
};

}  // namespace reprise::runtime
