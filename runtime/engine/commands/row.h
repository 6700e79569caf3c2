// What a kind of event makes the engine do. A new kind with such a consequence gets a file in this
// folder with its row, and a line here and in the table of commands.cc.
#pragma once
#include "runtime/engine/commands/commands.h"

namespace reprise::runtime::commands {

// nullptr: nothing.
struct Row {
  void (*give_up)(const Recording&, const proto::Event&) = nullptr;
  // Also when a history is read again...
  void (*learn)(KnownRun&, const proto::Event&) = nullptr;
  // ...or only then, because the live run knows it before it is recorded. `time_ms`: of the turn.
  void (*learn_again)(KnownRun&, const proto::Event&, std::int64_t time_ms) = nullptr;
  void (*follow)(const Recording&, const proto::Event&) = nullptr;
};

extern const Row kActivityCancelAwaited;
extern const Row kActivityCancelRequested;
extern const Row kActivityScheduled;
extern const Row kAttemptFailed;
extern const Row kCancelRequested;
extern const Row kCancelSent;
extern const Row kChildScheduled;
extern const Row kAttemptLeftOpen;
extern const Row kHeartbeatRecorded;
extern const Row kRunPaused;
extern const Row kRunForked;
extern const Row kRunReset;
extern const Row kRunResumed;
extern const Row kRunStarted;
extern const Row kSignalSent;
extern const Row kSignalSetAside;
extern const Row kStepScheduled;
extern const Row kTimerStarted;
extern const Row kTransactionRequested;
extern const Row kUpdateCompleted;

// Asks the attempt of an activity to stop once this is durable. A step is not asked but awaited:
// its closure is on the stack of the run.
void stop_attempt(const Recording& recording, const LiveOperation& live);

}  // namespace reprise::runtime::commands
