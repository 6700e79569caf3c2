// What the engine knows about a run without its code: the fold of its turns. The same fold keeps
// the live state, rebuilds it from the journal after a crash, and makes the archive's summaries.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/pooled.h"
#include "proto/log.pb.h"
#include "proto/summary.pb.h"
#include "runtime/fold/names.h"
#include "runtime/host/attempt.h"
#include "runtime/run_description.h"
#include "store/record.h"

namespace reprise::runtime {

// Stored in summaries: never renumber.
enum class OperationKind : std::uint8_t {
  kActivity = 1,
  kStep = 2,       // on the activity threads
  kShardStep = 3,  // on the shard
  kTimer = 4,
  kRunTimeout = 5,  // id 0: the run's own limit
};

struct StepDetails {
  std::string name;
  std::int64_t start_to_close_ms = 0;
  std::unique_ptr<proto::RetryPolicy> retry;  // nullptr: the default
};

// What the shard needs to attempt an operation; absent where that is not known yet (after a restart
// it is read from the history when the operation is next dispatched).
struct OperationDetails : base::Pooled<OperationDetails> {
  std::shared_ptr<const proto::ActivityScheduled> activity;
  std::optional<StepDetails> step;
  std::shared_ptr<AttemptControl> control;  // of the attempt dispatched now
  std::string last_failure;
  std::string heartbeat;            // the latest details it reported
  base::Time heartbeat_recorded{};  // when they were last written to the log
  std::int64_t start_by_ms = 0;     // schedule_to_start of the attempt dispatched now
  bool close_timer_armed = false;   // schedule_to_close
};

struct PendingOperation {
  std::uint32_t id = 0;
  std::uint32_t attempt = 1;  // the current or the next one
  std::int64_t due_ms = 0;    // a timer: when it fires; otherwise not before this
  std::int64_t scheduled_ms = 0;
  OperationKind kind{};
  bool dispatched = false;  // an attempt waits in a queue or executes
  bool settled = false;     // its result is among the inputs being gathered
  bool retried = false;     // settled, by an attempt that failed and is followed by another
  bool unwanted = false;    // a step: not tried again
  bool done = false;        // waits to be swept out
  std::unique_ptr<OperationDetails> details;

  bool is_step() const { return kind == OperationKind::kStep || kind == OperationKind::kShardStep; }
  bool is_attempted() const { return is_step() || kind == OperationKind::kActivity; }
};

class RunState {
 public:
  store::RunNumber number = 0;
  base::RunId id;
  store::Seq last_seq = 0;
  std::uint64_t chain = 0;
  std::uint64_t events = 0;
  std::int64_t started_ms = 0;
  std::int64_t closed_ms = 0;
  const std::string* workflow = nullptr;
  const std::string* task_queue = nullptr;
  std::string workflow_id;
  store::Seq damaged_at = 0;  // a record that does not verify: quarantined
  RunStatus status = RunStatus::kRunning;
  bool unapplied = false;  // deferred inputs wait for the code

  bool open() const { return status == RunStatus::kRunning || status == RunStatus::kPaused; }

  // Adds one turn. Everything but last_seq and chain follows from it.
  void apply(const proto::Turn& turn, Names& names);

  // nullptr when the operation is not pending (any more).
  PendingOperation* find(std::uint32_t id);
  const std::vector<PendingOperation>& pending() const { return pending_; }
  std::vector<PendingOperation>& pending() { return pending_; }

  // As they are stored: empty for what most runs have, the run id's text and the default queue.
  std::string_view stored_workflow_id() const;
  std::string_view stored_task_queue() const;

  void to_summary(proto::RunSummary* out) const;
  static RunState from_summary(store::RunNumber number,
                               const proto::RunSummary& summary,
                               Names& names);

 private:
  void name(std::string_view stored_workflow_id,
            std::string_view stored_workflow,
            std::string_view stored_task_queue,
            Names& names);
  void apply_input(const proto::Event& event);
  void apply_command(const proto::Event& event, std::int64_t time_ms);
  void add(PendingOperation operation) { pending_.push_back(std::move(operation)); }
  void finish(std::uint32_t id);
  void close(RunStatus how, std::int64_t time_ms);

  std::uint32_t done_ = 0;                 // how many of pending_ wait to be swept out
  std::vector<PendingOperation> pending_;  // by id, ascending
};

// How a run ended, from its last turn.
RunEnd end_of(const proto::Turn& last_turn);

// What list() says of a run; describe() adds what only the shard knows.
RunDescription describe_state(const RunState& state);

// Index key of the archive: runs by status, in order of their start.
std::string index_key(RunStatus status);

// A second one for closed runs: in the order of their ends.
inline constexpr std::string_view kClosingPrefix = "c";
std::string closing_key(std::int64_t closed_ms);
std::int64_t closed_ms_of(std::string_view closing_key);

}  // namespace reprise::runtime
