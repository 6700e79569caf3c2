#include "replay/commands/timer.h"

#include <algorithm>
#include <string>

#include "replay/execution_state.h"

namespace reprise::replay {
namespace {

// Longer than any run, short enough to be added to any time.
constexpr base::Duration kLongestTimer = std::chrono::hours(24 * 365'000);

}  // namespace

OperationRef Execution::start_timer(base::Duration duration, base::CallSite site) try {
  RunCore& run = state_->core;
  run.enter();
  const std::uint32_t id = run.new_id();
  auto* timer = run.log.draft(site)->mutable_timer_started();
  timer->set_id(id);
  timer->set_duration_ms(std::clamp<std::int64_t>(duration.count(), 0, kLongestTimer.count()));
  run.submit();
  return run.record(Operation::Kind::kTimer, id, std::to_string(duration.count()) + "ms", site);
} catch (const std::bad_alloc&) {
  out_of_memory();
}

void cancel_timer(RunCore& run, Operation& timer, base::CallSite site) {
  proto::Event* event = run.log.draft(site);
  event->mutable_timer_cancelled()->set_id(timer.id());
  if (run.submit_withdrawal(*event, timer)) run.end_as_cancelled(timer);
}

void apply_to_timer(RunCore& run, const proto::Event& input) {
  run.answer(input, input.timer_fired().id(), Operation::Trigger::kSuccess, {});
}

}  // namespace reprise::replay
