#include "replay/commands/activity.h"

#include "replay/execution_state.h"

namespace reprise::replay {

OperationRef Execution::schedule_activity(base::FunctionRef<void(proto::ActivityScheduled&)> fill,
                                          base::CallSite site) try {
  RunCore& run = state_->core;
  run.enter();
  const std::uint32_t id = run.new_id();
  auto* activity = run.log.draft(site)->mutable_activity_scheduled();
  fill(*activity);
  activity->set_id(id);
  run.submit(activity->input().size());
  return run.record(Operation::Kind::kActivity, id, activity->name(), site);
} catch (const std::bad_alloc&) {
  out_of_memory();
}

void cancel_activity(RunCore& run, Operation& activity, base::CallSite site) {
  proto::Event* event = run.log.draft(site);
  event->mutable_activity_cancel_requested()->set_id(activity.id());
  if (run.submit_withdrawal(*event, activity)) run.end_as_cancelled(activity);
}

void apply_to_activity(RunCore& run, const proto::Event& input) {
  if (input.has_activity_completed()) {
    const auto& completed = input.activity_completed();
    run.answer(input, completed.id(), Operation::Trigger::kSuccess,
               Outcome::success(completed.result()));
  } else {
    const auto& failed = input.activity_failed();
    run.answer(input, failed.id(), Operation::Trigger::kFailure, Outcome::failed(failed.failure()));
  }
}

}  // namespace reprise::replay
