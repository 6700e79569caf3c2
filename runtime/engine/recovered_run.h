// A run as read from the store: its state, and whether that is complete.
#pragma once
#include <string>
#include <unordered_map>

#include "runtime/fold/run_state.h"

namespace reprise::runtime {

struct RecoveredRun {
  RunState state;
  // The newest record known to be its own: state.last_seq unless it is damaged.
  store::Seq seen = 0;
  bool damaged = false;  // quarantined: a part of it does not verify
  bool cut = false;      // in its history, not in data derived from it
  std::string why;
  // The archive says that it is quarantined from this record on, but everything that the archive
  // has of the run verifies (second_look.h); 0: it does not say so, or is right.
  store::Seq released_from = 0;
  RunStatus listed = RunStatus::kRunning;  // by the archive, of one that is released
  // It would be released, but its id has been started again since: quarantined, although its
  // history verifies.
  bool overtaken = false;

  // From record `seq` on its history does not verify.
  void cut_at(store::Seq seq, Names& names) {
    cut = true;
    quarantine(seq,
               "the history of this run does not verify from record " + std::to_string(seq) +
                   " on; the run is quarantined, restore a backup to get it back",
               names);
  }

  void quarantine(store::Seq seq, std::string reason, Names& names) {
    if (damaged) return;
    damaged = true;
    state.set_damaged_at(seq);
    why = std::move(reason);
    // A run of which nothing could be read still needs names for lists.
    if (state.workflow == nullptr) state.workflow = names.intern("(unreadable)");
    if (state.task_queue == nullptr) state.task_queue = names.intern("(unreadable)");
  }
};

using RecoveredRuns = std::unordered_map<store::RunNumber, RecoveredRun>;

}  // namespace reprise::runtime
