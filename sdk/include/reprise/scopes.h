// What a cancellation reaches: scopes on the stack of workflow code.
#pragma once
#include <reprise/internal/opaque.h>

namespace reprise {

class Context;

// While it lives, cancellation from outside does not reach this strand: for cleanup that waits.
// Cancelling inside it (a CancelScope, Pending::cancel) still works. On the stack of workflow code
// only; nests like any scope; records nothing. What is started in it outlives a cancellation too.
class [[nodiscard]] Shield {
 public:
  explicit Shield(Context& ctx);
  ~Shield();
  Shield(const Shield&) = delete;
  Shield& operator=(const Shield&) = delete;

 private:
  replay::Execution* execution_;
  replay::Scope* scope_;
};

// Everything that this strand starts and waits for while it lives can be cancelled together, from
// any code of the run. Cancelled too when the run or a scope around it is. On the stack of workflow
// code only; nests like any scope. Leaving it does not cancel what is still under way.
class [[nodiscard]] CancelScope {
 public:
  explicit CancelScope(Context& ctx);
  ~CancelScope();
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

  // What is under way in it is cancelled in the order in which it was started: timers are given up,
  // activities and children do what their on_cancel says (recorded). Waits in it throw
  // CancelledFailure, on this strand and on those spawned in it, except for what is waited for.
  void cancel();

 private:
  friend class Context;
  replay::Execution* execution_;
  replay::Scope* scope_;
};

}  // namespace reprise
