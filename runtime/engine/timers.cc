#include "runtime/engine/timers.h"

namespace reprise::runtime {

void Timers::arm(const KnownRun& run,
                 const PendingOperation& operation,
                 TimerEntry::Kind kind,
                 std::int64_t due_ms) {
  queue_.add({due_ms, run.state.number, operation.id, kind});
  sweep();
}

void Timers::arm_run(const KnownRun& run) {
  if (const auto due_ms = run.state.run_timeout_due_ms()) {
    queue_.add({*due_ms, run.state.number, 0, TimerEntry::Kind::kRunTimeout});
  }
  if (const std::int64_t until_ms = run.state.delayed_until_ms(); until_ms > 0) {
    const std::int64_t due_ms = run.state.terms()->asked_to_cancel ? 0 : until_ms;
    queue_.add({due_ms, run.state.number, 0, TimerEntry::Kind::kDelayEnd});
  }
  sweep();
}

void Timers::arm_limit(const KnownRun& run, std::int64_t due_ms) {
  queue_.add({due_ms, run.state.number, 0, TimerEntry::Kind::kRunTimeout});
}

bool Timers::concerns(const KnownRun& run, const TimerEntry& entry) {
  if (entry.kind == TimerEntry::Kind::kRunTimeout)
    return run.state.run_timeout_due_ms().has_value();
  if (entry.kind == TimerEntry::Kind::kDelayEnd) return run.state.delayed_until_ms() > 0;
  return run.state.find(entry.operation) != nullptr;
}

// Entries of cancelled timers stay in the queue. They are swept when they may be half of all, which
// costs a constant per entry.
void Timers::sweep() {
  constexpr std::size_t kFewTimers = 1'024;
  if (queue_.size() < kFewTimers || queue_.size() < 2 * swept_) return;
  queue_.sweep([this](const TimerEntry& entry) {
    const KnownRun* run = runs_.find(entry.run);
    return run == nullptr || !concerns(*run, entry);
  });
  swept_ = queue_.size();
}

}  // namespace reprise::runtime
