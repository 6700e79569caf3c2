// The history of a run that may be removed by retention while it is read.
#pragma once
#include "store/store.h"

namespace reprise::runtime {

// store::read_history(), and kNotFound in place of kStoreDamaged where nothing is damaged: the run
// had ended, and somebody who may removed it meanwhile.
base::Status read_run_history(const store::Store& store,
                              store::RunNumber run,
                              store::Seq last,
                              base::Visitor<const store::Record&> visit);

}  // namespace reprise::runtime
