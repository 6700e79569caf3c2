#include "tools/timeline.h"

#include <algorithm>

#include "event/catalogue.h"
#include "event/turn.h"
#include "runtime/fold/run_state.h"

namespace reprise::tools {

using proto::Event;
using Kind = Operation::Kind;
using State = Operation::State;

std::string_view to_string(Kind kind) {
  constexpr std::string_view kNames[] = {"activity", "step",        "timer", "signal",
                                         "update",   "side effect", "patch", "cancel request"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view to_string(State state) {
  constexpr std::string_view kNames[] = {"done", "waiting", "failed", "cancelled", "set aside"};
  return kNames[static_cast<std::size_t>(state)];
}

void Timeline::add(const proto::Turn& turn) {
  last_ms_ = turn.time_ms();
  if (!turn.deferred()) unapplied_ = 0;
  for (const Event& event : turn.inputs()) {
    ++events_;
    if (turn.deferred() && !event::is_bookkeeping(event)) ++unapplied_;
    take_input(event, turn.time_ms());
  }
  for (const Event& event : turn.commands()) {
    ++events_;
    take_command(event, turn.time_ms());
  }
  if (event::closes(turn)) {
    end_ = runtime::end_of(turn);
    close(turn.time_ms());
  }
}

void Timeline::take_input(const Event& event, std::int64_t time_ms) {
  switch (event.kind_case()) {
    case Event::kRunStarted:
      input_ = event.run_started().input();
      break;
    case Event::kActivityCompleted:
      return finish(event.activity_completed().id(), State::kDone, time_ms,
                    &event.activity_completed().result());
    case Event::kActivityFailed:
      return finish(event.activity_failed().id(), State::kFailed, time_ms, nullptr,
                    &event.activity_failed().failure());
    case Event::kStepCompleted:
      return finish(event.step_completed().id(), State::kDone, time_ms,
                    &event.step_completed().result());
    case Event::kStepFailed:
      return finish(event.step_failed().id(), State::kFailed, time_ms, nullptr,
                    &event.step_failed().failure());
    case Event::kTimerFired:
      return finish(event.timer_fired().id(), State::kDone, time_ms);
    case Event::kAttemptFailed:
      if (Operation* const operation = find(event.attempt_failed().id())) {
        const auto& failed = event.attempt_failed();
        operation->failures.push_back(
            {failed.attempt(), time_ms, failed.retry_at_ms(), failed.failure()});
      }
      break;
    case Event::kHeartbeatRecorded:
      if (Operation* const operation = find(event.heartbeat_recorded().id())) {
        operation->heartbeat = event.heartbeat_recorded().heartbeat();
      }
      break;
    case Event::kSignalReceived: {
      Operation& signal = begin(Kind::kSignal, event.signal_received().name(), time_ms);
      signal.state = State::kDone;
      signal.input = event.signal_received().input();
      break;
    }
    case Event::kCancelRequested:
      begin(Kind::kCancelRequest, event.cancel_requested().reason(), time_ms).state = State::kDone;
      break;
    case Event::kUpdateReceived: {
      updates_[event.update_received().update_id()] = operations_.size();
      begin(Kind::kUpdate, event.update_received().name(), time_ms).input =
          event.update_received().input();
      break;
    }
    default:
      break;
  }
}

void Timeline::take_command(const Event& event, std::int64_t time_ms) {
  const std::size_t before = operations_.size();
  switch (event.kind_case()) {
    case Event::kActivityScheduled: {
      const auto& activity = event.activity_scheduled();
      Operation& operation =
          begin_numbered(Kind::kActivity, activity.id(), activity.name(), time_ms);
      operation.input = activity.input();
      operation.task_queue = activity.task_queue();
      break;
    }
    case Event::kStepScheduled:
      begin_numbered(Kind::kStep, event.step_scheduled().id(), event.step_scheduled().name(),
                     time_ms);
      break;
    case Event::kTimerStarted:
      begin_numbered(Kind::kTimer, event.timer_started().id(), {}, time_ms).due_ms =
          base::add_sat(time_ms, event.timer_started().duration_ms());
      break;
    case Event::kSideEffectRecorded: {
      Operation& operation = begin(Kind::kSideEffect, {}, time_ms);
      operation.state = State::kDone;
      operation.result = event.side_effect_recorded().value();
      break;
    }
    case Event::kPatchRecorded:
      begin(Kind::kPatch, event.patch_recorded().change_id(), time_ms).state = State::kDone;
      break;
    case Event::kTimerCancelled:
      return finish(event.timer_cancelled().id(), State::kCancelled, time_ms);
    case Event::kStepAbandoned:
      return finish(event.step_abandoned().id(), State::kCancelled, time_ms);
    case Event::kActivityCancelRequested:
      return finish(event.activity_cancel_requested().id(), State::kCancelled, time_ms);
    case Event::kUpdateCompleted:
      return finish_update(event.update_completed(), time_ms);
    case Event::kSignalSetAside:
      return set_aside(event.signal_set_aside());
    default:
      break;
  }
  if (operations_.size() == before || !event.has_call_site()) return;
  operations_.back().file = event.call_site().file();
  operations_.back().line = event.call_site().line();
}

void Timeline::finish_update(const proto::UpdateCompleted& completed, std::int64_t time_ms) {
  const auto known = updates_.find(completed.update_id());
  if (known == updates_.end()) return;
  Operation& update = operations_[known->second];
  update.ended_ms = time_ms;
  update.state = completed.has_failure() ? State::kFailed : State::kDone;
  update.result = completed.result();
  if (completed.has_failure()) update.failures.push_back({0, time_ms, 0, completed.failure()});
  updates_.erase(known);
}

void Timeline::set_aside(const proto::SignalSetAside& signal) {
  const auto found = std::lower_bound(
      operations_.begin(), operations_.end(), signal.event(),
      [](const Operation& operation, std::uint64_t event) { return operation.event < event; });
  if (found == operations_.end() || found->event != signal.event()) return;
  if (found->kind != Kind::kSignal) return;  // an invented history
  found->state = State::kSetAside;
  found->refused = signal.why();
}

Operation& Timeline::begin(Kind kind, std::string name, std::int64_t time_ms) {
  Operation operation;
  operation.kind = kind;
  operation.event = events_;
  operation.name = std::move(name);
  operation.began_ms = operation.ended_ms = time_ms;
  return operations_.emplace_back(std::move(operation));
}

Operation& Timeline::begin_numbered(Kind kind,
                                    std::uint32_t id,
                                    std::string name,
                                    std::int64_t time_ms) {
  by_id_[id] = operations_.size();
  Operation& operation = begin(kind, std::move(name), time_ms);
  operation.id = id;
  return operation;
}

void Timeline::finish(std::uint32_t id,
                      State state,
                      std::int64_t time_ms,
                      const std::string* result,
                      const proto::Failure* failure) {
  Operation* const operation = find(id);
  if (operation == nullptr || operation->has_ended()) return;
  operation->state = state;
  operation->ended_ms = time_ms;
  if (result != nullptr) operation->result = *result;
  if (failure == nullptr) return;
  // The failure of the last attempt; the failure around it has the number of the attempt.
  const proto::Failure& cause = failure->has_cause() ? failure->cause() : *failure;
  const auto number = std::max<std::size_t>(static_cast<std::size_t>(failure->attempts()),
                                            operation->failures.size() + 1);
  operation->failures.push_back({static_cast<std::uint32_t>(number), time_ms, 0, cause});
}

Operation* Timeline::find(std::uint32_t id) {
  const auto known = by_id_.find(id);
  return known == by_id_.end() ? nullptr : &operations_[known->second];
}

void Timeline::close(std::int64_t time_ms) {
  for (Operation& operation : operations_) {
    if (operation.has_ended()) continue;
    operation.state = State::kCancelled;
    operation.ended_ms = time_ms;
  }
}

}  // namespace reprise::tools
