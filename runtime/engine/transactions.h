// Transactions: given to the writer once their command is durable, one of a run at a time. Until
// the outcome is durable the run gets no other turn: its record follows on the outcome's.
//
//   start() ──► Round ──► writer (TransactionRecord: executes the closure) ──durable──► completed()
//      ▲                                                                                   │
//      └── a worker comes, an earlier one of the run is done ◄─────────────────────────────┘
#pragma once
#include <cstdint>
#include <string>

#include "runtime/engine/intake.h"
#include "runtime/engine/loading.h"
#include "runtime/engine/parking.h"
#include "runtime/engine/round.h"
#include "runtime/engine/run_table.h"
#include "runtime/engine/shared.h"
#include "runtime/engine/timers.h"
#include "runtime/host/run_executor.h"

namespace reprise::runtime {

// Not thread-safe: the shard's thread.
class Transactions {
 public:
  // Its collaborators; all of them outlive it.
  struct Parts {
    Shared& shared;
    const RunTable& runs;
    Intake& intake;
    Loading& loading;
    Parking& parking;
    Timers& timers;
    Round& round;
    RunExecutor& executor;
  };
  Transactions(int shard, const Parts& parts) : shard_(shard), parts_(parts) {}
  Transactions(const Transactions&) = delete;
  Transactions& operator=(const Transactions&) = delete;

  // Does nothing while another one of the run is under way: completed() comes back to it.
  void start(KnownRun& run, std::uint32_t id);
  // Those of the run that wait.
  void start_all(KnownRun& run);
  // The process died during it.
  void lost(const store::AttemptMark& mark);
  // The worker of the queue stops: the closures of its runs are about to be destroyed.
  void withdraw(const std::string& task_queue);

 private:
  static bool is_pending(const KnownRun& run, std::uint32_t id);
  void begin(KnownRun& run, std::uint32_t id);
  void completed(KnownRun& run);
  void give_to_writer(KnownRun& run, AttemptTask task);
  void refuse(KnownRun& run, std::uint32_t id);

  const int shard_;
  const Parts parts_;
};

}  // namespace reprise::runtime
