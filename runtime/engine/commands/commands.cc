#include "runtime/engine/commands/commands.h"

#include <array>

#include "event/catalogue.h"
#include "runtime/engine/commands/row.h"

namespace reprise::runtime::commands {
namespace {

using proto::Event;

struct Entry {
  Event::KindCase kind;
  const Row* row;
};

constexpr Entry kEntries[] = {
    {Event::kActivityCancelAwaited, &kActivityCancelAwaited},
    {Event::kActivityCancelRequested, &kActivityCancelRequested},
    {Event::kActivityScheduled, &kActivityScheduled},
    {Event::kAttemptFailed, &kAttemptFailed},
    {Event::kCancelRequested, &kCancelRequested},
    {Event::kCancelSent, &kCancelSent},
    {Event::kChildScheduled, &kChildScheduled},
    {Event::kAttemptLeftOpen, &kAttemptLeftOpen},
    {Event::kHeartbeatRecorded, &kHeartbeatRecorded},
    {Event::kRunPaused, &kRunPaused},
    {Event::kRunForked, &kRunForked},
    {Event::kRunReset, &kRunReset},
    {Event::kRunResumed, &kRunResumed},
    {Event::kRunStarted, &kRunStarted},
    {Event::kSignalSent, &kSignalSent},
    {Event::kSignalSetAside, &kSignalSetAside},
    {Event::kStepScheduled, &kStepScheduled},
    {Event::kTimerStarted, &kTimerStarted},
    {Event::kTransactionRequested, &kTransactionRequested},
    {Event::kUpdateCompleted, &kUpdateCompleted},
};

constexpr auto kRowOfKind = [] {
  std::array<const Row*, event::kKindNumbers> rows{};
  for (const Entry& entry : kEntries) rows[event::place_of(entry.kind)] = entry.row;
  return rows;
}();

// nullptr: an event of its kind makes the engine do nothing.
const Row* row_of(const Event& event) {
  return kRowOfKind[event::place_of(event.kind_case())];
}

void follow_event(const Recording& recording, const Event& event) {
  const Row* const row = row_of(event);
  if (row == nullptr) return;
  if (row->learn != nullptr) row->learn(recording.run, event);
  if (row->follow != nullptr) row->follow(recording, event);
}

void learn_event(KnownRun& run, const Event& event, std::int64_t time_ms) {
  const Row* const row = row_of(event);
  if (row == nullptr) return;
  if (row->learn != nullptr) row->learn(run, event);
  if (row->learn_again != nullptr) row->learn_again(run, event, time_ms);
}

}  // namespace

void give_up(const Recording& recording, const proto::Turn& turn, bool closes) {
  RunExtras* const extras = recording.run.extras.get();
  if (extras == nullptr || extras->operations.empty()) return;
  if (closes) {
    const auto stop = [&](const LiveOperation& live) { stop_attempt(recording, live); };
    return extras->operations.for_each(stop);
  }
  for (const Event& command : turn.commands()) {
    const Row* const row = row_of(command);
    if (row != nullptr && row->give_up != nullptr) row->give_up(recording, command);
  }
}

void follow(const Recording& recording, const proto::Turn& turn) {
  for (const Event& input : turn.inputs()) follow_event(recording, input);
  for (const Event& command : turn.commands()) follow_event(recording, command);
}

void learn(KnownRun& run, const proto::Turn& turn) {
  for (const Event& input : turn.inputs()) learn_event(run, input, turn.time_ms());
  for (const Event& command : turn.commands()) learn_event(run, command, turn.time_ms());
}

}  // namespace reprise::runtime::commands
