// Timers: started by the code, fired by the engine. The call is Execution::start_timer().
#pragma once
#include <array>

#include "base/call_site.h"
#include "proto/log.pb.h"
#include "replay/commands/lifecycle.h"

namespace reprise::replay {

class Operation;
struct RunCore;

namespace lifecycles {
inline constexpr std::array kTimer = {
    Transition{kCreated, kRecord, kRecorded},
    Transition{kRecorded, kSuccess, kSucceeded},
    Transition{kRecorded, kCancel, kCancelled},
};
}  // namespace lifecycles

void cancel_timer(RunCore& run, Operation& timer, base::CallSite site);
// Of a TimerFired.
void apply_to_timer(RunCore& run, const proto::Event& input);

}  // namespace reprise::replay
