// What a run has been sent in this round, and what its state does not know yet.
#pragma once
#include <cstdint>

#include "runtime/engine/run_table.h"

namespace reprise::runtime {

// Is what has become of the operation, or of its attempt, among the inputs that are gathered?
bool is_decided(const KnownRun& run, std::uint32_t id);

}  // namespace reprise::runtime
