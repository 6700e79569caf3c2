// Runs: a run's time limit counts from its start, its code may have to wait, and until then a
// request to cancel it ends it.
#include "runtime/engine/commands/row.h"

namespace reprise::runtime::commands {
namespace {

void arm(const Recording& recording, const proto::Event&) {
  const RunState& state = recording.run.state;
  if (!state.run_timeout_due_ms() && state.delayed_until_ms() == 0) return;
  recording.effects.add({.kind = Effect::Kind::kArmRun, .run = &recording.run});
}

void call_off(const Recording& recording, const proto::Event&) {
  if (recording.run.state.delayed_until_ms() == 0) return;
  recording.effects.add({.kind = Effect::Kind::kArmRun, .run = &recording.run});
}

}  // namespace

const Row kCancelRequested{.follow = call_off};
const Row kRunStarted{.follow = arm};

}  // namespace reprise::runtime::commands
