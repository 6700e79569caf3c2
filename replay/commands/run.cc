#include "replay/commands/run.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "event/retry.h"
#include "replay/commands/checkpoint.h"
#include "replay/commands/message.h"
#include "replay/execution_state.h"

namespace reprise::replay {

using Trigger = Lifecycle::Trigger;

namespace {

// Or that of a child which was asked to cancel and has done so.
bool says_cancelled(const proto::Failure& failure) {
  if (failure.kind() == proto::Failure::CHILD) return says_cancelled(failure.cause());
  return failure.kind() == proto::Failure::CANCELLED;
}

// Makes the command; returns what it means for the run.
Trigger fill(Outcome* outcome, bool is_cancelled, proto::Event* event) {
  if (outcome->ok()) {
    event->mutable_run_completed()->set_result(outcome->take_payload());
    return Trigger::kSuccess;
  }
  if (says_cancelled(outcome->failure()) && is_cancelled) {
    event->mutable_run_cancelled();
    return Trigger::kCancel;
  }
  *event->mutable_run_failed()->mutable_failure() = outcome->failure();
  return Trigger::kFailure;
}

// The id of the next run follows from this run and the time of the turn, so that a turn that is
// made again after a crash gives it the same one.
std::string id_of_next(const RunCore& run) {
  const auto next = event::id_after(run.info.run_id, run.now);
  return std::string(next.bytes());
}

// Is another run to follow? What the log says counts.
bool try_again(const RunCore& run, const proto::RunStarted* start, proto::RunFailed* failed) {
  const proto::Event* const recorded = run.log.peek();
  if (recorded != nullptr && recorded->has_run_failed()) {
    failed->set_next_run_id(recorded->run_failed().next_run_id());
    failed->set_retry_in_ms(recorded->run_failed().retry_in_ms());
    return !failed->next_run_id().empty();
  }
  if (start == nullptr || run.root->is_cancelled()) return false;
  const auto wait = event::retry_of_run(start->retry(), start->attempt(), failed->failure(),
                                        start->execution_due_ms(), base::to_ms(run.now));
  if (!wait) return false;
  failed->set_next_run_id(id_of_next(run));
  failed->set_retry_in_ms(wait->count());
  return true;
}

}  // namespace

bool end_run(RunCore& run, Outcome&& outcome, const proto::RunStarted* start) try {
  run.enter();
  proto::Event* const command = run.log.draft({});
  const Trigger end = fill(&outcome, run.root->is_cancelled(), command);
  const bool again =
      end == Trigger::kFailure && try_again(run, start, command->mutable_run_failed());
  run.submit();
  REPRISE_CHECK(run.life.on(end), "a run that has started ends once");
  run.scheduler.halt();
  return again;
} catch (const std::bad_alloc&) {
  base::end_out_of_memory("ending a run");
}

void end_by_continuing(RunCore& run) try {
  const std::unique_ptr<Continuation> asked = std::move(run.continuing);
  run.enter();
  if (asked->command.has_checkpoint()) return end_at_checkpoint(run, *asked);
  await_messages(run);
  // What the log says counts.
  const proto::Event* const recorded = run.log.peek();
  const bool known = recorded != nullptr && recorded->has_run_continued_as_new();
  proto::RunContinuedAsNew& next = *asked->command.mutable_run_continued_as_new();
  next.set_run_id(known ? recorded->run_continued_as_new().run_id() : id_of_next(run));
  proto::RunContinuedAsNew* const command =
      run.log.draft(asked->site)->mutable_run_continued_as_new();
  *command = std::move(next);
  run.submit(command->input().size() + event::bytes_of(command->headers()));
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
    fill(*run.continuing->command.mutable_run_continued_as_new());
  });
  throw Continued{};
}

bool Execution::on_main_strand() const {
  return running_strand() == 1;
}

// ---- apply ------------------------------------------------------------------------------------

namespace {

void take_parent(RunCore& run, const proto::Sender& parent) {
  const auto id = base::RunId::from_bytes(parent.run_id());
  if (!id) return;
  run.info.parent_run_id = *id;
  run.info.parent_workflow_id =
      parent.workflow_id().empty() ? id->to_string() : parent.workflow_id();
}

}  // namespace

bool apply_start(RunCore& run, const proto::Event& input, const proto::RunStarted& start) {
  if (!run.life.on(Trigger::kStart)) {
    run.reject(input);
    return false;
  }
  take_parent(run, start.parent());
  if (start.headers_size() > 0) {
    run.headers = std::make_unique<const event::Headers>(event::read(start.headers()));
  }
  run.behaviours = Behaviours(start.behaviours());
  run.info.attempt = std::max(1u, start.attempt());
  if (start.has_origin()) take_identity(run, start.origin().made_as_run_id());
  if (run.behaviours.known()) return true;
  run.parking.park(base::ErrorCode::kStoreOtherFormat,
                   "a newer version of the library has started this run, with behaviours " +
                       std::to_string(run.behaviours.number()) +
                       ", and this one knows those up to " + std::to_string(Behaviours::kNewest) +
                       "; go on with the newer version");
  return false;
}

void take_identity(RunCore& run, std::string_view run_id) {
  const auto id = base::RunId::from_bytes(run_id);
  if (!id) return;
  run.made_as = *id;
  run.random_state = base::hash64(run_id);
}

void apply_end(RunCore& run) {
  REPRISE_CHECK(run.life.on(Trigger::kDrop), "nothing is applied to a run that has ended");
  run.scheduler.halt();
}

}  // namespace reprise::replay
