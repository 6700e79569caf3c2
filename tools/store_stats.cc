#include "tools/store_stats.h"

#include "runtime/fold/walk.h"

namespace reprise::tools {

using proto::Event;

void StoreStats::add_run(const runtime::RunState& run) {
  WorkflowStats& stats = workflows_[*run.workflow];
  ++stats.runs;
  ++stats.by_status[run.status];
  if (run.closed_ms() != 0) stats.durations.add(base::sub_sat(run.closed_ms(), run.started_ms));
  const bool ended_otherwise = run.status != runtime::RunStatus::kContinuedAsNew;
  if (ended_otherwise && run.continued_to() != base::RunId()) ++attempts_.retried;
  if (run.delayed_until_ms() > 0) ++attempts_.delayed;
  if (run.checkpoint() != nullptr) ++checkpoints_.runs;
  if (run.settings().empty()) return;
  ++settings_.runs;
  settings_.settings += run.settings().size();
  settings_.bytes += run.settings().bytes();
}

class StoreStats::Tally {
 public:
  Tally(StoreStats& stats, std::int64_t time_ms) : stats_(stats), time_ms_(time_ms) {}

  void input(const event::Row&, const Event&) {}
  void command(const event::Row&, const Event& event) {
    if (event.has_checkpoint()) ++stats_.checkpoints_.checkpoints;
    if (event.has_signal_set_aside()) ++stats_.set_aside_[event.signal_set_aside().name()];
  }
  void opened(const event::Row& row, const Event& event) {
    const std::string& name = row.called != nullptr ? row.called(event) : std::string();
    stats_.begin(row.opens, name, row.id(event), time_ms_);
  }
  void answered(const event::Row& row, const Event& event) {
    const auto is_cancelled = [&] {  // what was asked to cancel, and has done so
      return row.answers == event::Answer::kFailure && row.failure != nullptr &&
             row.failure(event)->kind() == proto::Failure::CANCELLED;
    };
    stats_.answer(is_cancelled() ? event::Answer::kGivenUp : row.answers, row.id(event), time_ms_);
  }
  void ended(const event::Row&, const Event&) {
    for (const auto& [id, operation] : stats_.pending_) ++operation.stats->cancelled;
    stats_.pending_.clear();
  }

 private:
  StoreStats& stats_;
  const std::int64_t time_ms_;
};

void StoreStats::add_turn(const proto::Turn& turn) {
  runtime::walk(turn, Tally(*this, turn.time_ms()));
}

void StoreStats::end_history() {
  pending_.clear();
}

void StoreStats::answer(event::Answer answer, std::uint32_t id, std::int64_t time_ms) {
  switch (answer) {
    case event::Answer::kResult:
      return finish(id, End::kDone, time_ms);
    case event::Answer::kFailure:
      return finish(id, End::kFailed, time_ms);
    case event::Answer::kGivenUp:
      return finish(id, End::kCancelled, time_ms);
    case event::Answer::kAttemptFailed:
      return count_failed_attempt(id);
    case event::Answer::kHeartbeat:
    case event::Answer::kLeftOpen:
    case event::Answer::kStarted:
    case event::Answer::kCancelAwaited:
    case event::Answer::kNone:
      break;
  }
}

void StoreStats::count_failed_attempt(std::uint32_t id) {
  const auto pending = pending_.find(id);
  if (pending != pending_.end()) ++pending->second.stats->failed_attempts;
}

void StoreStats::begin(event::Operation kind,
                       const std::string& name,
                       std::uint32_t id,
                       std::int64_t time_ms) {
  OperationStats& stats = operations_[{kind, name}];
  ++stats.calls;
  pending_[id] = {&stats, time_ms};
}

void StoreStats::finish(std::uint32_t id, End end, std::int64_t time_ms) {
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  OperationStats& stats = *found->second.stats;
  if (end == End::kCancelled) ++stats.cancelled;
  if (end == End::kDone) ++stats.done;
  if (end == End::kFailed) {
    ++stats.failed;
    ++stats.failed_attempts;
  }
  if (end != End::kCancelled) stats.durations.add(base::sub_sat(time_ms, found->second.began_ms));
  pending_.erase(found);
}

}  // namespace reprise::tools
