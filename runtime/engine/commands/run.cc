// Runs: a run's time limit counts from its start.
#include "runtime/engine/commands/row.h"

namespace reprise::runtime::commands {
namespace {

void arm_run_timeout(const Recording& recording, const proto::Event& event) {
  if (!recording.run.state.open() || event.run_started().run_timeout_ms() <= 0) return;
  recording.effects.add({.kind = Effect::Kind::kArmRunTimeout, .run = &recording.run});
}

}  // namespace

const Row kRunStarted{.follow = arm_run_timeout};

}  // namespace reprise::runtime::commands
