// What happens to the runs of a shard when a worker starts or stops.
#pragma once
#include <memory>
#include <string>

#include "runtime/engine/attempts.h"
#include "runtime/engine/transactions.h"

namespace reprise::runtime {

// Not thread-safe: the shard's thread.
class Workers {
 public:
  // Its collaborators; all of them outlive the workers.
  struct Parts {
    Shared& shared;
    const RunTable& runs;
    Intake& intake;
    Loading& loading;
    Parking& parking;
    Round& round;
    Attempts& attempts;
    Transactions& transactions;
    RunExecutor& executor;
  };
  explicit Workers(const Parts& parts) : parts_(parts) {}

  // Runs that waited for it go on, and parked ones are tried again.
  void add(const std::shared_ptr<const WorkerCode>& code);
  // Its runs leave memory.
  void remove(const std::string& task_queue);
  // There is code for the run again.
  void resume(KnownRun& run);

 private:
  void resume_runs(const std::string& task_queue);

  const Parts parts_;
};

}  // namespace reprise::runtime
