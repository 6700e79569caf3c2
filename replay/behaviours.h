// The semantics that a run began with. A correction of what the library does with a run would make
// recorded runs differ from their histories. So it is a behaviour: a number in the first event of a
// run, which every replay of that run obeys. docs/versioning.md lists them.
//
// To add one: raise kNewest and add a question, which asks for the number. A golden history of a
// run on which the question makes a difference is recorded before that and once more after it
// (tests/golden/README.md). Questions are never removed: somebody has a run from before.
#pragma once
#include <cstdint>

namespace reprise::replay {

class Behaviours {
 public:
  // What runs begin with that are started now.
  static constexpr std::uint32_t kNewest = 2;

  constexpr Behaviours() = default;  // of a run from before there were any
  constexpr explicit Behaviours(std::uint32_t number) : number_(number) {}

  constexpr std::uint32_t number() const { return number_; }
  // False: a newer version of the library has begun the run, and this one cannot go on with it.
  constexpr bool known() const { return number_ <= kNewest; }

  // ---- 1 ----
  // A wait in a cancelled scope ends with what was complete before the cancellation, or not at all.
  // Otherwise what the cancellation itself completes counts too, and wins.
  constexpr bool cancellation_comes_first() const { return number_ >= 1; }
  // Durable calls in a closure of side_effect() and in a condition are refused.
  constexpr bool closures_make_no_calls() const { return number_ >= 1; }
  // Of two strands that wait in get() of one Pending, the second is told.
  constexpr bool results_are_taken_once() const { return number_ >= 1; }
  // Updates that come while the code is being made wait for their handlers, as signals do.
  constexpr bool updates_await_handlers() const { return number_ >= 1; }

  // ---- 2 ----
  // A signal that does not decode is not for the code. Otherwise it is handed over, and parks the
  // run where the code reads it.
  constexpr bool unreadable_signals_are_set_aside() const { return number_ >= 2; }
  // The wait for the next signal is over when it is cancelled. Otherwise dropping the Pending puts
  // a signal that nobody sent into the inbox.
  constexpr bool cancelled_signals_are_none() const { return number_ >= 2; }
  // Conditions are looked at after every input. Otherwise an input on which no code goes on, such
  // as a signal for the inbox, is seen when some code has run.
  constexpr bool conditions_see_every_input() const { return number_ >= 2; }
  // Code that does nothing but catch what a cancellation throws, for ever, is parked.
  constexpr bool loops_in_cancelled_scopes_end() const { return number_ >= 2; }

 private:
  std::uint32_t number_ = 0;
};

}  // namespace reprise::replay
