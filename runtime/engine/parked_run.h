// Is what an engine has noted of a parked run (store/parked_notes.h) still so?
#pragma once
#include "runtime/fold/run_state.h"
#include "store/store.h"

namespace reprise::runtime {

// False: the run has ended, or its code has recorded something since, or the record at which it was
// parked is lost or damaged. Reads what was recorded since, which is inputs that wait for its code.
bool is_still_parked(const store::Store& store, const RunState& run, const store::ParkedNote& note);

}  // namespace reprise::runtime
