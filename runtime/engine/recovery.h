// Opening a store: finds its runs from the summaries of the archive and the tail of the journal.
// Runs no workflow code and replays nothing; that happens when a run next gets an input.
#pragma once
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/result.h"
#include "runtime/engine/journal_tail.h"
#include "runtime/engine/recovered_run.h"
#include "store/store.h"

namespace reprise::runtime {

struct Recovered {
  // Open ones, closed ones not yet archived, and all that are quarantined.
  std::vector<RecoveredRun> runs;
  store::RunNumber next_run = 1;
  store::Seq last = 0;
  DamagedRecords damaged_records;  // of the journal
  // What its records change in tables, which the archive does not have.
  struct TailChanges {
    store::Seq seq = 0;
    store::RunNumber run = 0;
    store::RowChanges changes;
  };
  std::vector<TailChanges> row_changes;
  // Runs of whose records in the journal none counts: they were quarantined before those.
  std::unordered_set<store::RunNumber> without_changes;
  // Summaries of runs that are no longer quarantined, as of the end of the archive: for callers
  // that may write.
  std::vector<store::SummaryUpdate> released;
  store::Seq through = 0;  // the end of the archive, and
  store::RunNumber archived_next_run = 1;
};

base::Result<Recovered> recover(const store::Store& store, Names& names);

// Tells the archive which runs are no longer quarantined. Without room in the archive they stay
// quarantined until the next opening, because it could not take their next records.
base::Status keep_released(store::Archive& archive, Recovered& recovered, Names& names);

}  // namespace reprise::runtime
