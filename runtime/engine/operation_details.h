// The details that attempts of a run's operations need are kept while the process lives. After a
// restart they are read from the history.
#pragma once
#include "runtime/engine/parking.h"
#include "runtime/engine/run_table.h"
#include "runtime/engine/shared.h"

namespace reprise::runtime {

// Are they known, and the operation's? In a history that was made up, another one may have its id.
inline bool has_details(const LiveOperation* live, const PendingOperation& operation) {
  return live != nullptr && live->details != nullptr &&
         live->details->step.has_value() == operation.is_step();
}

// Makes sure that the details of the run's pending activities and steps are known. False: the
// history cannot be read, and the run is parked.
bool ensure_details(const Shared& shared, Parking& parking, KnownRun& run);

}  // namespace reprise::runtime
