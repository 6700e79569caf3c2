// A cancellation scope of workflow code, for as long as it lives.
#pragma once
#include "replay/execution.h"

namespace reprise::simulation {

class InScope {
 public:
  InScope(replay::Execution& e, replay::Scope::Kind kind) : e_(e), scope_(e.enter_scope(kind)) {}
  ~InScope() { e_.leave_scope(scope_); }
  InScope(const InScope&) = delete;
  InScope& operator=(const InScope&) = delete;
  void cancel() { e_.cancel_scope(scope_); }

 private:
  replay::Execution& e_;
  replay::ScopeRef scope_;
};

}  // namespace reprise::simulation
