#include "replay/operation.h"

namespace reprise::replay {

std::string_view to_string(Operation::Kind kind) {
  using Kind = Operation::Kind;
  switch (kind) {
    case Kind::kActivity:
      return "activity";
    case Kind::kStep:
      return "step";
    case Kind::kTimer:
      return "timer";
    case Kind::kSignal:
      return "signal";
    case Kind::kStrand:
      return "strand";
    case Kind::kSideEffect:
      return "side effect";
    case Kind::kPatch:
      return "patch marker";
    case Kind::kUpdate:
      return "update";
    case Kind::kRun:
      return "run";
  }
  return "operation";
}

}  // namespace reprise::replay
