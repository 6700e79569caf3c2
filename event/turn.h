// What a turn does to its run as a whole.
#pragma once
#include "proto/log.pb.h"

namespace reprise::event {

// Has it the start of the run? A run starts in its first turn and nowhere else: what it is called
// follows from that.
bool starts(const proto::Turn& turn);

// The event that ended the run, which is the last command or the last input; nullptr: none has.
const proto::Event* ending(const proto::Turn& turn);

inline bool closes(const proto::Turn& turn) {
  return ending(turn) != nullptr;
}

}  // namespace reprise::event
