#include "tools/store_stats.h"

namespace reprise::tools {

using proto::Event;

void StoreStats::add_run(const runtime::RunState& run) {
  WorkflowStats& stats = workflows_[*run.workflow];
  ++stats.runs;
  ++stats.by_status[run.status];
  if (run.closed_ms != 0) stats.durations.add(base::sub_sat(run.closed_ms, run.started_ms));
}

void StoreStats::add_turn(const proto::Turn& turn) {
  for (const Event& event : turn.inputs()) add_input(event, turn.time_ms());
  for (const Event& event : turn.commands()) add_command(event, turn.time_ms());
  if (!runtime::closes(turn)) return;
  for (const auto& [id, operation] : pending_) ++operation.stats->cancelled;
  pending_.clear();
}

void StoreStats::end_history() {
  pending_.clear();
}

void StoreStats::add_input(const Event& event, std::int64_t time_ms) {
  switch (event.kind_case()) {
    case Event::kActivityCompleted:
      return finish(event.activity_completed().id(), End::kDone, time_ms);
    case Event::kActivityFailed:
      return finish(event.activity_failed().id(), End::kFailed, time_ms);
    case Event::kStepCompleted:
      return finish(event.step_completed().id(), End::kDone, time_ms);
    case Event::kStepFailed:
      return finish(event.step_failed().id(), End::kFailed, time_ms);
    case Event::kTimerFired:
      return finish(event.timer_fired().id(), End::kDone, time_ms);
    case Event::kAttemptFailed: {
      const auto pending = pending_.find(event.attempt_failed().id());
      if (pending != pending_.end()) ++pending->second.stats->failed_attempts;
      break;
    }
    default:
      break;
  }
}

void StoreStats::add_command(const Event& event, std::int64_t time_ms) {
  switch (event.kind_case()) {
    case Event::kActivityScheduled:
      return begin(Kind::kActivity, event.activity_scheduled().name(),
                   event.activity_scheduled().id(), time_ms);
    case Event::kStepScheduled:
      return begin(Kind::kStep, event.step_scheduled().name(), event.step_scheduled().id(),
                   time_ms);
    case Event::kTimerStarted:
      return begin(Kind::kTimer, {}, event.timer_started().id(), time_ms);
    case Event::kActivityCancelRequested:
      return finish(event.activity_cancel_requested().id(), End::kCancelled, time_ms);
    case Event::kStepAbandoned:
      return finish(event.step_abandoned().id(), End::kCancelled, time_ms);
    case Event::kTimerCancelled:
      return finish(event.timer_cancelled().id(), End::kCancelled, time_ms);
    case Event::kSignalSetAside:
      ++set_aside_[event.signal_set_aside().name()];
      break;
    default:
      break;
  }
}

void StoreStats::begin(Kind kind, const std::string& name, std::uint32_t id, std::int64_t time_ms) {
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
