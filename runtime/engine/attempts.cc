#include "runtime/engine/attempts.h"

#include <utility>

#include "runtime/engine/operation_details.h"
#include "runtime/engine/stored_run.h"
#include "runtime/host/precedence.h"

namespace reprise::runtime {

void Attempts::start(KnownRun& run, std::uint32_t id) {
  const PendingOperation* operation = run.state.find(id);
  LiveOperation* live = run.live(id);
  if (operation == nullptr || !operation->is_attempted()) return;
  if (operation->open || run.damaged || run.state.is_paused()) return;
  if (live != nullptr && live->stage != OperationStage::kWaiting) return;
  // Checked here first: searching 100,000 operations for each of them took 12 s.
  if (!has_details(live, *operation)) {
    if (!parts_.loading.is_readable(run)) {
      return parts_.loading.when_readable(run.state.number,
                                          [this, id](KnownRun& later) { start(later, id); });
    }
    if (!ensure_details(parts_.shared, parts_.parking, run)) return;
    live = run.live(id);
  }
  if (operation->cancel_asked) {
    (void)activity_cancelled(run, *operation, *live,
                             "before attempt " + std::to_string(operation->attempt));
  } else if (operation->due_ms > base::to_ms(now())) {
    parts_.timers.arm(run, *operation, TimerEntry::Kind::kRetry, operation->due_ms);
  } else if (operation->is_step()) {
    dispatch_step(run, *operation, *live);
  } else {
    dispatch_activity(run, *operation, *live);
  }
}

void Attempts::ask_to_cancel(KnownRun& run, std::uint32_t id) {
  if (LiveOperation* const live = run.live(id); live != nullptr && live->dispatched()) {
    OperationDetails& details = *live->details;
    if (!details.control->abandon()) {
      return parts_.shared.task_queues.stop_attempt(run.queue_of(*details.activity),
                                                    details.control);
    }
    live->stage = OperationStage::kWaiting;
    details.control = nullptr;
  }
  start(run, id);
}

void Attempts::start_steps(KnownRun& run) {
  std::vector<std::uint32_t> steps;
  for (const PendingOperation& operation : run.state.pending()) {
    if (operation.is_step() && !operation.done) steps.push_back(operation.id);
  }
  for (const std::uint32_t id : steps) start(run, id);
}

void Attempts::hold(KnownRun& run) {
  if (run.extras == nullptr) return;
  (void)submit();  // what this round has decided to run waits with the others
  run.extras->operations.for_each([&](LiveOperation& live) {
    if (!live.dispatched() || live.details == nullptr) return;
    if (live.details->step) {
      if (!RunExecutor::take_back_step(run.place, live.id)) return;
    } else {
      if (!live.details->control->abandon()) return;
      live.details->control = nullptr;
    }
    live.stage = OperationStage::kWaiting;
  });
}

void Attempts::dispatch_activity(KnownRun& run,
                                 const PendingOperation& operation,
                                 LiveOperation& live) {
  OperationDetails& details = *live.details;
  const proto::ActivityScheduled& spec = *details.activity;
  details.control = std::make_shared<AttemptControl>();
  live.stage = OperationStage::kDispatched;
  if (spec.schedule_to_start_ms() > 0) {
    details.start_by_ms = base::add_sat(base::to_ms(now()), spec.schedule_to_start_ms());
    parts_.timers.arm(run, operation, TimerEntry::Kind::kScheduleToStart, details.start_by_ms);
  }
  if (spec.schedule_to_close_ms() > 0 && !std::exchange(details.close_timer_armed, true)) {
    parts_.timers.arm(run, operation, TimerEntry::Kind::kScheduleToClose,
                      base::add_sat(operation.scheduled_ms, spec.schedule_to_close_ms()));
  }
  AttemptTask task;
  task.key = {shard_, run.state.number, operation.id, operation.attempt};
  task.start_to_close = base::Duration(spec.start_to_close_ms());
  task.heartbeat = base::Duration(spec.heartbeat_ms());
  task.control = details.control;
  task.precedence =
      precedence_of(spec.has_precedence() ? &spec.precedence() : nullptr, run.state.precedence());
  task.activity = std::make_unique<ActivityTask>(
      ActivityTask{details.activity, run.state.id, run.state.workflow_id, details.heartbeat});
  tasks_of(run.queue_of(spec)).push_back(std::move(task));
}

void Attempts::dispatch_step(KnownRun& run,
                             const PendingOperation& operation,
                             LiveOperation& live) {
  const store::RunNumber number = run.state.number;
  if (run.parked()) return;
  if (!parts_.loading.is_loadable(run)) {
    return parts_.loading.when_loadable(
        number, [this, id = operation.id](KnownRun& later) { start(later, id); });
  }
  const AttemptKey key{shard_, number, operation.id, operation.attempt};
  auto begun = parts_.executor.begin_step(run.place, StoredRun(parts_.shared, run), key,
                                          base::Duration(live.details->step->start_to_close_ms));
  if (const auto* trouble = std::get_if<replay::Trouble>(&begun)) {
    // The next worker comes back to it.
    if (trouble->code != base::ErrorCode::kNoWorker) parts_.parking.park(run, *trouble);
    return;
  }
  if (std::holds_alternative<RunExecutor::StepUnwanted>(begun)) {
    return step_cancelled(run, operation, live, operation.attempt);
  }
  auto* const task = std::get_if<AttemptTask>(&begun);
  if (task == nullptr) return;  // its strand was stopped in a turn that is not in the log yet
  live.stage = OperationStage::kDispatched;
  if (operation.kind == OperationKind::kStep) {
    task->precedence = run.state.precedence();
    tasks_of(*run.state.task_queue).push_back(std::move(*task));
  } else {
    execute_on_shard(run, *task);
  }
}

void Attempts::execute_on_shard(const KnownRun& run, const AttemptTask& step) {
  AttemptResult result;
  result.key = step.key;
  result.is_step = true;
  result.token = parts_.shared.store->attempt_slots().take(
      {step.key.run, step.key.operation, step.key.attempt});
  result.outcome = parts_.executor.execute_here(run.label(), step);
  take_result(std::move(result));
}

void Attempts::step_withdrawn(store::RunNumber number, std::uint32_t id) {
  const KnownRun* run = parts_.runs.find(number);
  LiveOperation* live = run == nullptr ? nullptr : run->live(id);
  if (live != nullptr && live->dispatched()) live->stage = OperationStage::kWaiting;
}

void Attempts::take_back_steps(const std::string& task_queue) {
  (void)submit();  // steps that this round has decided to run now wait with the others
  for (const AttemptTask& task : parts_.shared.task_queues.take_steps(task_queue, shard_)) {
    const KnownRun* run = parts_.runs.find(task.key.run);
    if (run == nullptr || !RunExecutor::take_back_step(run->place, task)) continue;
    step_withdrawn(task.key.run, task.key.operation);
  }
}

std::vector<AttemptTask>& Attempts::tasks_of(const std::string& task_queue) {
  if (latest_ == tasks_.end() || latest_->first != task_queue) {
    latest_ = tasks_.try_emplace(task_queue).first;
  }
  return latest_->second;
}

bool Attempts::submit() {
  bool submitted = false;
  for (auto& [queue, tasks] : tasks_) {
    if (tasks.empty()) continue;
    submitted = true;
    parts_.shared.task_queues.submit(queue, tasks);
  }
  return submitted;
}

}  // namespace reprise::runtime
