// Decisions of the code that are recorded for those who read the history. The call is
// Execution::decide().
#pragma once
#include <array>

#include "replay/commands/lifecycle.h"

namespace reprise::replay {

namespace lifecycles {
// The code goes on at once, so there is no time to cancel it.
inline constexpr std::array kDecision = {
    Transition{kCreated, kRecord, kSucceeded},  // the log has it, or a live turn records it
};
}  // namespace lifecycles

}  // namespace reprise::replay
