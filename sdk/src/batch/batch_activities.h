// What a batch's run cannot do itself: looking up runs, and what only clients can ask of a run.
// Both may be called again after a crash: what was done before is recognised.
#pragma once
#include <string>
#include <vector>

#include "runtime/client_service.h"
#include "sdk/src/batch/batch_types.h"

namespace reprise::internal {

// `total`, if it is asked for: how many match. Throws an ApplicationFailure with the code of the
// error; retryable unless it is the filter's.
BatchPage find_batch_runs(runtime::ClientService& clients, const BatchLook& look);

// Terminates, pauses, resumes or resets the runs; all that is asked is under way together.
// `batch_run`: the workflow id of the batch. Throws what the whole engine refuses, to be retried.
std::vector<BatchOutcome> reach_batch_runs(runtime::ClientService& clients,
                                           std::string_view batch_run,
                                           const BatchWork& work);

}  // namespace reprise::internal
