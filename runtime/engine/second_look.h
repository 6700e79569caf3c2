// Runs that the archive says are quarantined. A version that could not read some of its own records
// (text that is no UTF-8, causes that nest deeply) set runs aside that nothing is wrong with; so
// each is looked at again when a store is opened, and only those.
#pragma once
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "runtime/engine/recovered_run.h"
#include "store/archive.h"

namespace reprise::runtime {

// Is everything there that was once taken for damaged? A history that was cut short ends before
// that record.
bool reaches(const RunState& folded, store::Seq damaged_at);

// The state of a quarantined run from all that the archive has of it; nullopt: it is quarantined
// for a reason.
base::Result<std::optional<RunState>> second_look(const store::Archive& archive,
                                                  store::RunNumber number,
                                                  store::Seq damaged_at,
                                                  Names& names);

// For the archive, which has listed it as run.listed, and under its id or under none: it is
// quarantined no more.
store::SummaryUpdate release(const RecoveredRun& run);

// The newest run of each id that a quarantined run or one that is to be released has.
using NewestOfId = std::unordered_map<std::string, store::RunNumber>;
NewestOfId newest_runs(const RecoveredRuns& runs);

// The first record of a run says what it is called: while that could not be read, its id was free,
// and if another run has taken it since, two of them must not be under way. The older one stays
// quarantined; people can terminate it.
void hold_overtaken(RecoveredRuns& runs, const NewestOfId& newest, Names& names);

// For people.
std::string released_text(const RecoveredRun& run);

}  // namespace reprise::runtime
