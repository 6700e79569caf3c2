#include "tools/timeline.h"

#include <algorithm>
#include <optional>

#include "base/time.h"
#include "runtime/fold/run_state.h"
#include "runtime/fold/walk.h"

namespace reprise::tools {

using event::Row;
using proto::Event;
using Kind = Operation::Kind;
using State = Operation::State;

std::string_view to_string(Kind kind) {
  constexpr std::string_view kNames[] = {
      "activity", "step",        "timer", "message",  "child",   "transaction",    "signal",
      "update",   "side effect", "patch", "decision", "setting", "cancel request", "checkpoint"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view to_string(State state) {
  constexpr std::string_view kNames[] = {"done", "waiting", "failed", "cancelled", "set aside"};
  return kNames[static_cast<std::size_t>(state)];
}

namespace {

// Events with a line of their own that are not operations of the run.
std::optional<Kind> kind_shown(const Event& event) {
  static constexpr std::pair<Event::KindCase, Kind> kShown[] = {
      {Event::kSignalReceived, Kind::kSignal},
      {Event::kUpdateReceived, Kind::kUpdate},
      {Event::kCancelRequested, Kind::kCancelRequest},
      {Event::kSideEffectRecorded, Kind::kSideEffect},
      {Event::kPatchRecorded, Kind::kPatch},
      {Event::kDecisionRecorded, Kind::kDecision},
      {Event::kSettingRecorded, Kind::kSetting},
      {Event::kCheckpoint, Kind::kCheckpoint},
  };
  for (const auto& [kind, shown] : kShown) {
    if (event.kind_case() == kind) return shown;
  }
  return std::nullopt;
}

Kind kind_of(event::Operation opened) {
  switch (opened) {
    case event::Operation::kActivity:
      return Kind::kActivity;
    case event::Operation::kStep:
      return Kind::kStep;
    case event::Operation::kMessage:
      return Kind::kMessage;
    case event::Operation::kChild:
      return Kind::kChild;
    case event::Operation::kTransaction:
      return Kind::kTransaction;
    case event::Operation::kTimer:
    case event::Operation::kNone:
      break;
  }
  return Kind::kTimer;
}

std::string name_in(const Row& row, const Event& event) {
  if (row.called != nullptr) return row.called(event);
  return row.remark != nullptr ? row.remark(event) : std::string();
}

std::string text_of(const proto::Sender& sender) {
  if (!sender.workflow_id().empty()) return sender.workflow_id();
  const auto id = base::RunId::from_bytes(sender.run_id());
  return id ? id->to_string() : std::string();
}

}  // namespace

std::string sender_in(const Event& event) {
  if (event.has_signal_received() && event.signal_received().has_sender()) {
    return text_of(event.signal_received().sender());
  }
  if (event.has_cancel_requested() && event.cancel_requested().has_sender()) {
    return text_of(event.cancel_requested().sender());
  }
  return {};
}

class Timeline::Reader {
 public:
  Reader(Timeline& timeline, const proto::Turn& turn) : timeline_(timeline), turn_(turn) {}

  void input(const Row& row, const Event& event) {
    ++timeline_.events_;
    if (turn_.without_code() && row.role != event::Role::kBookkeeping) ++timeline_.unapplied_;
    if (event.has_run_started()) timeline_.input_ = event.run_started().input();
    if (row.role != event::Role::kCommand) show(row, event);
    if (event.has_checkpoint_taken()) {
      const proto::RunStarted& start = event.checkpoint_taken().start();
      timeline_.again_ = start.carried() - std::min(start.carried(), start.carried_new());
    } else if (timeline_.again_ > 0) {
      --timeline_.again_;
    }
  }
  void command(const Row& row, const Event& event) {
    ++timeline_.events_;
    if (row.role == event::Role::kCommand) show(row, event);
    if (event.has_update_completed()) {
      timeline_.finish_update(event.update_completed(), time_ms());
    }
    if (event.has_signal_set_aside()) timeline_.set_aside(event.signal_set_aside());
  }
  void opened(const Row& row, const Event& event) {
    timeline_.by_id_[row.id(event)] = timeline_.operations_.size();
    Operation& operation = timeline_.begin(kind_of(row.opens), row, event, time_ms());
    operation.id = row.id(event);
    if (row.payload != nullptr) operation.input = row.payload(event);
    if (event.has_activity_scheduled()) {
      const proto::ActivityScheduled& scheduled = event.activity_scheduled();
      operation.task_queue = scheduled.task_queue();
      operation.limits.set_start_to_close_ms(scheduled.start_to_close_ms());
      operation.limits.set_schedule_to_close_ms(scheduled.schedule_to_close_ms());
      operation.limits.set_heartbeat_ms(scheduled.heartbeat_ms());
      operation.limits.set_on_cancel(scheduled.on_cancel());
    }
    if (event.has_child_scheduled()) operation.receiver = event.child_scheduled().workflow_id();
    if (event.has_signal_sent()) operation.receiver = event.signal_sent().workflow_id();
    if (event.has_cancel_sent()) {
      operation.name = "(cancel)";
      operation.receiver = event.cancel_sent().workflow_id();
    }
    if (event.has_timer_started()) {
      operation.due_ms = base::add_sat(time_ms(), event.timer_started().duration_ms());
    }
  }
  void answered(const Row& row, const Event& event) { timeline_.answer(row, event, time_ms()); }
  void ended(const Row&, const Event&) {
    timeline_.end_ = runtime::end_of(turn_);
    timeline_.close(time_ms());
  }

 private:
  void show(const Row& row, const Event& event) {
    if (const auto kind = kind_shown(event)) timeline_.add_line(*kind, row, event, time_ms());
  }
  std::int64_t time_ms() const { return turn_.time_ms(); }

  Timeline& timeline_;
  const proto::Turn& turn_;
};

void Timeline::add(const proto::Turn& turn) {
  last_ms_ = turn.time_ms();
  if (!turn.without_code()) unapplied_ = 0;
  runtime::walk(turn, Reader(*this, turn));
}

void Timeline::add_line(Kind kind, const Row& row, const Event& event, std::int64_t time_ms) {
  if (kind == Kind::kUpdate) updates_[event.update_received().update_id()] = operations_.size();
  Operation& line = begin(kind, row, event, time_ms);
  if (kind != Kind::kUpdate) line.state = State::kDone;
  line.again = again_ > 0;
  line.sender = sender_in(event);
  if (event.has_decision_recorded()) line.outcome = event.decision_recorded().outcome();
  if (event.has_setting_recorded()) {
    line.setting = event.setting_recorded();
    return;
  }
  if (row.payload == nullptr) return;
  const bool is_result = row.role == event::Role::kCommand && kind != Kind::kCheckpoint;
  (is_result ? line.result : line.input) = row.payload(event);
}

void Timeline::answer(const Row& row, const Event& event, std::int64_t time_ms) {
  Operation* const operation = find(row.id(event));
  if (operation == nullptr) return;
  if (event::finishes(row.answers) && operation->has_ended()) return;
  switch (row.answers) {
    case event::Answer::kResult:
      if (row.payload != nullptr) operation->result = row.payload(event);
      return operation->end(State::kDone, time_ms);
    case event::Answer::kFailure:
      return operation->fail(*row.failure(event), time_ms);
    case event::Answer::kGivenUp:
      return operation->end(State::kCancelled, time_ms);
    case event::Answer::kAttemptFailed: {
      const auto& failed = event.attempt_failed();
      operation->open_since_ms = 0;
      operation->failures.push_back(
          {failed.attempt(), time_ms, failed.retry_at_ms(), failed.failure()});
      return;
    }
    case event::Answer::kHeartbeat:
      return operation->add_heartbeat(row.payload(event), time_ms);
    case event::Answer::kLeftOpen:
      return operation->leave_open(event.attempt_left_open());
    case event::Answer::kStarted:
      operation->started = true;
      return;
    case event::Answer::kCancelAwaited:
      operation->cancel_asked_ms = time_ms;
      return;
    case event::Answer::kNone:
      return;
  }
}

// An activity that was asked to cancel and has done so has not failed.
void Operation::fail(const proto::Failure& failure, std::int64_t time_ms) {
  if (cancel_asked_ms != 0 && failure.kind() == proto::Failure::CANCELLED) {
    return end(State::kCancelled, time_ms);
  }
  add_last_failure(failure, time_ms);
  end(State::kFailed, time_ms);
}

void Operation::leave_open(const proto::AttemptLeftOpen& left) {
  open_since_ms = left.began_ms();
  limit_ms = left.limit_ms();
}

// As the engine reckons (runtime/engine/open_limit.h).
void Operation::add_heartbeat(const std::string& details, std::int64_t time_ms) {
  heartbeat = details;
  if (open_since_ms == 0 || limits.heartbeat_ms() <= 0) return;
  limit_ms = base::add_sat(time_ms, limits.heartbeat_ms());
  const auto no_later_than = [this](std::int64_t from_ms, std::int64_t limit) {
    if (limit > 0) limit_ms = std::min(limit_ms, base::add_sat(from_ms, limit));
  };
  no_later_than(open_since_ms, limits.start_to_close_ms());
  no_later_than(began_ms, limits.schedule_to_close_ms());
}

// What the last attempt failed with; the failure around it says which attempt that was.
void Operation::add_last_failure(const proto::Failure& failure, std::int64_t time_ms) {
  const proto::Failure& cause = failure.has_cause() ? failure.cause() : failure;
  const auto number =
      std::max<std::size_t>(static_cast<std::size_t>(failure.attempts()), failures.size() + 1);
  failures.push_back({static_cast<std::uint32_t>(number), time_ms, 0, cause});
}

void Timeline::finish_update(const proto::UpdateCompleted& completed, std::int64_t time_ms) {
  const auto known = updates_.find(completed.update_id());
  if (known == updates_.end()) return;
  Operation& update = operations_[known->second];
  update.end(completed.has_failure() ? State::kFailed : State::kDone, time_ms);
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

Operation& Timeline::begin(Kind kind, const Row& row, const Event& event, std::int64_t time_ms) {
  Operation operation;
  operation.kind = kind;
  operation.event = events_;
  operation.name = name_in(row, event);
  operation.began_ms = operation.ended_ms = time_ms;
  operation.file = event.call_site().file();
  operation.line = event.call_site().line();
  return operations_.emplace_back(std::move(operation));
}

Operation* Timeline::find(std::uint32_t id) {
  const auto known = by_id_.find(id);
  return known == by_id_.end() ? nullptr : &operations_[known->second];
}

void Timeline::close(std::int64_t time_ms) {
  for (Operation& operation : operations_) {
    if (!operation.has_ended()) operation.end(State::kCancelled, time_ms);
  }
}

}  // namespace reprise::tools
