// The children of a run that it waits for, with what its history says of them.
#pragma once
#include <vector>

#include "runtime/engine/shared.h"
#include "runtime/fold/run_state.h"

namespace reprise::runtime {

// Reads the history, if there are any; what cannot be read is left out.
std::vector<PendingChild> pending_children(const Shared& shared, const RunState& run);

}  // namespace reprise::runtime
