// Operations that are attempted outside the turn: dispatch, results, retries, time limits.
#include <algorithm>
#include <utility>

#include "runtime/engine/retry.h"
#include "runtime/engine/shard.h"
#include "runtime/engine/stored_run.h"

namespace reprise::runtime {
namespace {

// Heartbeat details are written to the log at most this often per activity; the newest ones are
// also kept when an attempt fails.
constexpr base::Duration kHeartbeatRecordInterval{1'000};

const proto::RetryPolicy& policy_of(const OperationDetails& details) {
  if (details.step) {
    return details.step->retry != nullptr ? *details.step->retry : default_retry_policy();
  }
  return details.activity->has_retry() ? details.activity->retry() : default_retry_policy();
}

proto::Failure timeout_failure(std::string_view limit, std::string message) {
  proto::Failure failure;
  failure.set_kind(proto::Failure::TIMEOUT);
  failure.set_type(std::string(limit));
  failure.set_message(std::move(message));
  return failure;
}

// One that nobody executes now.
proto::Failure cancelled_step(const PendingOperation& step, const LiveOperation& live) {
  proto::Failure failure;
  failure.set_kind(proto::Failure::CANCELLED);
  failure.set_message("step " + live.details->step->name + " was cancelled before attempt " +
                      std::to_string(step.attempt + (live.unwanted ? 1 : 0)));
  return failure;
}

}  // namespace

// ---- dispatch ---------------------------------------------------------------------------------

void Shard::start_operation(KnownRun& run, std::uint32_t id) {
  const PendingOperation* operation = run.state.find(id);
  LiveOperation* live = run.live(id);
  if (operation == nullptr || run.damaged) return;
  if (live != nullptr && live->stage != OperationStage::kWaiting) return;
  // Looked at here first: to look through 100,000 operations for each of them took 12 s.
  if (live == nullptr || live->details == nullptr) {
    if (!ensure_details(run)) return;
    live = run.live(id);
  }
  if (operation->due_ms > base::to_ms(now())) {
    timers_.arm(run, *operation, TimerEntry::Kind::kRetry, operation->due_ms);
  } else if (operation->is_step()) {
    dispatch_step(run, *operation, *live);
  } else {
    dispatch_activity(run, *operation, *live);
  }
}

bool Shard::lacks_details(const KnownRun& run) {
  const auto missing = [&](const PendingOperation& operation) {
    if (!operation.is_attempted() || operation.done) return false;
    const LiveOperation* live = run.live(operation.id);
    if (live == nullptr || live->details == nullptr) return true;
    return live->details->step.has_value() != operation.is_step();  // another one has its id
  };
  const auto& pending = run.state.pending();
  return std::any_of(pending.begin(), pending.end(), missing);
}

// After a restart the log is read for what was known before it.
bool Shard::ensure_details(KnownRun& run) {
  if (!lacks_details(run)) return true;
  const base::Status read = StoredRun(shared_, run.state).history([&](const proto::Turn& turn) {
    Round::keep_details(run, turn);
    for (const proto::Event& input : turn.inputs()) {
      if (input.has_attempt_failed()) {
        LiveOperation* live = run.live(input.attempt_failed().id());
        if (live == nullptr || live->details == nullptr) continue;
        live->details->last_failure = input.attempt_failed().failure().message();
        if (!input.attempt_failed().heartbeat().empty()) {
          live->details->heartbeat = input.attempt_failed().heartbeat();
        }
      } else if (input.has_heartbeat_recorded()) {
        LiveOperation* live = run.live(input.heartbeat_recorded().id());
        if (live == nullptr || live->details == nullptr) continue;
        live->details->heartbeat = input.heartbeat_recorded().heartbeat();
      }
    }
  });
  base::Error why{base::ErrorCode::kStoreDamaged,
                  "the history has no command for an operation that is pending"};
  if (!read) {
    why = read.error();
  } else if (!lacks_details(run)) {
    return true;
  }
  parking_.park(run, {why.code, why.message, std::nullopt});
  return false;
}

void Shard::dispatch_activity(KnownRun& run,
                              const PendingOperation& operation,
                              LiveOperation& live) {
  OperationDetails& details = *live.details;
  const proto::ActivityScheduled& spec = *details.activity;
  details.control = std::make_shared<AttemptControl>();
  live.stage = OperationStage::kDispatched;
  if (spec.schedule_to_start_ms() > 0) {
    details.start_by_ms = base::add_sat(base::to_ms(now()), spec.schedule_to_start_ms());
    timers_.arm(run, operation, TimerEntry::Kind::kScheduleToStart, details.start_by_ms);
  }
  if (spec.schedule_to_close_ms() > 0 && !std::exchange(details.close_timer_armed, true)) {
    timers_.arm(run, operation, TimerEntry::Kind::kScheduleToClose,
                base::add_sat(operation.scheduled_ms, spec.schedule_to_close_ms()));
  }
  AttemptTask task;
  task.key = {index_, run.state.number, operation.id, operation.attempt};
  task.start_to_close = base::Duration(spec.start_to_close_ms());
  task.heartbeat = base::Duration(spec.heartbeat_ms());
  task.control = details.control;
  task.activity = std::make_unique<ActivityTask>(
      ActivityTask{details.activity, run.state.id, run.state.workflow_id, details.heartbeat});
  tasks_[Round::queue_of(run, spec)].push_back(std::move(task));
}

void Shard::dispatch_step(KnownRun& run, const PendingOperation& operation, LiveOperation& live) {
  const store::RunNumber number = run.state.number;
  if (run.parked()) return;
  if (!loading_.is_loadable(run)) {
    return loading_.when_loadable(
        number, [this, id = operation.id](KnownRun& later) { start_operation(later, id); });
  }
  const auto load = [&] {
    const CodeMark::Scope in_code(code_mark_, &run);
    return host_.load(run.place, StoredRun(shared_, run.state));
  };
  if (const auto trouble = load()) {
    // add_worker() comes back to it.
    if (trouble->code != base::ErrorCode::kNoWorker) parking_.park(run, *trouble);
    return;
  }
  const auto body = Host::find(run.place)->step_body(operation.id);
  if (!body) return;  // its strand was stopped in a turn that is on its way to the log
  if (Host::find(run.place)->step_no_longer_wanted(operation.id)) {
    return operation_failed(run, operation, live, cancelled_step(operation, live));
  }
  live.stage = OperationStage::kDispatched;
  live.details->control = std::make_shared<AttemptControl>(std::stop_source(std::nostopstate));
  Host::pin(run.place);
  AttemptTask task;
  task.key = {index_, number, operation.id, operation.attempt};
  task.control = live.details->control;
  task.start_to_close = base::Duration(live.details->step->start_to_close_ms);
  task.step = *body;
  if (operation.kind == OperationKind::kStep) {
    tasks_[*run.state.task_queue].push_back(std::move(task));
    return;
  }
  AttemptResult result;
  result.key = task.key;
  result.is_step = true;
  result.token = shared_.store->attempt_slots().take({number, operation.id, operation.attempt});
  {
    const CodeMark::Scope in_code(code_mark_, &run);
    result.outcome = execute_step(task);
  }
  take_result(std::move(result));
}

// False: a thread executes its closure, or its outcome is on the way.
bool Shard::step_unwanted(store::RunNumber number, std::uint32_t id) {
  KnownRun* run = runs_.find(number);
  LiveOperation* live = run == nullptr ? nullptr : run->live(id);
  if (live == nullptr || live->stage == OperationStage::kWaiting) return true;
  if (live->settled()) return live->stage == OperationStage::kRetried;
  if (!live->details->control->abandon()) {
    live->unwanted = true;
    return false;
  }
  live->stage = OperationStage::kWaiting;
  live->details->control = nullptr;
  Host::unpin(run->place);
  return true;
}

// The code has stopped the strand that waits for this step; its frame goes when this returns.
void Shard::step_abandoned(store::RunNumber number, std::uint32_t id) {
  KnownRun* run = runs_.find(number);
  LiveOperation* live = run == nullptr ? nullptr : run->live(id);
  if (live == nullptr || live->details == nullptr) return;
  const auto control = live->details->control;
  if (control == nullptr) return;  // not dispatched
  if (control->abandon()) {
    Host::unpin(run->place);
  } else {
    control->wait_until_finished();  // take_result() unpins
  }
}

bool Shard::submit_tasks() {
  bool submitted = false;
  for (auto& [queue, tasks] : tasks_) {
    if (tasks.empty()) continue;
    submitted = true;
    shared_.task_queues.submit(queue, tasks);
  }
  return submitted;
}

// ---- results ----------------------------------------------------------------------------------

void Shard::take_result(AttemptResult result) {
  round_.release_when_recorded(static_cast<store::AttemptSlots::Slot>(result.token));
  KnownRun* run = runs_.find(result.key.run);
  const PendingOperation* operation =
      run == nullptr ? nullptr : run->state.find(result.key.operation);
  LiveOperation* live = run == nullptr ? nullptr : run->live(result.key.operation);
  if (run != nullptr && run->place != nullptr && result.is_step) {
    Host::unpin(run->place);
    if (!run->state.open() || run->parked()) host_.evict(run->place);
  }
  // Results of attempts that nobody waits for any more change nothing.
  if (operation == nullptr || live == nullptr || !live->dispatched() ||
      operation->attempt != result.key.attempt) {
    return;
  }
  live->stage = OperationStage::kWaiting;
  if (live->details != nullptr) live->details->control = nullptr;
  // As if it had not begun: it waits for the next worker of its queue.
  if (result.abandoned) return start_operation(*run, result.key.operation);
  if (!result.outcome.ok()) return attempt_failed(*run, *operation, result.outcome.failure());
  live->stage = OperationStage::kSettled;
  proto::Event* input = round_.add_input(*run);
  if (operation->is_step()) {
    input->mutable_step_completed()->set_id(operation->id);
    input->mutable_step_completed()->set_result(result.outcome.take_payload());
  } else {
    input->mutable_activity_completed()->set_id(operation->id);
    input->mutable_activity_completed()->set_result(result.outcome.take_payload());
  }
  round_.run_turn_if_full(*run);
}

void Shard::attempt_failed(KnownRun& run,
                           const PendingOperation& operation,
                           const proto::Failure& failure) {
  LiveOperation* live = run.live(operation.id);
  if (live == nullptr || live->details == nullptr) {
    if (!ensure_details(run)) return;
    live = run.live(operation.id);
  }
  OperationDetails& details = *live->details;
  const std::int64_t now_ms = base::to_ms(now());
  std::optional<base::Duration> give_up_in;
  if (details.activity != nullptr && details.activity->schedule_to_close_ms() > 0) {
    const std::int64_t give_up_ms =
        base::add_sat(operation.scheduled_ms, details.activity->schedule_to_close_ms());
    give_up_in = base::Duration(base::sub_sat(give_up_ms, now_ms));
  }
  const auto delay = retry_delay(policy_of(details), operation.attempt, failure, give_up_in);
  if (!delay) return operation_failed(run, operation, *live, failure);
  if (live->unwanted) {
    return operation_failed(run, operation, *live, cancelled_step(operation, *live));
  }
  live->stage = OperationStage::kRetried;
  details.last_failure = failure.message();
  auto* failed = round_.add_input(run)->mutable_attempt_failed();
  failed->set_id(operation.id);
  failed->set_attempt(operation.attempt);
  *failed->mutable_failure() = failure;
  failed->set_retry_at_ms(base::add_sat(now_ms, delay->count()));
  failed->set_heartbeat(details.heartbeat);
}

void Shard::operation_failed(KnownRun& run,
                             const PendingOperation& operation,
                             LiveOperation& live,
                             const proto::Failure& failure) {
  live.stage = OperationStage::kSettled;
  if (operation.is_step()) {
    auto* failed = round_.add_input(run)->mutable_step_failed();
    failed->set_id(operation.id);
    *failed->mutable_failure() = failure;
    return;
  }
  auto* failed = round_.add_input(run)->mutable_activity_failed();
  failed->set_id(operation.id);
  proto::Failure* wrapped = failed->mutable_failure();
  wrapped->set_kind(proto::Failure::ACTIVITY);
  wrapped->set_activity(live.details->activity->name());
  wrapped->set_attempts(static_cast<std::int32_t>(operation.attempt));
  wrapped->set_message("activity '" + live.details->activity->name() + "' failed at attempt " +
                       std::to_string(operation.attempt) + ": " + failure.message());
  *wrapped->mutable_cause() = failure;
}

void Shard::attempt_timed_out(const AttemptKey& key, std::string_view limit) {
  if (intake_.full()) {
    intake_.hold([this, key, limit = std::string(limit)] { attempt_timed_out(key, limit); });
    return;
  }
  KnownRun* run = runs_.find(key.run);
  const PendingOperation* operation = run == nullptr ? nullptr : run->state.find(key.operation);
  LiveOperation* live = run == nullptr ? nullptr : run->live(key.operation);
  if (operation == nullptr || operation->attempt != key.attempt) return;
  if (live == nullptr || live->settled()) return;
  live->stage = OperationStage::kWaiting;
  live->details->control = nullptr;
  attempt_failed(
      *run, *operation,
      timeout_failure(limit, "the attempt overran its " + std::string(limit) + " limit"));
}

void Shard::attempt_lost(const store::AttemptMark& mark) {
  KnownRun* run = runs_.find(mark.run);
  if (run != nullptr && run->damaged) return;
  const PendingOperation* operation = run == nullptr ? nullptr : run->state.find(mark.operation);
  if (operation == nullptr || operation->attempt != mark.attempt) return;
  if (const LiveOperation* live = run->live(mark.operation); live != nullptr && live->settled()) {
    return;
  }
  proto::Failure failure;
  failure.set_kind(proto::Failure::APPLICATION);
  failure.set_type("ProcessDied");
  failure.set_message(base::to_string(base::ErrorCode::kProcessDied) +
                      " the process ended while this attempt was under way");
  attempt_failed(*run, *operation, failure);
}

void Shard::heartbeat(const AttemptKey& key, std::string details) {
  KnownRun* run = runs_.find(key.run);
  const PendingOperation* operation = run == nullptr ? nullptr : run->state.find(key.operation);
  LiveOperation* live = run == nullptr ? nullptr : run->live(key.operation);
  if (operation == nullptr || operation->attempt != key.attempt) return;
  if (live == nullptr || live->settled()) return;
  OperationDetails& kept = *live->details;
  kept.heartbeat = std::move(details);
  if (intake_.full() || base::sub_sat(now(), kept.heartbeat_recorded) < kHeartbeatRecordInterval)
    return;
  kept.heartbeat_recorded = now();
  auto* recorded = round_.add_input(*run)->mutable_heartbeat_recorded();
  recorded->set_id(key.operation);
  recorded->set_attempt(key.attempt);
  recorded->set_heartbeat(kept.heartbeat);
}

// ---- timers -----------------------------------------------------------------------------------

bool Shard::fire_timers() {
  if (intake_.full()) return false;
  return timers_.fire_due(base::to_ms(now()), [this](KnownRun& run, const TimerEntry& entry) {
    fire(run, entry);
    round_.run_turns_if_many();
  });
}

void Shard::fire(KnownRun& run, const TimerEntry& entry) {
  switch (entry.kind) {
    case TimerEntry::Kind::kRetry:
      return start_operation(run, entry.operation);
    case TimerEntry::Kind::kFire:
      round_.add_input(run)->mutable_timer_fired()->set_id(entry.operation);
      // The clock may be set back before the turn asks it again.
      run.turn->set_time_ms(std::max(run.turn->time_ms(), entry.due_ms));
      return;
    case TimerEntry::Kind::kScheduleToStart:
      return start_is_late(run, entry);
    case TimerEntry::Kind::kScheduleToClose:
      return close_is_late(run, entry);
    case TimerEntry::Kind::kRunTimeout:
      return round_.record_end(
          run, [](proto::Event* input) { input->mutable_run_timed_out(); },
          [](const base::Status&) {}, entry.due_ms);
  }
}

void Shard::start_is_late(KnownRun& run, const TimerEntry& entry) {
  LiveOperation* live = run.live(entry.operation);
  // Each attempt has its own; only one that has not begun by now is late.
  if (live == nullptr || !live->dispatched() || live->details->start_by_ms != entry.due_ms) return;
  if (!live->details->control->abandon()) return;
  operation_failed(run, *run.state.find(entry.operation), *live,
                   timeout_failure("schedule_to_start", "no worker began it in time"));
}

void Shard::close_is_late(KnownRun& run, const TimerEntry& entry) {
  LiveOperation* live = run.live(entry.operation);
  if (live == nullptr) return;
  if (live->details->control != nullptr) {
    round_.stop_attempt(Round::queue_of(run, *live->details->activity), live->details->control);
  }
  operation_failed(
      run, *run.state.find(entry.operation), *live,
      timeout_failure("schedule_to_close", "it did not end in time, retries included"));
}

}  // namespace reprise::runtime
