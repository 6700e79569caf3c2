#include "replay/commands/decision.h"

#include "base/check.h"
#include "replay/execution_state.h"

namespace reprise::replay {

void Execution::decide(std::string_view what, bool outcome, base::CallSite site) try {
  RunCore& run = state_->core;
  run.enter();
  auto* decision = run.log.draft(site)->mutable_decision_recorded();
  decision->set_what(what.data(), what.size());
  decision->set_outcome(outcome);
  run.submit(what.size());
  Lifecycle life(Lifecycle::Kind::kDecision);
  REPRISE_CHECK(life.on(Lifecycle::Trigger::kRecord), "a decision is recorded once");
} catch (const std::bad_alloc&) {
  out_of_memory();
}

}  // namespace reprise::replay
