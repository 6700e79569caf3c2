// Values computed inside a turn and recorded with it. The call is
// Execution::side_effect().
#pragma once
#include <array>

#include "replay/commands/lifecycle.h"

namespace reprise::replay {

namespace lifecycles {
// The code goes on at once, so there is no time to cancel it.
inline constexpr std::array kSideEffect = {
    Transition{kCreated, kRecord, kSucceeded},  // on replay: the log has the value
    Transition{kCreated, kStart, kUnderWay},    // its closure runs, in a live turn
    Transition{kUnderWay, kRecord, kSucceeded},
};
}  // namespace lifecycles

}  // namespace reprise::replay
