// Timers: armed once the command is durable.
#include "runtime/engine/commands/row.h"

namespace reprise::runtime::commands {
namespace {

void arm_timer(const Recording& recording, const proto::Event& event) {
  if (!recording.run.state.open()) return;
  recording.effects.add(
      {.kind = Effect::Kind::kArm, .operation = event.timer_started().id(), .run = &recording.run});
}

}  // namespace

const Row kTimerStarted{.follow = arm_timer};

}  // namespace reprise::runtime::commands
