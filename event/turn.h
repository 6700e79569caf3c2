// What a turn does to its run: start it or end it.
#pragma once
#include <string>

#include "proto/log.pb.h"

namespace reprise::event {

// Does it have the start of the run? A run starts in its first turn and nowhere else: its names
// come from there.
bool starts(const proto::Turn& turn);

// The event that ended the run, which is the last command or the last input; nullptr: none has.
const proto::Event* ending(const proto::Turn& turn);

// The id of the run that begins in the commit of this end: as the next attempt, or because the code
// has continued as it. Empty: none does.
const std::string& next_run_id(const proto::Event& end);

// Does it end with a checkpoint, and with it a segment of the history? The next turn of the run
// begins the next one.
bool ends_segment(const proto::Turn& turn);

// The first input of a turn that begins a segment after a checkpoint; nullptr: it does not.
const proto::CheckpointTaken* segment_start(const proto::Turn& turn);

inline bool closes(const proto::Turn& turn) {
  return ending(turn) != nullptr;
}

}  // namespace reprise::event
