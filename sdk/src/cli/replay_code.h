// A worker's implementations as a replay takes them.
#pragma once
#include "reprise/worker.h"
#include "runtime/worker_code.h"

namespace reprise::internal {

// Lines of workflow code were written when the run was recorded: these write none.
runtime::WorkerCode replay_code(const Worker& worker);

}  // namespace reprise::internal
