// Steps: attempts are made once the command is durable.
#include <memory>

#include "runtime/engine/commands/row.h"

namespace reprise::runtime::commands {
namespace {

void learn_step(KnownRun& run, const proto::Event& event) {
  const proto::StepScheduled& scheduled = event.step_scheduled();
  const PendingOperation* const operation = run.state.find(scheduled.id());
  if (operation == nullptr || !operation->is_step()) return;  // given up in the same turn
  OperationDetails* const details = run.with_extras().operations.add_details(scheduled.id());
  if (details == nullptr) return;
  StepDetails& step = details->step.emplace();
  step.name = scheduled.name();
  step.start_to_close_ms = scheduled.start_to_close_ms();
  if (scheduled.has_retry()) step.retry = std::make_unique<proto::RetryPolicy>(scheduled.retry());
}

void dispatch_step(const Recording& recording, const proto::Event& event) {
  if (!recording.run.state.open()) return;
  recording.effects.add({.kind = Effect::Kind::kDispatch,
                         .operation = event.step_scheduled().id(),
                         .run = &recording.run});
}

}  // namespace

const Row kStepScheduled{.learn = learn_step, .follow = dispatch_step};

}  // namespace reprise::runtime::commands
