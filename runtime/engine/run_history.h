// The history of a run that may be removed by retention while it is read.
#pragma once
#include <string_view>

#include "base/function_ref.h"
#include "base/ids.h"
#include "base/visitor.h"
#include "proto/log.pb.h"
#include "runtime/fold/run_state.h"
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

// Whose history, and how far it goes.
struct StoredHistory {
  store::RunNumber run = 0;
  store::Seq last = 0;
  base::RunId id{};
};
StoredHistory stored_history(const RunState& run);

// The same turn by turn: `visit` gets the place after each turn too, from which a later visit may
// go on, and may take the turn. Any thread, while an engine writes the store. `read_turn`: one of
// the functions of that kind that Sealing has.
using ReadTurn = base::FunctionRef<base::Status(std::string_view record, proto::Turn* turn)>;
base::Status visit_turns(const store::Store& store,
                         const store::ChainEnd& after,
                         const StoredHistory& history,
                         ReadTurn read_turn,
                         base::Visitor<const store::ChainEnd&, proto::Turn&> visit);

}  // namespace reprise::runtime
