// The run itself: from its RunStarted to the command that ends it, or to an end that comes from
// outside.
#pragma once
#include <array>

#include "proto/log.pb.h"
#include "replay/commands/lifecycle.h"
#include "replay/outcome.h"

namespace reprise::replay {

struct RunCore;

namespace lifecycles {
inline constexpr std::array kRun = {
    Transition{kCreated, kStart, kUnderWay}, Transition{kCreated, kDrop, kAbandoned},
    // Completed, or continued as another run. At a checkpoint it is over for this execution.
    Transition{kUnderWay, kSuccess, kSucceeded}, Transition{kUnderWay, kFailure, kFailed},
    Transition{kUnderWay, kCancel, kCancelled},
    Transition{kUnderWay, kDrop, kAbandoned},  // it is terminated, or out of time
};
}  // namespace lifecycles

// Thrown by continue_as_new() and checkpoint(), and again by each later call of the strand; like
// Evicted, it is no std::exception. It unwinds the code's frames, so that what they have is given
// up in order.
struct Continued {};

// The result of its code ends the run. On its main strand. `start`: how it was started, if it may
// be tried again; nullptr: it is not. True: it is, and another run follows.
bool end_run(RunCore& run, Outcome&& outcome, const proto::RunStarted* start);
// The same with the command that continue_as_new() or checkpoint() has asked for.
void end_by_continuing(RunCore& run);

// For a RunStarted, or a CheckpointTaken, which has another `start`. False: the run is parked,
// because its history is wrong or its behaviours are unknown.
bool apply_start(RunCore& run, const proto::Event& input, const proto::RunStarted& start);
// For a RunTerminated, a RunTimedOut or a RunCalledOff.
void apply_end(RunCore& run);
// Random values and the ids of children are made from this run's id from here on.
void take_identity(RunCore& run, std::string_view run_id);

}  // namespace reprise::replay
