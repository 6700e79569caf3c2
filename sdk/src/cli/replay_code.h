// A worker's implementations in the form that a replay needs.
#pragma once
#include "reprise/worker.h"
#include "runtime/worker_code.h"

namespace reprise::internal {

// Log lines were written when the run was recorded: a replay writes none.
runtime::WorkerCode replay_code(const Worker& worker);

}  // namespace reprise::internal
