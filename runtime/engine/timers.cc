#include "runtime/engine/timers.h"

namespace reprise::runtime {

void Timers::arm(const KnownRun& run,
                 const PendingOperation& operation,
                 TimerEntry::Kind kind,
                 std::int64_t due_ms) {
  queue_.add({due_ms, run.state.number, operation.id, kind});
  sweep();
}

// Entries of timers that were cancelled are left in the queue. They are swept when they may be half
// of all, which costs each entry a constant.
void Timers::sweep() {
  constexpr std::size_t kFewTimers = 1'024;
  if (queue_.size() < kFewTimers || queue_.size() < 2 * swept_) return;
  queue_.sweep([this](const TimerEntry& entry) {
    KnownRun* run = runs_.find(entry.run);
    return run == nullptr || run->state.find(entry.operation) == nullptr;
  });
  swept_ = queue_.size();
}

}  // namespace reprise::runtime
