// What attempts of a run's operations need is kept while the process lives. After a restart the
// history is read for what was known before it.
#pragma once
#include "runtime/engine/parking.h"
#include "runtime/engine/run_table.h"
#include "runtime/engine/shared.h"

namespace reprise::runtime {

// Everything is known of the run's pending activities and steps. False: it cannot be read, and the
// run is parked.
bool ensure_details(const Shared& shared, Parking& parking, KnownRun& run);

}  // namespace reprise::runtime
