#include "replay/operation.h"

#include <array>

namespace reprise::replay {
namespace {

using Kind = Operation::Kind;
using State = Operation::State;
using Trigger = Operation::Trigger;

struct Transition {
  Kind kind;
  Trigger trigger;
  State to;
};

// Every operation starts pending and ends once; what is not listed here does not happen. Steps
// cannot be cancelled because their closure may refer to the frame that waits for it, and a spawned
// strand stops by being dropped.
constexpr std::array kFromPending = {
    Transition{Kind::kActivity, Trigger::kSuccess, State::kSucceeded},
    Transition{Kind::kActivity, Trigger::kFailure, State::kFailed},
    Transition{Kind::kActivity, Trigger::kCancel, State::kCancelled},
    Transition{Kind::kStep, Trigger::kSuccess, State::kSucceeded},
    Transition{Kind::kStep, Trigger::kFailure, State::kFailed},
    Transition{Kind::kTimer, Trigger::kSuccess, State::kSucceeded},
    Transition{Kind::kTimer, Trigger::kCancel, State::kCancelled},
    Transition{Kind::kSignal, Trigger::kSuccess, State::kSucceeded},
    Transition{Kind::kSignal, Trigger::kCancel, State::kCancelled},
    Transition{Kind::kSpawn, Trigger::kSuccess, State::kSucceeded},
};

}  // namespace

bool Operation::complete(Trigger trigger, std::uint64_t order, Outcome outcome) {
  if (state_ != State::kPending) return false;
  for (const Transition& transition : kFromPending) {
    if (transition.kind != kind_ || transition.trigger != trigger) continue;
    state_ = transition.to;
    order_ = order;
    outcome_ = std::move(outcome);
    return true;
  }
  return false;
}

std::string_view to_string(Operation::Kind kind) {
  switch (kind) {
    case Kind::kActivity:
      return "activity";
    case Kind::kStep:
      return "step";
    case Kind::kTimer:
      return "timer";
    case Kind::kSignal:
      return "signal";
    case Kind::kSpawn:
      return "strand";
  }
  return "operation";
}

}  // namespace reprise::replay
