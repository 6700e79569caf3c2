// What a turn does to its run: start it or end it.
#pragma once
#include "proto/log.pb.h"

namespace reprise::event {

// Does it have the start of the run? A run starts in its first turn and nowhere else: its names
// come from there.
bool starts(const proto::Turn& turn);

// The event that ended the run, which is the last command or the last input; nullptr: none has.
const proto::Event* ending(const proto::Turn& turn);

inline bool closes(const proto::Turn& turn) {
  return ending(turn) != nullptr;
}

}  // namespace reprise::event
