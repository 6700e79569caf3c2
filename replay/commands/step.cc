#include "replay/commands/step.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "event/catalogue.h"
#include "replay/execution_state.h"

namespace reprise::replay {

using Trigger = Operation::Trigger;

Steps::Steps(RunCore& run, Unwanted unwanted, Abandoned abandoned)
    : run_(run), unwanted_(std::move(unwanted)), abandoned_(std::move(abandoned)) {}

// ---- call -------------------------------------------------------------------------------------

Outcome Execution::run_step(base::FunctionRef<void(proto::StepScheduled&)> fill,
                            base::FunctionRef<Outcome()> body,
                            base::CallSite site) try {
  RunCore& run = state_->core;
  StrandRecord& strand = run.enter();
  const std::uint32_t id = run.new_id();
  auto* step = run.log.draft(site)->mutable_step_scheduled();
  fill(*step);
  step->set_id(id);
  run.submit();
  const OperationRef operation = run.record(Operation::Kind::kStep, id, step->name(), site);
  return state_->steps.await(strand, operation, body, site);
} catch (const std::bad_alloc&) {
  out_of_memory();
}

Outcome Steps::await(StrandRecord& strand,
                     const OperationRef& operation,
                     base::FunctionRef<Outcome()> body,
                     base::CallSite site) {
  operation->step_body = body;
  if (operation->scope->is_cancelled()) cancel(*operation);
  // `body` refers to this frame: it must not outlive it, however the frame is left.
  struct Frame {
    Steps& steps;
    Operation& operation;
    base::CallSite site;
    ~Frame() {
      if (!operation.ready()) steps.abandon(operation, site);
    }
  };
  const Frame frame{*this, *operation, site};
  Operation* const waited[] = {operation.get()};
  while (!operation->ready()) run_.wait_on(strand, waited);
  run_.value_event = operation->event;
  return operation->take_outcome();
}

std::optional<base::FunctionRef<Outcome()>> Execution::step_body(std::uint32_t id) const {
  const Operation* operation = state_->core.pending.find(id);
  if (operation == nullptr) return std::nullopt;
  return operation->step_body;
}

std::string Execution::name_of(std::uint32_t id) const {
  const Operation* const operation = state_->core.pending.find(id);
  return operation == nullptr ? std::string() : operation->label;
}

bool Execution::step_no_longer_wanted(std::uint32_t id) const {
  const Operation* step = state_->core.pending.find(id);
  return step != nullptr && step->state() == Operation::State::kCancelAsked;
}

// ---- cancel -----------------------------------------------------------------------------------

// Only the engine knows whether a thread executes the closure, so its answer becomes an input. It
// does not know a step of this very turn yet: it asks step_no_longer_wanted() before it executes
// the closure.
void Steps::cancel(Operation& step) {
  (void)step.on(Trigger::kCancel);  // a scope may be cancelled again
  if (run_.log.replaying() || step.id() >= first_of_turn_ || !unwanted_) return;
  const auto& known = to_be_ended_;
  if (std::find(known.begin(), known.end(), step.id()) != known.end()) return;
  if (unwanted_(step.id())) to_be_ended_.push_back(step.id());
}

void Steps::begin_turn() {
  first_of_turn_ = run_.next_id;
}

bool Steps::end_unwanted(proto::Turn* live) {
  bool added = false;
  for (const std::uint32_t id : std::exchange(to_be_ended_, {})) {
    const Operation* step = run_.pending.find(id);
    if (step == nullptr) continue;
    proto::Event* const input = live->add_inputs();
    const bool is_step = step->kind() == Operation::Kind::kStep;
    if (is_step) {
      input->mutable_step_failed()->set_id(id);
    } else {
      input->mutable_transaction_failed()->set_id(id);
    }
    proto::Failure* const failure = is_step
                                        ? input->mutable_step_failed()->mutable_failure()
                                        : input->mutable_transaction_failed()->mutable_failure();
    failure->set_kind(proto::Failure::CANCELLED);
    failure->set_message(std::string(to_string(step->kind())) + " " + step->label +
                         " was cancelled while it was not executed");
    added = true;
  }
  return added;
}

// When the whole run leaves memory the step stays pending; when the code has dropped only this
// strand, the outcome is never needed.
void Steps::abandon(Operation& step, base::CallSite site) try {
  step.step_body.reset();
  if (run_.scheduler.halted()) return;
  const OperationRef keep(&step);
  (void)run_.pending.take(step.id());
  proto::Event* const event = run_.log.draft(site);
  event->mutable_step_abandoned()->set_id(step.id());
  (void)run_.submit_in_destructor(*event);
  REPRISE_CHECK(step.on(Trigger::kDrop), "a step that is abandoned was pending");
  const Unwatched ours(run_.guard);
  if (abandoned_) abandoned_(step.id());
} catch (const std::bad_alloc&) {
  out_of_memory();
}

// ---- apply ------------------------------------------------------------------------------------

void Steps::apply(const proto::Event& input) {
  const event::Row& row = event::row_of(input);
  if (row.answers == event::Answer::kResult) {
    run_.answer(input, row.id(input), Trigger::kSuccess, Outcome::success(row.payload(input)));
  } else {
    run_.answer(input, row.id(input), Trigger::kFailure, Outcome::failed(*row.failure(input)));
  }
}

// ---- strands that are dropped -----------------------------------------------------------------

namespace {

// A strand that is being unwound waits through the strand that unwinds it. Replay does not run the
// closures of side effects, so nothing waits in them; nor does a strand that was never started,
// whose captures are destroyed on another strand's stack.
bool may_wait(const StrandRecord* strand) {
  if (strand == nullptr || !strand->strand.executes()) return false;
  if (in_side_effect(strand)) return false;
  return !strand->strand.evicting() || may_wait(strand->stopped_by);
}

}  // namespace

// The closure may refer to the frames of the strand that waits for it, and of the one that drops
// it. The latter waits like any strand, and the shard goes on with other runs. On replay the log
// says whether it did.
void Steps::await_step_of(StrandRecord& dropped) {
  if (dropped.waits_for.size() != 1) return;
  if (!dropped.waits_for[0]->step_body) return;
  const OperationRef step(dropped.waits_for[0]);
  if (step->ready() || run_.scheduler.halted()) return;
  if (!may_wait(run_.scheduler.current())) return;  // abandon() waits then
  if (run_.log.replaying()) {
    const proto::Event* const next = run_.log.peek();
    if (next != nullptr && next->step_abandoned().id() == step->id()) return;
  } else if (!unwanted_ || unwanted_(step->id())) {
    return;
  }
  (void)step->on(Trigger::kCancel);  // its scope may have been cancelled before
  dropped.frozen = true;
  await_outcome(*step);
}

// In a destructor, so nothing is thrown. When the whole run leaves memory, it returns before.
void Steps::await_outcome(Operation& awaited) {
  const OperationRef step(&awaited);
  StrandRecord& dropping = *run_.scheduler.current();
  const auto waits_for = dropping.waits_for;  // of the wait whose condition drops a strand
  Operation* const operations[] = {step.get()};
  try {
    while (!step->ready() && !run_.scheduler.halted()) {
      if (dropping.strand.evicting()) {
        run_.scheduler.pause_for(*step);
      } else {
        run_.wait_on(dropping, operations);
      }
    }
  } catch (const Evicted&) {
    // The next call throws it again.
  }
  dropping.waits_for = waits_for;
}

}  // namespace reprise::replay
