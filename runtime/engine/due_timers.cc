#include "runtime/engine/due_timers.h"

#include <algorithm>
#include <utility>

#include "event/retry.h"
#include "runtime/engine/next_run.h"
#include "runtime/engine/pauses.h"
#include "runtime/engine/stored_run.h"

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
      transactions_.start(run, entry.operation);  // if it is one
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
    case TimerEntry::Kind::kDelayEnd:
      return end_delay(run, entry);
  }
}

// A timer is armed once, so it fires once.
void DueTimers::fire_timer(KnownRun& run, const TimerEntry& entry) {
  // Those that are held already come first: resumed().
  const bool holds = run.extras != nullptr && !run.extras->held_timers.empty();
  if (run.paused() || run.state.is_paused() || holds) return Pauses::hold(run, entry.operation);
  round_.add_input(run)->mutable_timer_fired()->set_id(entry.operation);
  // The clock may be set back before the turn reads it again.
  run.turn->set_time_ms(std::max(run.turn->time_ms(), entry.due_ms));
}

namespace {

// Does the limit that is due belong to the whole chain?
bool is_of_chain(const RunState& run, const TimerEntry& entry) {
  const RunTerms* const terms = run.terms();
  return terms != nullptr && terms->execution_due_ms > 0 && terms->execution_due_ms <= entry.due_ms;
}

// The wait before the next attempt; nullopt: there is none.
std::optional<base::Duration> retry_of(const RunState& run, std::int64_t now_ms) {
  const RunTerms* const terms = run.terms();
  if (terms == nullptr || terms->retry == nullptr || terms->asked_to_cancel) return std::nullopt;
  return event::retry_of_run(*terms->retry, terms->attempt, time_limit_failure(false),
                             terms->execution_due_ms, now_ms);
}

}  // namespace

void DueTimers::fire_run_timeout(KnownRun& run, const TimerEntry& entry) {
  if (!run.state.run_timeout_due_ms()) return;  // it has ended meanwhile
  const auto again = [this, number = run.state.number, entry] {
    if (KnownRun* later = runs_.find(number); later != nullptr) fire_run_timeout(*later, entry);
  };
  const bool chain = is_of_chain(run.state, entry);
  const bool retried = !chain && retry_of(run.state, entry.due_ms).has_value();
  std::optional<replay::UnreadInputs> unread;
  if (retried) {
    auto read = read_unread(run);
    if (!read) return time_out_later(run, read.error());
    unread = std::move(read).value();
  }
  if (round_.ends_later(run, again)) return;
  if (retried) return time_out_and_retry(run, entry, std::move(unread));
  round_.record_end(
      run, [chain](proto::Event* input) { input->mutable_run_timed_out()->set_chain(chain); },
      [](const base::Status&) {}, entry.due_ms);
}

// `unread`: from before inputs that were gathered have run. nullopt: not known.
void DueTimers::time_out_and_retry(KnownRun& run,
                                   const TimerEntry& entry,
                                   std::optional<replay::UnreadInputs> unread) {
  if (!run.state.open()) return;
  if (run.place != nullptr) unread = RunExecutor::unread_at_limit(run.place);
  if (!unread) {
    return loading_.when_readable(
        run.state.number, [this, entry](KnownRun& later) { fire_run_timeout(later, entry); });
  }
  const std::int64_t now_ms = std::max(entry.due_ms, base::to_ms(shared_.clock.now()));
  const auto wait = unread->start == nullptr ? std::nullopt : retry_of(run.state, now_ms);
  const auto end = [&](proto::Event* input) {
    proto::RunTimedOut* const timed_out = input->mutable_run_timed_out();
    if (!wait) return;
    const base::RunId next = event::id_after(run.state.id, base::from_ms(now_ms));
    timed_out->set_next_run_id(std::string(next.bytes()));
    timed_out->set_retry_in_ms(wait->count());
  };
  round_.record_end(
      run, end, [](const base::Status&) {}, now_ms, &*unread);
}

// What goes to the next attempt is known from the code of a run that is resident: this makes it so,
// or else reads what its code has not seen, and adds what it gets in this round. nullopt: not now.
// An error: it does not open, and so nobody can say with what it is to be tried again.
base::Result<std::optional<replay::UnreadInputs>> DueTimers::read_unread(KnownRun& run) {
  using Unread = std::optional<replay::UnreadInputs>;
  if (run.place != nullptr || !loading_.is_readable(run)) return Unread();
  const StoredRun stored(shared_, run);
  if (!run.parked() && executor_.load(run.place, stored)) return Unread();
  auto unread = unread_in_history(stored);
  if (!unread && is_passing(unread.error())) return unread.error();
  if (!unread) return Unread(replay::UnreadInputs());  // it is not tried again, but ends
  if (run.turn == nullptr) return Unread(std::move(*unread));
  for (const proto::Event& input : run.turn->inputs()) {
    // An update that no code has looked at waits, and goes along unrecorded.
    if (!input.has_update_received()) replay::add_unseen(input, &*unread);
  }
  return Unread(std::move(*unread));
}

// Its codec may be one that asks for its keys elsewhere. The limit of the chain needs no key.
void DueTimers::time_out_later(KnownRun& run, const base::Error& why) {
  constexpr std::int64_t kAgainMs = 60'000;
  if (!run.parked()) parking_.park(run, {why.code, why.message, std::nullopt});
  const std::int64_t now_ms = base::to_ms(shared_.clock.now());
  const std::int64_t chain_ms = run.state.terms()->execution_due_ms;
  const std::int64_t again_ms = base::add_sat(now_ms, kAgainMs);
  timers_.arm_limit(run, chain_ms > now_ms ? std::min(chain_ms, again_ms) : again_ms);
}

// A run that is cancelled before its code has run has nothing to clean up. The end of the delay
// comes before everything that the code does, so it must not be an input that the code's end leaves
// out.
void DueTimers::end_delay(KnownRun& run, const TimerEntry& entry) {
  round_.run_gathered(run);  // a cancellation may be among that
  if (!run.state.open()) return;
  if (run.state.terms()->asked_to_cancel) {
    return round_.record_end(
        run, [](proto::Event* input) { input->mutable_run_called_off(); },
        [](const base::Status&) {});
  }
  round_.add_input(run)->mutable_delay_ended();
  run.turn->set_time_ms(std::max(run.turn->time_ms(), entry.due_ms));
  // That is recorded first; its code runs in a turn of its own, as soon as it can.
  round_.run_gathered(run);
  round_.gather(run);
}

}  // namespace reprise::runtime
