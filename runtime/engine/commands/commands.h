// What the engine does because of a recorded turn: attempts begin, timers are armed, clients are
// answered. The table in commands.cc has a row for each kind of event with such a consequence.
#pragma once
#include "proto/log.pb.h"
#include "runtime/engine/effects.h"
#include "runtime/engine/log_tally.h"
#include "runtime/engine/outbox.h"
#include "runtime/engine/run_table.h"
#include "runtime/engine/shared.h"

namespace reprise::runtime::commands {

// A turn of `run` is being recorded.
struct Recording {
  KnownRun& run;
  Shared& shared;
  Effects& effects;
  Outbox& outbox;
  LogTally& set_aside;
};

// Before the turn is folded into the run's state: asks the attempts that it gives up to stop, while
// it is still known how to reach them.
void give_up(const Recording& recording, const proto::Turn& turn, bool closes);

// After that: keeps what attempts need, and adds the effects that wait for the disk.
void follow(const Recording& recording, const proto::Turn& turn);

// A turn of the history is read again, after a restart: keeps what attempts need.
void learn(KnownRun& run, const proto::Turn& turn);

}  // namespace reprise::runtime::commands
