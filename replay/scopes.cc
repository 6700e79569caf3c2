// Cancellation: of one operation, and of a scope with what was started in it.
#include <vector>

#include "replay/commands/activity.h"
#include "replay/commands/child.h"
#include "replay/commands/timer.h"
#include "replay/execution_state.h"

namespace reprise::replay {

void Execution::State::cancel(Operation& operation, base::CallSite site) try {
  using Kind = Operation::Kind;
  if (operation.ready()) return;
  const OperationRef keep(&operation);
  switch (operation.kind()) {
    case Kind::kActivity:
      return cancel_activity(core, operation, site);
    case Kind::kTimer:
      return cancel_timer(core, operation, site);
    case Kind::kSignal:
      return signals.cancel(operation);
    case Kind::kStep:
    case Kind::kTransaction:
      return steps.cancel(operation);
    case Kind::kChild:
      return cancel_child(core, operation, site);
    case Kind::kMessage:     // is on its way
    case Kind::kChildStart:  // likewise
    case Kind::kStrand:   // stops by being dropped
    case Kind::kSideEffect:
    case Kind::kPatch:
    case Kind::kDecision:
    case Kind::kSetting:
    case Kind::kUpdate:
    case Kind::kRun:
      return;  // the rest is nothing that code waits for
  }
} catch (const std::bad_alloc&) {
  out_of_memory();
}

void Execution::State::cancel_scope(Scope& scope, base::CallSite site) try {
  scope.cancel(core.next_order++);
  std::vector<OperationRef> affected;
  core.pending.for_each([&](const OperationRef& operation) {
    if (operation->scope->is_cancelled()) affected.push_back(operation);
  });
  for (const OperationRef& operation : affected) cancel(*operation, site);
  for (const auto& strand : core.scheduler.strands()) {
    if (strand->scope->is_cancelled()) core.scheduler.wake(*strand);
  }
} catch (const std::bad_alloc&) {
  out_of_memory();
}

void Execution::cancel(Operation& operation, base::CallSite site) {
  state_->core.enter();
  state_->cancel(operation, site);
  state_->core.enter();
}

ScopeRef Execution::enter_scope(Scope::Kind kind) try {
  StrandRecord& strand = state_->core.enter();
  strand.scope = ScopeRef(new Scope(kind, strand.scope));
  return strand.scope;
} catch (const std::bad_alloc&) {
  out_of_memory();
}

void Execution::leave_scope(const ScopeRef& scope) {
  // Also while the strand is unwound, so without enter().
  StrandRecord* strand = state_->core.scheduler.current();
  if (strand != nullptr && strand->scope.get() == scope.get()) strand->scope = scope->parent();
}

void Execution::cancel_scope(const ScopeRef& scope) {
  state_->core.enter();
  state_->cancel_scope(*scope, {});
  state_->core.enter();
}

bool Execution::cancelled() const {
  return state_->core.enter().scope->is_cancelled();
}

}  // namespace reprise::replay
