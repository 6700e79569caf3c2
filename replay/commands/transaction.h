// Transactions: closures on the stack of the strand that waits for them, executed by the thread
// that writes the log while it writes the outcome. The call is Execution::run_transaction();
// everything else is as for steps (Steps).
#pragma once
#include <array>

#include "replay/commands/lifecycle.h"

namespace reprise::replay::lifecycles {

// Like a step it cannot be stopped half way, so cancelling it is only a request. One that has not
// been given to the writer then fails as cancelled; the outcome of one that has been comes as ever.
inline constexpr std::array kTransaction = {
    Transition{kCreated, kRecord, kRecorded},    Transition{kRecorded, kSuccess, kSucceeded},
    Transition{kRecorded, kFailure, kFailed},    Transition{kRecorded, kCancel, kCancelAsked},
    Transition{kRecorded, kDrop, kAbandoned},    Transition{kCancelAsked, kSuccess, kSucceeded},
    Transition{kCancelAsked, kFailure, kFailed}, Transition{kCancelAsked, kDrop, kAbandoned},
};

}  // namespace reprise::replay::lifecycles
