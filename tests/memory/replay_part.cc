// Executions: turns run live and replayed, with strands, timers, signals and steps. A turn that
// could not be run to its end is not recorded; a recorded one is the same as without failures.
#include <new>

#include "tests/fuzz/recorded_histories.h"
#include "tests/memory/parts.h"
#include "tests/support/allocations.h"

namespace reprise::testing {
namespace {

using fuzz::RecordedRun;
using replay::TurnEnd;

class Resident {
 public:
  explicit Resident(const RecordedRun& run) : run_(run) {}

  // The run up to `turns` turns, from its history. False: no memory.
  bool replay(std::size_t turns) {
    execution_.reset();
    begin();
    for (std::size_t i = 0; i < turns; ++i) {
      begin_segment();
      if (execution_->replay_turn(run_.history[i]) != TurnEnd::kParked) continue;
      if (execution_->trouble().code == base::ErrorCode::kNondeterminism) {
        found_defect("replay: " + execution_->trouble().report);
      }
      return false;
    }
    return true;
  }

  // The next turn, live. False: it must not be recorded.
  bool run(const proto::Turn& recorded) {
    begin_segment();
    if (recorded.without_code()) return execution_->replay_turn(recorded) != TurnEnd::kParked;
    proto::Turn live;
    live.set_time_ms(recorded.time_ms());
    *live.mutable_inputs() = recorded.inputs();
    if (execution_->run_turn(&live) == TurnEnd::kParked) return false;
    if (live.SerializeAsString() != recorded.SerializeAsString()) {
      found_defect("a turn records " + live.ShortDebugString() + " instead of " +
                   recorded.ShortDebugString());
    }
    return true;
  }

 private:
  void begin() {
    execution_.emplace(replay::RunInfo{.workflow_id = "run-1", .workflow = "test"}, run_.code,
                       pool_, replay::ExecutionOptions{.strict = true});
  }
  // After a checkpoint a fresh execution goes on.
  void begin_segment() {
    if (execution_->at_checkpoint()) begin();
  }

  const RecordedRun& run_;
  replay::StackPool pool_{{.stacks_per_slab = 4}};
  std::optional<replay::Execution> execution_;
};

// Like a host: drops an execution that failed, and the run comes back by replay.
void carry_on(const RecordedRun& run, bool from_then_on) {
  Resident resident(run);
  bool loaded = false;
  int failures = 0;
  for (std::size_t turn = 0; turn < run.history.size();) {
    try {
      loaded = loaded || resident.replay(turn);
      if (loaded && resident.run(run.history[turn])) {
        ++turn;
        continue;
      }
    } catch (const std::bad_alloc&) {
    }
    loaded = false;
    if (from_then_on) return;
    if (++failures > 1) found_defect("one failure stops the run twice");
  }
  if (!from_then_on && !resident.replay(run.history.size())) {
    if (++failures > 1) found_defect("the whole history does not replay");
  }
}

std::uint64_t work(const Trial& trial, const Acknowledged&) {
  const std::vector<RecordedRun>& runs = fuzz::recorded_runs();
  const AllocationFailure failure(trial.failing, trial.from_then_on);
  for (const RecordedRun& run : runs) {
    try {
      carry_on(run, trial.from_then_on);
    } catch (const std::bad_alloc&) {
    }
  }
  return failure.allocations();
}

std::optional<std::string> check(const std::string&, const std::vector<std::string>&) {
  return std::nullopt;
}

}  // namespace

constinit const Part kReplayPart{"replay", nullptr, work, check};

}  // namespace reprise::testing
