// Runs that the archive says are quarantined. A version that could not read some of its own records
// (text that is no UTF-8, causes that nest deeply) set runs aside that nothing is wrong with; so
// each is looked at again when a store is opened, and only those.
#pragma once
#include <optional>
#include <string>

#include "base/result.h"
#include "runtime/engine/recovered_run.h"
#include "runtime/engine/turn_arena.h"
#include "store/archive.h"

namespace reprise::runtime {

// Adds a record to the state of the run that it must belong to. False: it does not follow on what
// is there, or is no turn; then nothing has changed.
bool fold_record(const store::Record& record, TurnArena& arena, Names& names, RunState* state);

// Is everything there that was once taken for damaged? A history that was cut short ends before
// that record.
bool reaches(const RunState& folded, store::Seq damaged_at);

// The state of a quarantined run from all that the archive has of it; nullopt: it is quarantined
// for a reason.
base::Result<std::optional<RunState>> second_look(const store::Archive& archive,
                                                  store::RunNumber number,
                                                  store::Seq damaged_at,
                                                  Names& names);

// For the archive, which has listed it as `listed`: it is quarantined no more.
store::SummaryUpdate release(const RunState& state, RunStatus listed);

// For people.
std::string released_text(const RecoveredRun& run);

}  // namespace reprise::runtime
