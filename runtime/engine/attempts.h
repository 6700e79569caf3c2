// Attempts of activities and steps: dispatched once their command is durable, retried when they
// fail, given up when they are late. Each result becomes an input of its run.
//
//   start() ──► task queue ──► a thread ──► take_result() ──► input
//      ▲                                        │ failed, and may be made again
//      └───────────────── timer ◄───────────────┘
//
// LiveOperations has the states of one operation.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

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
class Attempts {
 public:
  // Its collaborators; all of them outlive the attempts.
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
  // `shard`: the destination of results.
  Attempts(int shard, const Parts& parts) : shard_(shard), parts_(parts) {}
  Attempts(const Attempts&) = delete;
  Attempts& operator=(const Attempts&) = delete;

  // ---- dispatch ----
  // Dispatches the next attempt, or arms its timer; nothing if one is under way.
  // An activity that is to cancel ends instead.
  void start(KnownRun& run, std::uint32_t operation);
  // The code has cancelled that activity and waits for its outcome: its attempt is asked to stop,
  // or, if none has begun, it ends.
  void ask_to_cancel(KnownRun& run, std::uint32_t operation);
  void start_steps(KnownRun& run);
  // The run is paused: those that wait for a thread do not begin. start() comes back to them.
  void hold(KnownRun& run);
  // Hands what was dispatched to the threads. False: nothing was.
  bool submit();
  // A timer of kRetry, kScheduleToStart or kScheduleToClose is due.
  void retry_due(KnownRun& run, const TimerEntry& entry) { start(run, entry.operation); }
  void start_is_late(KnownRun& run, const TimerEntry& entry);
  void close_is_late(KnownRun& run, const TimerEntry& entry);
  // A timer of kOpenLimit is due: a limit of the attempt that is left open, unless a heartbeat has
  // moved it.
  void open_limit_due(KnownRun& run, const TimerEntry& entry);

  // ---- what is heard of them ----
  void take_result(AttemptResult&& result);
  void timed_out(const AttemptKey& key, std::string_view limit);
  void heartbeat(const AttemptKey& key, std::string details);
  // The process died during it.
  void lost(const store::AttemptMark& mark);

  // ---- what clients say of one that is under way or left open ----
  // Each gathers an input of the run and returns it. nullptr: the history of the run cannot be
  // read, and the run is parked.
  proto::Event* complete(KnownRun& run, const PendingOperation& operation, std::string result);
  proto::Event* fail(KnownRun& run,
                     const PendingOperation& operation,
                     const proto::Failure& failure);
  // nullptr also if the log has a heartbeat of the last second: this one is kept in memory.
  base::Result<proto::Event*> heartbeat(KnownRun& run,
                                        const PendingOperation& operation,
                                        std::string details);

  // ---- steps, whose closures lie on the stacks of their runs ----
  // The code has given up one that was dispatched and has not begun.
  void step_withdrawn(store::RunNumber number, std::uint32_t id);
  // The worker stops: steps that wait for it count as not dispatched.
  void take_back_steps(const std::string& task_queue);

 private:
  void dispatch_activity(KnownRun& run, const PendingOperation& operation, LiveOperation& live);
  void dispatch_step(KnownRun& run, const PendingOperation& operation, LiveOperation& live);
  void execute_on_shard(const KnownRun& run, const AttemptTask& step);
  // The input that says so; nullptr: the history cannot be read, and the run is parked.
  proto::Event* attempt_failed(KnownRun& run,
                               const PendingOperation& operation,
                               const proto::Failure& failure);
  proto::Event* operation_failed(KnownRun& run,
                                 const PendingOperation& operation,
                                 LiveOperation& live,
                                 const proto::Failure& failure);
  // The same of an activity that was asked to cancel.
  proto::Event* last_attempt_failed(KnownRun& run,
                                    const PendingOperation& operation,
                                    LiveOperation& live,
                                    const proto::Failure& failure);
  // Its outcome, if that was done.
  proto::Event* activity_cancelled(KnownRun& run,
                                   const PendingOperation& operation,
                                   LiveOperation& live,
                                   std::string_view how);
  void leave_open(KnownRun& run,
                  const PendingOperation& operation,
                  LiveOperation& live,
                  base::Duration took);
  proto::Event* record_heartbeat(KnownRun& run,
                                 const PendingOperation& operation,
                                 OperationDetails& details);
  LiveOperation* with_details(KnownRun& run, const PendingOperation& operation);
  // Its code no longer wants it, and no thread is executing it.
  void step_cancelled(KnownRun& run,
                      const PendingOperation& operation,
                      LiveOperation& live,
                      std::uint32_t before_attempt);
  base::Time now() const { return parts_.shared.clock.now(); }

  using Tasks = std::map<std::string, std::vector<AttemptTask>>;
  std::vector<AttemptTask>& tasks_of(const std::string& task_queue);

  const int shard_;
  const Parts parts_;
  Tasks tasks_;                            // to submit, by task queue
  Tasks::iterator latest_ = tasks_.end();  // most often the next task goes there too
};

}  // namespace reprise::runtime
