// Opening a store: which runs there are, from the summaries of the archive and the tail of the
// journal. Reads no workflow code and replays nothing; that happens when a run next gets an input.
#pragma once
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
};

base::Result<Recovered> recover(const store::Store& store, Names& names);

}  // namespace reprise::runtime
