// Messages to other runs: signals, and requests to cancel. The engine delivers them; that they
// arrived, or never will, is an input. The calls are Execution::send_signal() and send_cancel().
#pragma once
#include <array>

#include "proto/log.pb.h"
#include "replay/commands/lifecycle.h"

namespace reprise::replay {

struct RunCore;

namespace lifecycles {
// One that is recorded is sent: a cancelled scope stops waiting for it, but does not stop it.
inline constexpr std::array kMessage = {
    Transition{kCreated, kRecord, kRecorded},
    Transition{kRecorded, kSuccess, kSucceeded},
    Transition{kRecorded, kFailure, kFailed},
};
}  // namespace lifecycles

// For a MessageDelivered or a MessageRefused.
void apply_to_message(RunCore& run, const proto::Event& input);

// Waits, cancelled or not, until it is known what became of each message, and whether each child
// has begun: so a run that has ended has nothing left to send. On the run's main strand, whose code
// has returned: other strands may refer to its variables, so they do not run any more, and what
// comes meanwhile is not for the code.
void await_messages(RunCore& run);

}  // namespace reprise::replay
