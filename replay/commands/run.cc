#include "replay/commands/run.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "replay/commands/message.h"
#include "replay/execution_state.h"

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

namespace {

// The id of the next run follows from this run and the time of the turn, so that a turn that is
// made again after a crash gives it the same one. What the log says counts.
std::string id_of_next(const RunCore& run) {
  const proto::Event* const recorded = run.log.peek();
  if (recorded != nullptr && recorded->has_run_continued_as_new()) {
    return recorded->run_continued_as_new().run_id();
  }
  const std::string_view own = run.info.run_id.bytes();
  constexpr std::uint64_t kHigh = 1;
  constexpr std::uint64_t kLow = 2;
  const auto next = base::RunId::make(run.now, base::hash64(own, kHigh), base::hash64(own, kLow));
  return std::string(next.bytes());
}

}  // namespace

void end_by_continuing(RunCore& run) try {
  const std::unique_ptr<Continuation> asked = std::move(run.continuing);
  run.enter();
  await_messages(run);
  asked->command.set_run_id(id_of_next(run));
  proto::RunContinuedAsNew* const command =
      run.log.draft(asked->site)->mutable_run_continued_as_new();
  *command = std::move(asked->command);
  run.submit(command->input().size());
  REPRISE_CHECK(run.life.on(Trigger::kSuccess), "a run that has started ends once");
  run.scheduler.halt();
} catch (const std::bad_alloc&) {
  base::end_out_of_memory("ending a run");
}

// ---- call -------------------------------------------------------------------------------------

void Execution::continue_as_new(base::FunctionRef<void(proto::RunContinuedAsNew&)> fill,
                                base::CallSite site) {
  RunCore& run = state_->core;
  run.enter();
  REPRISE_CHECK(on_main_strand(), "only the workflow's own strand ends its run");
  base::needs_memory("ending a run", [&] {
    run.continuing = std::make_unique<Continuation>();
    run.continuing->site = site;
    fill(run.continuing->command);
  });
  throw Continued{};
}

bool Execution::on_main_strand() const {
  return running_strand() == 1;
}

// ---- apply ------------------------------------------------------------------------------------

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
