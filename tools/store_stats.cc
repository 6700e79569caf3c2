#include "tools/store_stats.h"

#include "event/turn.h"

namespace reprise::tools {

using proto::Event;

void StoreStats::add_run(const runtime::RunState& run) {
  WorkflowStats& stats = workflows_[*run.workflow];
  ++stats.runs;
  ++stats.by_status[run.status];
  if (run.closed_ms() != 0) stats.durations.add(base::sub_sat(run.closed_ms(), run.started_ms));
}

void StoreStats::add_turn(const proto::Turn& turn) {
  for (const Event& event : turn.inputs()) add_event(event, turn.time_ms());
  for (const Event& event : turn.commands()) add_event(event, turn.time_ms());
  if (!event::closes(turn)) return;
  for (const auto& [id, operation] : pending_) ++operation.stats->cancelled;
  pending_.clear();
}

void StoreStats::end_history() {
  pending_.clear();
}

void StoreStats::add_event(const Event& event, std::int64_t time_ms) {
  const event::Row& row = event::row_of(event);
  if (row.opens != event::Operation::kNone) {
    const std::string& name = row.called != nullptr ? row.called(event) : std::string();
    return begin(row.opens, name, row.id(event), time_ms);
  }
  if (event.has_signal_set_aside()) ++set_aside_[event.signal_set_aside().name()];
  switch (row.answers) {
    case event::Answer::kResult:
      return finish(row.id(event), End::kDone, time_ms);
    case event::Answer::kFailure:
      return finish(row.id(event), End::kFailed, time_ms);
    case event::Answer::kGivenUp:
      return finish(row.id(event), End::kCancelled, time_ms);
    case event::Answer::kAttemptFailed:
      return count_failed_attempt(row.id(event));
    case event::Answer::kHeartbeat:
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
