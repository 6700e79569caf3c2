// The engine's bookkeeping between two attempts of an activity, a step or a transaction.
#include "runtime/engine/commands/row.h"

namespace reprise::runtime::commands {
namespace {

OperationDetails* details_of(KnownRun& run, std::uint32_t id) {
  LiveOperation* const live = run.live(id);
  return live == nullptr ? nullptr : live->details.get();
}

void learn_failure(KnownRun& run, const proto::Event& event, std::int64_t /*time_ms*/) {
  const proto::AttemptFailed& failed = event.attempt_failed();
  OperationDetails* const details = details_of(run, failed.id());
  if (details == nullptr) return;
  details->last_failure = failed.failure().message();
  if (!failed.heartbeat().empty()) details->heartbeat = failed.heartbeat();
}

void arm_retry(const Recording& recording, const proto::Event& event) {
  if (!recording.run.state.open()) return;
  recording.effects.add({.kind = Effect::Kind::kArm,
                         .operation = event.attempt_failed().id(),
                         .run = &recording.run});
}

void learn_heartbeat(KnownRun& run, const proto::Event& event, std::int64_t time_ms) {
  const proto::HeartbeatRecorded& recorded = event.heartbeat_recorded();
  OperationDetails* const details = details_of(run, recorded.id());
  if (details == nullptr) return;
  details->heartbeat = recorded.heartbeat();
  details->heard_ms = time_ms;
  details->heartbeat_recorded = base::from_ms(time_ms);
}

void learn_left_open(KnownRun& run, const proto::Event& event, std::int64_t time_ms) {
  const proto::AttemptLeftOpen& left = event.attempt_left_open();
  OperationDetails* const details = details_of(run, left.id());
  if (details == nullptr) return;
  details->began_ms = left.began_ms();
  details->heard_ms = time_ms;
}

void arm_open_limit(const Recording& recording, const proto::Event& event) {
  if (!recording.run.state.open()) return;
  recording.effects.add({.kind = Effect::Kind::kArm,
                         .operation = event.attempt_left_open().id(),
                         .run = &recording.run});
}

}  // namespace

const Row kAttemptFailed{.learn_again = learn_failure, .follow = arm_retry};
const Row kAttemptLeftOpen{.learn_again = learn_left_open, .follow = arm_open_limit};
const Row kHeartbeatRecorded{.learn_again = learn_heartbeat};

}  // namespace reprise::runtime::commands
