// Runs with children, as one of the workloads: a parent publishes how far it is and starts
// children, in whatever shards; each of them tells its parent that it has begun, and ends.
#pragma once
#include "runtime/worker_gateway.h"

namespace reprise::testing {

// The result of a parent that was told of each child's beginning and end once.
inline constexpr const char* kFamilyTogether = "3 begun, 3 ended";

// Its workflow "family" is what clients start.
void add_families(runtime::WorkerCode* code);

}  // namespace reprise::testing
