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

// What is pending now begins. What a later turn asks for follows from that one: it may be recorded
// before this is durable.
void begin_pending(const Recording& recording) {
  KnownRun& run = recording.run;
  for (const PendingOperation& operation : run.state.pending()) {
    if (operation.done || !(operation.is_attempted() || operation.is_transaction())) continue;
    const auto kind =
        operation.is_transaction() ? Effect::Kind::kTransact : Effect::Kind::kDispatch;
    recording.effects.add({.kind = kind, .operation = operation.id, .run = &run});
  }
}

void resume(const Recording& recording, const proto::Event& event) {
  if (!recording.run.state.open()) return;
  tell_shard<Effect::Kind::kResumed>(recording, event);
  begin_pending(recording);
}

// The run has begun with a part of another one's history.
void begin_anew(const Recording& recording, const proto::Event&) {
  KnownRun& run = recording.run;
  if (!run.state.open()) return;
  recording.effects.add({.kind = Effect::Kind::kArmRun, .run = &run});
  for (const PendingOperation& operation : run.state.pending()) {
    if (operation.done || operation.kind != OperationKind::kTimer) continue;
    recording.effects.add({.kind = Effect::Kind::kArm, .operation = operation.id, .run = &run});
  }
  begin_pending(recording);
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

const Row kRunReset{.learn_again = forget_attempts, .follow = begin_anew};
const Row kRunForked{.learn_again = forget_attempts, .follow = begin_anew};
const Row kRunPaused{.follow = tell_shard<Effect::Kind::kPaused>};
const Row kRunResumed{.follow = resume};
const Row kCancelRequested{.follow = call_off};
const Row kRunStarted{.follow = arm};

}  // namespace reprise::runtime::commands
