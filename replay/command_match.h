// When is what the code asks for what the log says? Kind, id and name always; the input, options
// and durations only in strict mode. The call site never counts.
#pragma once
#include "proto/log.pb.h"

namespace reprise::replay {

bool same_command(const proto::Event& recorded, const proto::Event& attempted);

// Of two events for which same_command() holds: everything else that they carry, but for the call
// site. What a side effect recorded is an answer, and was not computed again.
bool same_input(const proto::Event& recorded, const proto::Event& attempted);

}  // namespace reprise::replay
