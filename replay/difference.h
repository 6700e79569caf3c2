// The kind of difference between a recorded command and the code's.
#pragma once
#include "proto/log.pb.h"
#include "replay/mismatch.h"

namespace reprise::replay {

struct Difference {
  Mismatch::Kind kind{};
  int found_at = -1;  // kSwapped: the recorded command that equals the code's
};

// Between the turn's command `index` and another one, for which same_command() does not hold.
Difference difference(const proto::Turn& recorded, int index, const proto::Event& attempted);

}  // namespace reprise::replay
