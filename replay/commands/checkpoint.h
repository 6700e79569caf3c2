// Checkpoints: the code goes on in the same run as a fresh call, made by a fresh Execution, whose
// history begins at the checkpoint. The call is Execution::checkpoint().
// docs/adr/0051-checkpoints.md.
#pragma once
#include <cstdint>

#include "proto/log.pb.h"

namespace reprise::replay {

// A cancelled run that takes more of them in a row, with nothing between them, is parked.
inline constexpr std::uint32_t kMostIdleCheckpoints = 1'000;

struct RunCore;
struct Continuation;

// On the main strand: what checkpoint() has asked for, when the code's frames are unwound.
void end_at_checkpoint(RunCore& run, Continuation& asked);

// What the fresh Execution needs to know of this one. Not yet: the event's number, and the start
// but for its input.
proto::CheckpointTaken taken_by(const RunCore& run);

// For a CheckpointTaken. False: the run is parked, as by apply_start().
bool apply_checkpoint(RunCore& run, const proto::Event& input);

}  // namespace reprise::replay
