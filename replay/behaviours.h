// The semantics that a run began with. A correction of the library's semantics would make recorded
// runs differ from their histories. So it is a behaviour: a number in the first event of a run,
// which every replay of that run follows. docs/versioning.md lists them.
//
// To add one: raise kNewest and add a question, which asks for the number. A golden history of a
// run on which the question makes a difference is recorded before that and once more after it
// (tests/golden/README.md). Questions are never removed: there may always be runs from before.
#pragma once
#include <cstdint>

namespace reprise::replay {

class Behaviours {
 public:
  // The behaviours of runs that start now.
  static constexpr std::uint32_t kNewest = 2;

  constexpr Behaviours() = default;  // of a run from before there were any
  constexpr explicit Behaviours(std::uint32_t number) : number_(number) {}

  constexpr std::uint32_t number() const { return number_; }
  // False: a newer version of the library has begun the run, and this one cannot continue it.
  constexpr bool known() const { return number_ <= kNewest; }

  // ---- 1 ----
  // A wait in a cancelled scope ends only with something that was complete before the cancellation;
  // else it throws. Before: operations that the cancellation itself completes counted too, and won.
  constexpr bool cancellation_comes_first() const { return number_ >= 1; }
  // Durable calls in a closure of side_effect() and in a condition are refused.
  constexpr bool closures_make_no_calls() const { return number_ >= 1; }
  // If two strands wait in get() of one Pending, the second one throws.
  constexpr bool results_are_taken_once() const { return number_ >= 1; }
  // Updates that come while the code is being constructed wait for their handlers, like signals.
  constexpr bool updates_await_handlers() const { return number_ >= 1; }

  // ---- 2 ----
  // A signal that does not decode is set aside. Before: it was handed over, and parked the run
  // where the code read it.
  constexpr bool unreadable_signals_are_set_aside() const { return number_ >= 2; }
  // Cancelling the wait for the next signal ends it. Before: dropping the Pending put a signal that
  // nobody sent into the inbox.
  constexpr bool cancelled_signals_are_none() const { return number_ >= 2; }
  // Conditions are evaluated after every input. Before: an input that wakes no code, such as a
  // signal for the inbox, was only seen after other code had run.
  constexpr bool conditions_see_every_input() const { return number_ >= 2; }
  // Code that only catches CancelledFailure, for ever, is parked.
  constexpr bool loops_in_cancelled_scopes_end() const { return number_ >= 2; }

  // ---- of every number so far ----
  // ctx.should_continue(): a history of so many events is long. Code can see it, so another value
  // needs another number.
  constexpr std::uint64_t long_history() const { return 4'096; }

 private:
  std::uint32_t number_ = 0;
};

}  // namespace reprise::replay
