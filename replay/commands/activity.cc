#include "replay/commands/activity.h"

#include "base/check.h"
#include "replay/execution_state.h"

namespace reprise::replay {

using Trigger = Operation::Trigger;

namespace {

// What the log says counts, as with the other options: changing one does not concern activities
// that are under way.
CancelMode mode_in_log(const RunCore& run, const proto::ActivityScheduled& attempted) {
  const proto::Event* const recorded = run.log.peek();
  const bool known = recorded != nullptr && recorded->has_activity_scheduled();
  return mode_of((known ? recorded->activity_scheduled() : attempted).on_cancel());
}

}  // namespace

OperationRef Execution::schedule_activity(base::FunctionRef<void(proto::ActivityScheduled&)> fill,
                                          base::CallSite site) try {
  RunCore& run = state_->core;
  run.enter();
  const std::uint32_t id = run.new_id();
  auto* activity = run.log.draft(site)->mutable_activity_scheduled();
  fill(*activity);
  activity->set_id(id);
  const CancelMode on_cancel = mode_in_log(run, *activity);
  run.submit(activity->input().size() + event::bytes_of(activity->headers()));
  OperationRef operation = run.record(Operation::Kind::kActivity, id, activity->name(), site);
  operation->on_cancel = on_cancel;
  return operation;
} catch (const std::bad_alloc&) {
  out_of_memory();
}

namespace {

void give_up(RunCore& run, Operation& activity, base::CallSite site) {
  proto::Event* const event = run.log.draft(site);
  event->mutable_activity_cancel_requested()->set_id(activity.id());
  if (run.submit_withdrawal(*event, activity)) run.end_as_cancelled(activity);
}

void ask(RunCore& run, Operation& activity, base::CallSite site) {
  if (activity.state() == Operation::State::kCancelAsked) return;
  proto::Event* const event = run.log.draft(site);
  event->mutable_activity_cancel_awaited()->set_id(activity.id());
  if (!run.submit_in_destructor(*event)) return;
  REPRISE_CHECK(activity.on(Trigger::kAsk), "an activity that waits is asked once");
  activity.waits_when_cancelled = true;
}

}  // namespace

void cancel_activity(RunCore& run, Operation& activity, base::CallSite site) {
  switch (activity.on_cancel) {
    case CancelMode::kTry:
      return give_up(run, activity, site);
    case CancelMode::kWait:
      return ask(run, activity, site);
    case CancelMode::kAbandon:
      // No command says so, and it stays pending: it goes on, and counts as under way.
      if (!run.over()) run.end_as_cancelled(activity);
      return;
  }
}

void apply_to_activity(RunCore& run, const proto::Event& input) {
  if (input.has_activity_completed()) {
    const auto& completed = input.activity_completed();
    run.answer(input, completed.id(), Trigger::kSuccess, Outcome::success(completed.result()));
  } else {
    const auto& failed = input.activity_failed();
    run.answer(input, failed.id(), Trigger::kFailure, Outcome::failed(failed.failure()));
  }
}

}  // namespace reprise::replay
