// The history of a run that may be removed by retention while it is read.
#pragma once
#include "store/store.h"

namespace reprise::runtime {

// Like store::read_history(), but kNotFound instead of kStoreDamaged if nothing is damaged: the run
// had ended, and retention removed it meanwhile.
base::Status read_run_history(const store::Store& store,
                              store::RunNumber run,
                              store::Seq last,
                              base::Visitor<const store::Record&> visit);
// Likewise, and like store::read_history_after().
base::Status read_run_history_after(const store::Store& store,
                                    const store::ChainEnd& after,
                                    store::Seq last,
                                    base::Visitor<const store::Record&> visit);

}  // namespace reprise::runtime
