// Activities: attempts are made once the command is durable, and stop when the code gives it up.
#include <memory>

#include "runtime/engine/commands/row.h"

namespace reprise::runtime::commands {
namespace {

void learn_activity(KnownRun& run, const proto::Event& event) {
  const proto::ActivityScheduled& scheduled = event.activity_scheduled();
  const PendingOperation* const operation = run.state.find(scheduled.id());
  if (operation == nullptr || operation->is_step()) return;  // given up in the same turn
  OperationDetails* const details = run.with_extras().operations.add_details(scheduled.id());
  if (details == nullptr) return;
  details->activity = std::make_shared<proto::ActivityScheduled>(scheduled);
}

void dispatch_activity(const Recording& recording, const proto::Event& event) {
  if (!recording.run.state.open()) return;
  recording.effects.add({.kind = Effect::Kind::kDispatch,
                         .operation = event.activity_scheduled().id(),
                         .run = &recording.run});
}

void stop_activity(const Recording& recording, const proto::Event& event) {
  const LiveOperation* const live = recording.run.live(event.activity_cancel_requested().id());
  if (live != nullptr) stop_attempt(recording, *live);
}

void ask_activity(const Recording& recording, const proto::Event& event) {
  if (!recording.run.state.open()) return;
  recording.effects.add({.kind = Effect::Kind::kAskToCancel,
                         .operation = event.activity_cancel_awaited().id(),
                         .run = &recording.run});
}

}  // namespace

const Row kActivityCancelAwaited{.follow = ask_activity};
const Row kActivityScheduled{.learn = learn_activity, .follow = dispatch_activity};
const Row kActivityCancelRequested{.give_up = stop_activity};

// One that the code would only abandon is not asked by the end of the run either.
void stop_attempt(const Recording& recording, const LiveOperation& live) {
  if (live.details == nullptr || live.details->step || live.details->control == nullptr) return;
  if (live.details->activity->on_cancel() == proto::ActivityScheduled::ABANDON) {
    recording.effects.add({.act = [control = live.details->control] { (void)control->abandon(); }});
    return;
  }
  recording.effects.add(
      {.act = [&queues = recording.shared.task_queues,
               queue = recording.run.queue_of(*live.details->activity),
               control = live.details->control] { queues.give_up(queue, control); }});
}

}  // namespace reprise::runtime::commands
