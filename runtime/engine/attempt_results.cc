// Outcomes of attempts: results, failures, retries, overrun limits.
#include <utility>

#include "event/retry.h"
#include "runtime/engine/attempts.h"
#include "runtime/engine/operation_details.h"
#include "runtime/engine/timeout_failure.h"

namespace reprise::runtime {
namespace {

// Heartbeat details are logged at most this often per activity; the newest ones are also kept when
// an attempt fails.
constexpr base::Duration kHeartbeatRecordInterval{1'000};

const proto::RetryPolicy& policy_of(const OperationDetails& details) {
  if (details.step) {
    return details.step->retry != nullptr ? *details.step->retry : event::default_retry_policy();
  }
  return details.activity->has_retry() ? details.activity->retry() : event::default_retry_policy();
}

// One that nobody executes now.
proto::Failure cancelled_step(const OperationDetails& details, std::uint32_t before_attempt) {
  proto::Failure failure;
  failure.set_kind(proto::Failure::CANCELLED);
  failure.set_message("step " + details.step->name + " was cancelled before attempt " +
                      std::to_string(before_attempt));
  return failure;
}

}  // namespace

void Attempts::take_result(AttemptResult&& result) {
  KnownRun* run = parts_.runs.find(result.key.run);
  parts_.round.release_when_recorded(run, static_cast<store::AttemptSlots::Slot>(result.token));
  const PendingOperation* operation =
      run == nullptr ? nullptr : run->state.find(result.key.operation);
  LiveOperation* live = run == nullptr ? nullptr : run->live(result.key.operation);
  if (run != nullptr && run->place != nullptr && result.is_step) {
    RunExecutor::end_step(run->place, result.key.operation);
    if (!run->state.open() || run->parked()) parts_.executor.evict(run->place);
  }
  // Results of attempts that are no longer waited for change nothing.
  if (operation == nullptr || live == nullptr || !live->dispatched() ||
      operation->attempt != result.key.attempt) {
    return;
  }
  if (result.left_open) return leave_open(*run, *operation, *live, result.took);
  live->stage = OperationStage::kWaiting;
  if (live->details != nullptr) live->details->control = nullptr;
  // Treated as not begun: it waits for the next worker of its queue.
  if (result.abandoned) return start(*run, result.key.operation);
  if (!result.outcome.ok()) {
    (void)attempt_failed(*run, *operation, result.outcome.failure());
    return;
  }
  live->stage = OperationStage::kSettled;
  proto::Event* input = parts_.round.add_input(*run);
  if (operation->is_step()) {
    input->mutable_step_completed()->set_id(operation->id);
    input->mutable_step_completed()->set_result(result.outcome.take_payload());
  } else {
    input->mutable_activity_completed()->set_id(operation->id);
    input->mutable_activity_completed()->set_result(result.outcome.take_payload());
  }
  parts_.round.run_turn_if_full(*run);
}

LiveOperation* Attempts::with_details(KnownRun& run, const PendingOperation& operation) {
  LiveOperation* const live = run.live(operation.id);
  if (has_details(live, operation)) return live;
  return ensure_details(parts_.shared, parts_.parking, run) ? run.live(operation.id) : nullptr;
}

proto::Event* Attempts::attempt_failed(KnownRun& run,
                                       const PendingOperation& operation,
                                       const proto::Failure& failure) {
  LiveOperation* const live = with_details(run, operation);
  if (live == nullptr) return nullptr;
  if (operation.cancel_asked) return last_attempt_failed(run, operation, *live, failure);
  OperationDetails& details = *live->details;
  const std::int64_t now_ms = base::to_ms(now());
  std::optional<base::Duration> give_up_in;
  if (details.activity != nullptr && details.activity->schedule_to_close_ms() > 0) {
    const std::int64_t give_up_ms =
        base::add_sat(operation.scheduled_ms, details.activity->schedule_to_close_ms());
    give_up_in = base::Duration(base::sub_sat(give_up_ms, now_ms));
  }
  const auto delay = event::retry_delay(policy_of(details), operation.attempt, failure, give_up_in);
  if (!delay) return operation_failed(run, operation, *live, failure);
  if (operation.is_step() && RunExecutor::is_step_unwanted(run.place, operation.id)) {
    step_cancelled(run, operation, *live, operation.attempt + 1);
    return nullptr;
  }
  live->stage = OperationStage::kRetried;
  details.last_failure = failure.message();
  proto::Event* const input = parts_.round.add_input(run);
  auto* failed = input->mutable_attempt_failed();
  failed->set_id(operation.id);
  failed->set_attempt(operation.attempt);
  *failed->mutable_failure() = failure;
  failed->set_retry_at_ms(base::add_sat(now_ms, delay->count()));
  failed->set_heartbeat(details.heartbeat);
  return input;
}

void Attempts::step_cancelled(KnownRun& run,
                              const PendingOperation& operation,
                              LiveOperation& live,
                              std::uint32_t before_attempt) {
  (void)operation_failed(run, operation, live, cancelled_step(*live.details, before_attempt));
}

proto::Event* Attempts::operation_failed(KnownRun& run,
                                         const PendingOperation& operation,
                                         LiveOperation& live,
                                         const proto::Failure& failure) {
  live.stage = OperationStage::kSettled;
  proto::Event* const input = parts_.round.add_input(run);
  if (operation.is_step()) {
    auto* failed = input->mutable_step_failed();
    failed->set_id(operation.id);
    *failed->mutable_failure() = failure;
    return input;
  }
  auto* failed = input->mutable_activity_failed();
  failed->set_id(operation.id);
  proto::Failure* wrapped = failed->mutable_failure();
  wrapped->set_kind(proto::Failure::ACTIVITY);
  wrapped->set_activity(live.details->activity->name());
  wrapped->set_attempts(static_cast<std::int32_t>(operation.attempt));
  wrapped->set_message("activity '" + live.details->activity->name() + "' failed at attempt " +
                       std::to_string(operation.attempt) + ": " + failure.message());
  *wrapped->mutable_cause() = failure;
  return input;
}

// The code waits for what becomes of the attempt, and no other one follows.
proto::Event* Attempts::last_attempt_failed(KnownRun& run,
                                            const PendingOperation& operation,
                                            LiveOperation& live,
                                            const proto::Failure& failure) {
  if (failure.kind() != proto::Failure::CANCELLED) {
    return operation_failed(run, operation, live, failure);
  }
  std::string how = "at attempt " + std::to_string(operation.attempt);
  if (!failure.message().empty()) how += ": " + failure.message();
  return activity_cancelled(run, operation, live, how);
}

proto::Event* Attempts::activity_cancelled(KnownRun& run,
                                           const PendingOperation& operation,
                                           LiveOperation& live,
                                           std::string_view how) {
  live.stage = OperationStage::kSettled;
  proto::Event* const input = parts_.round.add_input(run);
  input->mutable_activity_failed()->set_id(operation.id);
  proto::Failure* const failure = input->mutable_activity_failed()->mutable_failure();
  failure->set_kind(proto::Failure::CANCELLED);
  failure->set_message("activity '" + live.details->activity->name() + "' was cancelled " +
                       std::string(how));
  return input;
}

void Attempts::timed_out(const AttemptKey& key, std::string_view limit) {
  if (parts_.intake.full()) {
    parts_.intake.hold([this, key, limit = std::string(limit)] { timed_out(key, limit); });
    return;
  }
  KnownRun* run = parts_.runs.find(key.run);
  const PendingOperation* operation = run == nullptr ? nullptr : run->state.find(key.operation);
  LiveOperation* live = run == nullptr ? nullptr : run->live(key.operation);
  if (operation == nullptr || operation->attempt != key.attempt) return;
  // One that is left open has its limits in `Timers`.
  if (live == nullptr || live->settled() || live->stage == OperationStage::kOpen) return;
  live->stage = OperationStage::kWaiting;
  live->details->control = nullptr;
  (void)attempt_failed(*run, *operation, overrun_failure(limit));
}

void Attempts::lost(const store::AttemptMark& mark) {
  KnownRun* run = parts_.runs.find(mark.run);
  if (run != nullptr && run->damaged) return;
  const PendingOperation* operation = run == nullptr ? nullptr : run->state.find(mark.operation);
  if (operation == nullptr || operation->attempt != mark.attempt || operation->open) return;
  if (!operation->is_attempted()) return;
  if (const LiveOperation* live = run->live(mark.operation); live != nullptr && live->settled()) {
    return;
  }
  // The end of its process has stopped one that was to stop.
  proto::Failure failure;
  failure.set_kind(operation->cancel_asked ? proto::Failure::CANCELLED
                                           : proto::Failure::APPLICATION);
  failure.set_type("ProcessDied");
  failure.set_message(base::to_string(base::ErrorCode::kProcessDied) +
                      " the process ended while this attempt was under way");
  (void)attempt_failed(*run, *operation, failure);
}

void Attempts::heartbeat(const AttemptKey& key, std::string details) {
  KnownRun* run = parts_.runs.find(key.run);
  const PendingOperation* operation = run == nullptr ? nullptr : run->state.find(key.operation);
  LiveOperation* live = run == nullptr ? nullptr : run->live(key.operation);
  if (operation == nullptr || operation->attempt != key.attempt) return;
  if (live == nullptr || live->settled()) return;
  live->details->heartbeat = std::move(details);
  if (!parts_.intake.full()) (void)record_heartbeat(*run, *operation, *live->details);
}

// nullptr: the log has one of the last second.
proto::Event* Attempts::record_heartbeat(KnownRun& run,
                                         const PendingOperation& operation,
                                         OperationDetails& details) {
  if (base::sub_sat(now(), details.heartbeat_recorded) < kHeartbeatRecordInterval) return nullptr;
  details.heartbeat_recorded = now();
  proto::Event* const input = parts_.round.add_input(run);
  auto* recorded = input->mutable_heartbeat_recorded();
  recorded->set_id(operation.id);
  recorded->set_attempt(operation.attempt);
  recorded->set_heartbeat(details.heartbeat);
  return input;
}

void Attempts::start_is_late(KnownRun& run, const TimerEntry& entry) {
  LiveOperation* live = run.live(entry.operation);
  // Each attempt has its own limit; only one that has not begun by now is late.
  if (live == nullptr || !live->dispatched() || live->details->start_by_ms != entry.due_ms) return;
  if (!live->details->control->abandon()) return;
  (void)operation_failed(run, *run.state.find(entry.operation), *live,
                         timeout_failure("schedule_to_start", "no worker began it in time"));
}

void Attempts::close_is_late(KnownRun& run, const TimerEntry& entry) {
  LiveOperation* live = run.live(entry.operation);
  if (live == nullptr) return;
  if (live->details->control != nullptr) {
    parts_.shared.task_queues.give_up(run.queue_of(*live->details->activity),
                                      live->details->control);
  }
  (void)operation_failed(
      run, *run.state.find(entry.operation), *live,
      timeout_failure("schedule_to_close", "it did not end in time, retries included"));
}

}  // namespace reprise::runtime
