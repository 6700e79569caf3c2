// Runs that the archive calls quarantined. A version that could not read some of its own records
// (text that is not UTF-8, deeply nested causes) quarantined sound runs; so when a store is opened,
// each quarantined run is checked again, and only those.
#pragma once
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "runtime/engine/recovered_run.h"
#include "store/archive.h"

namespace reprise::runtime {

// Is everything there that was once called damaged? A history that was cut short ends before that
// record.
bool reaches(const RunState& folded, store::Seq damaged_at);

// The state of a quarantined run from all that the archive has of it; nullopt: it is quarantined
// for a reason.
base::Result<std::optional<RunState>> second_look(const store::Archive& archive,
                                                  store::RunNumber number,
                                                  store::Seq damaged_at,
                                                  Names& names);

// For the archive, which has listed it as run.listed, with or without its id: it is no longer
// quarantined.
store::SummaryUpdate release(const RecoveredRun& run);

// The newest run of each id that belongs to a quarantined run or to one that will be released.
using NewestOfId = std::unordered_map<std::string, store::RunNumber>;
NewestOfId newest_runs(const RecoveredRuns& runs);

// The first record of a run has its id: while that could not be read, the id was free. If another
// run has taken it since, two runs with it must not be under way: the older one stays quarantined,
// and can be terminated by hand.
void hold_overtaken(RecoveredRuns& runs, const NewestOfId& newest, Names& names);

// For people.
std::string released_text(const RecoveredRun& run);

}  // namespace reprise::runtime
