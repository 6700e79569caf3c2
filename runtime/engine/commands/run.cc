// Runs: a run's time limit counts from its start, its code may have to wait, and until then a
// request to cancel it ends it. While it is paused, nothing of it begins.
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

template <Effect::Kind kKind>
void tell_shard(const Recording& recording, const proto::Event&) {
  if (recording.run.state.open()) recording.effects.add({.kind = kKind, .run = &recording.run});
}

// What attempts have said was said of another run's.
void forget_attempts(KnownRun& run, const proto::Event&, std::int64_t /*time_ms*/) {
  if (run.extras == nullptr) return;
  run.extras->operations.for_each([](LiveOperation& live) {
    if (live.details == nullptr) return;
    live.details->heartbeat.clear();
    live.details->last_failure.clear();
  });
}

}  // namespace

const Row kRunReset{.learn_again = forget_attempts, .follow = tell_shard<Effect::Kind::kBegun>};
const Row kRunForked{.learn_again = forget_attempts, .follow = tell_shard<Effect::Kind::kBegun>};
const Row kRunPaused{.follow = tell_shard<Effect::Kind::kPaused>};
const Row kRunResumed{.follow = tell_shard<Effect::Kind::kResumed>};
const Row kCancelRequested{.follow = call_off};
const Row kRunStarted{.follow = arm};

}  // namespace reprise::runtime::commands
