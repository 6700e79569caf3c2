#include "runtime/engine/pauses.h"

#include <utility>
#include <vector>

namespace reprise::runtime {

// It may be resumed already, by a turn that is not durable yet: resumed() follows then.
void Pauses::paused(KnownRun& run) {
  if (run.state.open()) attempts_.hold(run);
}

void Pauses::resumed(KnownRun& run) {
  if (!run.state.open() || run.state.is_paused()) return;  // paused again meanwhile
  if (run.extras != nullptr) {
    for (const std::uint32_t id : std::exchange(run.extras->held_timers, {})) {
      const PendingOperation* const timer = run.state.find(id);
      if (timer != nullptr) timers_.arm(run, *timer, TimerEntry::Kind::kFire, timer->due_ms);
    }
    run.drop_empty_extras();
  }
  start_pending(run);
}

void Pauses::begun(KnownRun& run) {
  if (!run.state.open()) return;
  timers_.arm_run(run);
  for (const PendingOperation& operation : run.state.pending()) {
    if (operation.done || operation.kind != OperationKind::kTimer) continue;
    timers_.arm(run, operation, TimerEntry::Kind::kFire, operation.due_ms);
  }
  start_pending(run);
}

// Those that wait for a thread or are executed are left alone.
void Pauses::start_pending(KnownRun& run) {
  std::vector<std::uint32_t> waiting;
  for (const PendingOperation& operation : run.state.pending()) {
    if (!operation.done && operation.is_attempted()) waiting.push_back(operation.id);
  }
  for (const std::uint32_t id : waiting) attempts_.start(run, id);
  transactions_.start_all(run);
}

}  // namespace reprise::runtime
