#include "replay/commands/run.h"

#include <string>

#include "base/check.h"
#include "replay/run_core.h"

namespace reprise::replay {

using Trigger = Lifecycle::Trigger;

namespace {

// Makes the command; returns what it means for the run.
Trigger fill(Outcome* outcome, bool is_cancelled, proto::Event* event) {
  if (outcome->ok()) {
    event->mutable_run_completed()->set_result(outcome->take_payload());
    return Trigger::kSuccess;
  }
  if (outcome->failure().kind() == proto::Failure::CANCELLED && is_cancelled) {
    event->mutable_run_cancelled();
    return Trigger::kCancel;
  }
  *event->mutable_run_failed()->mutable_failure() = outcome->failure();
  return Trigger::kFailure;
}

}  // namespace

void end_run(RunCore& run, Outcome&& outcome) try {
  run.enter();
  const Trigger end = fill(&outcome, run.root->is_cancelled(), run.log.draft({}));
  run.submit();
  REPRISE_CHECK(run.life.on(end), "a run that has started ends once");
  run.scheduler.halt();
} catch (const std::bad_alloc&) {
  base::end_out_of_memory("ending a run");
}

bool apply_start(RunCore& run, const proto::Event& input) {
  if (!run.life.on(Trigger::kStart)) {
    run.reject(input);
    return false;
  }
  run.behaviours = Behaviours(input.run_started().behaviours());
  if (run.behaviours.known()) return true;
  run.parking.park(base::ErrorCode::kStoreOtherFormat,
                   "a newer version of the library has started this run, with behaviours " +
                       std::to_string(run.behaviours.number()) +
                       ", and this one knows those up to " + std::to_string(Behaviours::kNewest) +
                       "; go on with the newer version");
  return false;
}

void apply_end(RunCore& run) {
  REPRISE_CHECK(run.life.on(Trigger::kDrop), "nothing is applied to a run that has ended");
  run.scheduler.halt();
}

}  // namespace reprise::replay
