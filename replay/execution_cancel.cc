// Giving things up: cancellation and its scopes, strands that are dropped, steps that nobody wants.
#include <algorithm>

#include "base/out_of_memory.h"
#include "replay/execution_state.h"

namespace reprise::replay {

using Kind = Operation::Kind;
using Trigger = Operation::Trigger;

// ---- cancellation -----------------------------------------------------------------------------

void Execution::State::cancel(Operation& operation, base::CallSite site) try {
  if (operation.ready()) return;
  const OperationRef keep(&operation);
  if (operation.kind() == Kind::kActivity || operation.kind() == Kind::kTimer) {
    proto::Event* event = log.draft(site);
    if (operation.kind() == Kind::kActivity) {
      event->mutable_activity_cancel_requested()->set_id(operation.id());
    } else {
      event->mutable_timer_cancelled()->set_id(operation.id());
    }
    tell_command(*event);
    if (left) return;
    if (!log.submit()) {
      park_on_mismatch();
      return;
    }
    (void)pending.take(operation.id());
  }
  if (operation.kind() == Kind::kSignal) inboxes.stop_waiting(operation.label, &operation);
  proto::Failure failure;
  failure.set_kind(proto::Failure::CANCELLED);
  failure.set_message(std::string(to_string(operation.kind())) + " " + operation.label +
                      " was cancelled");
  complete(operation, Trigger::kCancel, next_order++, Outcome::failed(std::move(failure)));
} catch (const std::bad_alloc&) {
  out_of_memory();
}

void Execution::State::cancel_scope(Scope& scope, base::CallSite site) try {
  scope.cancel(next_order++);
  std::vector<OperationRef> affected;
  pending.for_each([&](const OperationRef& operation) {
    if (operation->scope->is_cancelled()) affected.push_back(operation);
  });
  for (const OperationRef& operation : affected) {
    if (operation->kind() == Kind::kStep) {
      give_up_step(*operation);
    } else {
      cancel(*operation, site);
    }
  }
  for (const auto& strand : scheduler.strands()) {
    if (strand->scope->is_cancelled()) scheduler.wake(*strand);
  }
} catch (const std::bad_alloc&) {
  out_of_memory();
}

// A closure that is executed is waited for, but one that waits to be executed is not wanted any
// more. Only the engine knows which it is, so what it says becomes an input. A step of this very
// turn it does not know yet: it asks step_no_longer_wanted() before the closure is executed.
void Execution::State::give_up_step(Operation& step) {
  if (log.replaying() || step.id() >= first_of_turn || !step_unwanted) return;
  const auto& known = unwanted_steps;  // a scope may be cancelled twice in a turn
  if (std::find(known.begin(), known.end(), step.id()) != known.end()) return;
  if (step_unwanted(step.id())) unwanted_steps.push_back(step.id());
}

// Behind all other inputs of the turn, which may have ended them. False: there were none.
bool Execution::State::end_unwanted_steps(proto::Turn* live) {
  bool added = false;
  for (const std::uint32_t id : std::exchange(unwanted_steps, {})) {
    const Operation* step = pending.find(id);
    if (step == nullptr) continue;
    auto* failed = live->add_inputs()->mutable_step_failed();
    failed->set_id(id);
    failed->mutable_failure()->set_kind(proto::Failure::CANCELLED);
    failed->mutable_failure()->set_message("step " + step->label +
                                           " was cancelled while it was not executed");
    added = true;
  }
  return added;
}

bool Execution::step_no_longer_wanted(std::uint32_t id) const {
  const Operation* step = state_->pending.find(id);
  return step != nullptr && (step->dropped || step->scope->is_cancelled());
}

void Execution::cancel(Operation& operation, base::CallSite site) {
  state_->enter();
  state_->cancel(operation, site);
  state_->enter();
}

// ---- strands that are dropped -----------------------------------------------------------------

// Destructors on its stack may drop others, and wait for what these wait for: so it may take turns.
void Execution::State::stop_dropped(Operation& spawned) {
  if (!spawned.strand->running) await_step_of(*spawned.strand);
  while (spawned.strand != nullptr && !spawned.strand->running) {
    if (scheduler.stop(*spawned.strand)) return;
    await_outcome(*spawned.strand->paused_for);
  }
  // Gone with the whole run meanwhile; or it runs, and lets go of itself.
  if (StrandRecord* const strand = std::exchange(spawned.strand, nullptr); strand != nullptr) {
    strand->completes = nullptr;
  }
}

// The closure of a step may refer to the frames of the strand that waits for it, and to those of
// the one that drops it. While a thread executes the closure, the dropping strand waits, as any
// strand waits, and the shard goes on with other runs. On replay the log says which it was.
void Execution::State::await_step_of(StrandRecord& dropped) {
  if (dropped.waits_for.size() != 1 || dropped.waits_for[0]->kind() != Kind::kStep) return;
  const OperationRef step(dropped.waits_for[0]);
  if (step->ready() || scheduler.halted()) return;
  if (!may_wait(scheduler.current())) return;  // see abandon_step()
  if (log.replaying()) {
    const proto::Event* const next = log.peek();
    if (next != nullptr && next->step_abandoned().id() == step->id()) return;
  } else if (!step_unwanted || step_unwanted(step->id())) {
    return;
  }
  step->dropped = true;
  dropped.frozen = true;
  await_outcome(*step);
}

// A strand that is unwound waits by way of the one that has it unwound. Replay does not run the
// closures of side effects, so in them nobody waits; nor does a strand that was never started,
// whose captures are destroyed on the stack of another.
bool Execution::State::may_wait(const StrandRecord* strand) const {
  if (strand == nullptr || !strand->strand.executes()) return false;
  if (strand->closure != nullptr && strand->closure != kInCondition) return false;
  return !strand->strand.evicting() || may_wait(strand->stopped_by);
}

// In a destructor, so nothing is thrown. When the whole run leaves memory, it returns before.
void Execution::State::await_outcome(Operation& awaited) {
  const OperationRef step(&awaited);
  StrandRecord& dropping = *scheduler.current();
  const auto waits_for = dropping.waits_for;  // of the wait whose condition drops a strand
  Operation* const operations[] = {step.get()};
  try {
    while (!step->ready() && !scheduler.halted()) {
      if (dropping.strand.evicting()) {
        scheduler.pause_for(*step);
      } else {
        wait_on(dropping, operations);
      }
    }
  } catch (const Evicted&) {
    // The next call throws it again.
  }
  dropping.waits_for = waits_for;
}

// The strand is unwound while it waits for the step. When the whole run leaves memory the step
// stays pending; when the code has dropped this strand alone, nobody will ever want the result.
void Execution::State::abandon_step(Operation& operation, base::CallSite site) try {
  operation.step_body.reset();
  if (scheduler.halted()) return;
  const OperationRef keep(&operation);
  (void)pending.take(operation.id());
  proto::Event* const event = log.draft(site);
  event->mutable_step_abandoned()->set_id(operation.id());
  tell_command(*event);
  if (!left && !log.submit()) park_on_mismatch();
  const Unwatched ours(guard);
  if (step_abandoned) step_abandoned(operation.id());
} catch (const std::bad_alloc&) {
  out_of_memory();
}

// ---- scopes -----------------------------------------------------------------------------------

ScopeRef Execution::enter_scope(Scope::Kind kind) try {
  StrandRecord& strand = state_->enter();
  strand.scope = ScopeRef(new Scope(kind, strand.scope));
  return strand.scope;
} catch (const std::bad_alloc&) {
  out_of_memory();
}

void Execution::leave_scope(const ScopeRef& scope) {
  // Also while the strand is unwound, so without enter().
  StrandRecord* strand = state_->scheduler.current();
  if (strand != nullptr && strand->scope.get() == scope.get()) strand->scope = scope->parent();
}

void Execution::cancel_scope(const ScopeRef& scope) {
  state_->enter();
  state_->cancel_scope(*scope, {});
  state_->enter();
}

bool Execution::cancelled() const {
  return state_->enter().scope->is_cancelled();
}

}  // namespace reprise::replay
