#include "replay/commands/side_effect.h"

#include "base/check.h"
#include "replay/execution_state.h"

namespace reprise::replay {
namespace {

// The event in the log with the value that the code asks for next; nullptr: none.
const std::string* recorded_value(RunCore& run, Lifecycle* effect) {
  const proto::Event* const recorded = run.log.peek();
  if (recorded == nullptr || !recorded->has_side_effect_recorded()) return nullptr;
  run.observation.asks(*recorded);
  run.enter();
  run.log.accept_recorded();
  REPRISE_CHECK(effect->on(Lifecycle::Trigger::kRecord), "a new side effect is recorded once");
  run.value_event = run.log.last_accepted();
  return &recorded->side_effect_recorded().value();
}

}  // namespace

std::string Execution::side_effect(base::FunctionRef<std::string()> compute, base::CallSite site) {
  RunCore& run = state_->core;
  StrandRecord& strand = run.enter();
  Lifecycle effect(Lifecycle::Kind::kSideEffect);
  if (const std::string* recorded = recorded_value(run, &effect)) return *recorded;
  if (run.observation.rehearses()) {
    run.observation.leave();
    throw Evicted{};
  }
  // On replay nothing is computed: submitting the command reports the mismatch.
  std::string value;
  if (!run.log.replaying()) {
    REPRISE_CHECK(effect.on(Lifecycle::Trigger::kStart), "a closure runs once");
    const Unwatched unwatched(run.guard);
    const InClosure inside(strand, "the closure of ctx.side_effect()");
    value = compute();
  }
  run.enter();  // in a run from before closures were restricted it may have waited
  base::needs_memory("recording a side effect", [&] {
    run.log.draft(site)->mutable_side_effect_recorded()->set_value(value);
    run.submit(value.size());
  });
  REPRISE_CHECK(effect.on(Lifecycle::Trigger::kRecord), "a side effect is recorded once");
  return value;
}

std::uint64_t Execution::value_event() const {
  return state_->core.value_event;
}

}  // namespace reprise::replay
