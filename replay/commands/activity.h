// Activities: workers execute them, and their outcomes are inputs. The call is
// Execution::schedule_activity().
#pragma once
#include <array>

#include "base/call_site.h"
#include "proto/log.pb.h"
#include "replay/commands/lifecycle.h"

namespace reprise::replay {

class Operation;
struct RunCore;

namespace lifecycles {
// kAsk: its attempt is asked to stop, and its outcome is waited for. kCancel: for the code it ends
// at once, and a later outcome is ignored.
inline constexpr std::array kActivity = {
    Transition{kCreated, kRecord, kRecorded},    Transition{kRecorded, kSuccess, kSucceeded},
    Transition{kRecorded, kFailure, kFailed},    Transition{kRecorded, kAsk, kCancelAsked},
    Transition{kRecorded, kCancel, kCancelled},  Transition{kCancelAsked, kSuccess, kSucceeded},
    Transition{kCancelAsked, kFailure, kFailed},
};
}  // namespace lifecycles

// Does what the mode in its command says.
void cancel_activity(RunCore& run, Operation& activity, base::CallSite site);
// For an ActivityCompleted or an ActivityFailed.
void apply_to_activity(RunCore& run, const proto::Event& input);

}  // namespace reprise::replay
