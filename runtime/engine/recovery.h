// Opening a store: which runs there are, from the summaries of the archive and the tail of the
// journal. Reads no workflow code and replays nothing; that happens when a run next gets an input.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/engine/run_state.h"
#include "store/store.h"

namespace reprise::runtime {

struct RecoveredRun {
  RunState state;
  bool damaged = false;  // quarantined: a record of it does not verify
  std::string why;
};

struct Recovered {
  std::vector<RecoveredRun> runs;  // open ones, and closed ones not yet archived
  store::RunNumber next_run = 1;
  store::Seq last = 0;
};

base::Result<Recovered> recover(store::Store& store, Names& names);

}  // namespace reprise::runtime
