// All runs of a store, whatever their status.
#pragma once
#include "base/visitor.h"
#include "runtime/engine/store_reader.h"

namespace reprise::tools {

inline constexpr runtime::RunStatus kEveryStatus[] = {
    runtime::RunStatus::kRunning,   runtime::RunStatus::kPaused,
    runtime::RunStatus::kCompleted, runtime::RunStatus::kFailed,
    runtime::RunStatus::kCancelled, runtime::RunStatus::kTerminated,
    runtime::RunStatus::kTimedOut,  runtime::RunStatus::kContinuedAsNew};

// Status by status, the newest run of each first, until `visit` has seen enough. Open ones come
// first: a run that ends meanwhile may be seen twice, but is never missed.
base::Status visit_every_run(runtime::StoreReader& reader,
                             base::Visitor<const runtime::StoreReader::Run&> visit);

}  // namespace reprise::tools
