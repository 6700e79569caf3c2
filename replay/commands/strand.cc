#include "replay/commands/strand.h"

#include <utility>

#include "base/check.h"
#include "replay/execution_state.h"

namespace reprise::replay {

using Trigger = Operation::Trigger;

// ---- call -------------------------------------------------------------------------------------

OperationRef Execution::spawn(std::function<void()> body, base::CallSite site) try {
  return state_->strands.spawn(std::move(body), site);
} catch (const std::bad_alloc&) {
  out_of_memory();
}

OperationRef Strands::spawn(std::function<void()> body, base::CallSite site) {
  RunCore& run = run_;
  const StrandRecord& parent = run.enter();
  OperationRef operation = run.create(Operation::Kind::kStrand, "spawned", site);
  operation->listener = this;
  StrandRecord& strand = run.spawn_strand(
      [&run, body = std::move(body)] { run.guarded({"a spawned strand"}, body); }, parent.scope);
  strand.completes = operation.get();
  operation->strand = &strand;
  REPRISE_CHECK(operation->on(Trigger::kStart), "a new strand starts");
  return operation;
}

// ---- its end ----------------------------------------------------------------------------------

void Strands::finished(StrandRecord& strand) {
  if (Operation* operation = std::exchange(strand.completes, nullptr); operation != nullptr) {
    operation->strand = nullptr;
    run_.complete(*operation, Trigger::kSuccess, {});
  }
}

// Called by a destructor, which must not throw.
void Strands::dropped(Operation& spawned) try {
  if (!spawned.on(Trigger::kDrop)) return;  // it has ended
  if (spawned.strand != nullptr) stop(spawned);
} catch (const std::bad_alloc&) {
  out_of_memory();
}

// Destructors on its stack may drop other strands, and wait for what these wait for: so it may need
// several turns.
void Strands::stop(Operation& spawned) {
  if (!spawned.strand->running) steps_.await_step_of(*spawned.strand);
  while (spawned.strand != nullptr && !spawned.strand->running) {
    if (run_.scheduler.stop(*spawned.strand)) return;
    steps_.await_outcome(*spawned.strand->paused_for);
  }
  // It is gone with the whole run meanwhile; or it is running, and drops itself.
  if (StrandRecord* const strand = std::exchange(spawned.strand, nullptr); strand != nullptr) {
    strand->completes = nullptr;
  }
}

}  // namespace reprise::replay
