// Activities: the world executes them, and their outcomes are inputs. The call is
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
// A cancelled one has ended for the code at once. What comes of it after that is for nobody.
inline constexpr std::array kActivity = {
    Transition{kCreated, kRecord, kRecorded},
    Transition{kRecorded, kSuccess, kSucceeded},
    Transition{kRecorded, kFailure, kFailed},
    Transition{kRecorded, kCancel, kCancelled},
};
}  // namespace lifecycles

void cancel_activity(RunCore& run, Operation& activity, base::CallSite site);
// Of an ActivityCompleted or an ActivityFailed.
void apply_to_activity(RunCore& run, const proto::Event& input);

}  // namespace reprise::replay
