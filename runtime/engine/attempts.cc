#include "runtime/engine/attempts.h"

#include <utility>

#include "runtime/engine/operation_details.h"
#include "runtime/engine/stored_run.h"

namespace reprise::runtime {
void Attempts::start(KnownRun& run, std::uint32_t id) {
  const PendingOperation* operation = run.state.find(id);
  LiveOperation* live = run.live(id);
  if (operation == nullptr || run.damaged) return;
  if (live != nullptr && live->stage != OperationStage::kWaiting) return;
  // Checked here first: searching 100,000 operations for each of them took 12 s.
  if (live == nullptr || live->details == nullptr) {
    if (!ensure_details(parts_.shared, parts_.parking, run)) return;
    live = run.live(id);
  }
  if (operation->due_ms > base::to_ms(now())) {
    parts_.timers.arm(run, *operation, TimerEntry::Kind::kRetry, operation->due_ms);
  } else if (operation->is_step()) {
    dispatch_step(run, *operation, *live);
  } else {
    dispatch_activity(run, *operation, *live);
  }
}

void Attempts::start_steps(KnownRun& run) {
  std::vector<std::uint32_t> steps;
  for (const PendingOperation& operation : run.state.pending()) {
    if (operation.is_step() && !operation.done) steps.push_back(operation.id);
  }
  for (const std::uint32_t id : steps) start(run, id);
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
  task.activity = std::make_unique<ActivityTask>(
      ActivityTask{details.activity, run.state.id, run.state.workflow_id, details.heartbeat});
  tasks_[run.queue_of(spec)].push_back(std::move(task));
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
  const auto load = [&] {
    const CodeMark::Scope in_code(parts_.code_mark, &run);
    return parts_.host.load(run.place, StoredRun(parts_.shared, run.state));
  };
  if (const auto trouble = load()) {
    // add_worker() comes back to it.
    if (trouble->code != base::ErrorCode::kNoWorker) parts_.parking.park(run, *trouble);
    return;
  }
  const auto body = Host::find(run.place)->step_body(operation.id);
  if (!body) return;  // its strand was stopped in a turn that is not in the log yet
  if (Host::find(run.place)->step_no_longer_wanted(operation.id)) {
    return step_cancelled(run, operation, live);
  }
  live.stage = OperationStage::kDispatched;
  live.details->control = std::make_shared<AttemptControl>(std::stop_source(std::nostopstate));
  Host::pin(run.place);
  AttemptTask task;
  task.key = {shard_, number, operation.id, operation.attempt};
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
  result.token =
      parts_.shared.store->attempt_slots().take({number, operation.id, operation.attempt});
  {
    const CodeMark::Scope in_code(parts_.code_mark, &run);
    result.outcome = execute_step(task);
  }
  take_result(std::move(result));
}

bool Attempts::step_unwanted(store::RunNumber number, std::uint32_t id) {
  KnownRun* run = parts_.runs.find(number);
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

void Attempts::step_abandoned(store::RunNumber number, std::uint32_t id) {
  KnownRun* run = parts_.runs.find(number);
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

void Attempts::take_back_steps(const std::string& task_queue) {
  (void)submit();  // steps that this round has decided to run now wait with the others
  for (const AttemptTask& task : parts_.shared.task_queues.take_steps(task_queue, shard_)) {
    if (!task.control->abandon()) continue;  // the code has given it up before
    KnownRun* run = parts_.runs.find(task.key.run);
    Host::unpin(run->place);
    if (LiveOperation* live = run->live(task.key.operation);
        live != nullptr && live->dispatched()) {
      live->stage = OperationStage::kWaiting;
    }
  }
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
