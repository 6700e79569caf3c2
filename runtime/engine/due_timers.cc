#include "runtime/engine/due_timers.h"

#include <algorithm>

namespace reprise::runtime {

bool DueTimers::fire() {
  return timers_.fire_due(base::to_ms(shared_.clock.now()),
                          [this](KnownRun& run, const TimerEntry& entry) {
                            fire(run, entry);
                            round_.run_turns_if_many();
                          });
}

void DueTimers::fire(KnownRun& run, const TimerEntry& entry) {
  switch (entry.kind) {
    case TimerEntry::Kind::kRetry:
      return attempts_.retry_due(run, entry);
    case TimerEntry::Kind::kFire:
      return fire_timer(run, entry);
    case TimerEntry::Kind::kScheduleToStart:
      return attempts_.start_is_late(run, entry);
    case TimerEntry::Kind::kScheduleToClose:
      return attempts_.close_is_late(run, entry);
    case TimerEntry::Kind::kOpenLimit:
      return attempts_.open_limit_due(run, entry);
    case TimerEntry::Kind::kRunTimeout:
      return fire_run_timeout(run, entry);
  }
}

// A timer is armed once, so it fires once.
void DueTimers::fire_timer(KnownRun& run, const TimerEntry& entry) {
  round_.add_input(run)->mutable_timer_fired()->set_id(entry.operation);
  // The clock may be set back before the turn reads it again.
  run.turn->set_time_ms(std::max(run.turn->time_ms(), entry.due_ms));
}

void DueTimers::fire_run_timeout(KnownRun& run, const TimerEntry& entry) {
  const auto again = [this, number = run.state.number, entry] {
    if (KnownRun* later = runs_.find(number); later != nullptr) fire_run_timeout(*later, entry);
  };
  if (round_.ends_later(run, again)) return;
  round_.record_end(
      run, [](proto::Event* input) { input->mutable_run_timed_out(); }, [](const base::Status&) {},
      entry.due_ms);
}

}  // namespace reprise::runtime
