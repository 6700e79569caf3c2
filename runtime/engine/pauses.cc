#include "runtime/engine/pauses.h"

#include <utility>

namespace reprise::runtime {

// It may be resumed already, by a turn that is not durable yet: resumed() follows then.
void Pauses::paused(KnownRun& run) {
  if (run.state.open()) attempts_.hold(run);
}

// The attempts and transactions that wait have effects of their own (commands/run.cc).
void Pauses::resumed(KnownRun& run) {
  if (!run.state.open() || run.state.is_paused()) return;  // paused again meanwhile
  if (run.extras == nullptr) return;
  for (const std::uint32_t id : std::exchange(run.extras->held_timers, {})) {
    const PendingOperation* const timer = run.state.find(id);
    if (timer != nullptr) timers_.arm(run, *timer, TimerEntry::Kind::kFire, timer->due_ms);
  }
  run.drop_empty_extras();
}

}  // namespace reprise::runtime
