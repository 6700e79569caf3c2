// Waiting: for operations, for the first of several, for conditions. On the run's strands.
#include <algorithm>
#include <limits>
#include <string>

#include "base/out_of_memory.h"
#include "replay/execution_state.h"

namespace reprise::replay {
namespace {

constexpr auto kNever = std::numeric_limits<std::uint64_t>::max();  // no place in any order

// In a row. Code that does something shielded from the cancellation starts the count anew.
constexpr std::size_t kMostCutShort = 1'000'000;

bool holds_on(StrandRecord& strand, base::FunctionRef<bool()> condition) {
  const InClosure inside(strand, kInCondition);
  return condition();
}

}  // namespace

void RunCore::wait_on(StrandRecord& strand, std::span<Operation* const> operations) try {
  // Registered exactly while the strand is suspended, however it returns.
  struct Registered {
    StrandRecord& strand;
    ~Registered() {
      for (Operation* operation : strand.waits_for) operation->stop_waking(strand);
      strand.waits_for.clear();
    }
  };
  strand.waits_for.assign(operations.begin(), operations.end());
  for (Operation* operation : operations) operation->waiters.push_back(&strand);
  const Registered registered{strand};
  scheduler.block();
  if (observation.has_observer()) observation.resumed();
} catch (const std::bad_alloc&) {
  out_of_memory();
}

std::uint64_t RunCore::too_late_from(const StrandRecord& strand) const {
  if (!behaviours.cancellation_comes_first()) return kNever;
  const std::uint64_t cancelled_at = strand.scope->cancelled_at();
  return cancelled_at == 0 ? kNever : cancelled_at;
}

// On replay too, because the code may not be the one that was recorded.
void RunCore::cut_short() {
  // Waiting once for each operation that ever existed is not an endless loop.
  const std::size_t most = std::max<std::size_t>(kMostCutShort, next_id);
  if (++calls_cut_short <= most || !behaviours.loops_in_cancelled_scopes_end()) return;
  parking.park(
      base::ErrorCode::kRunLimit,
      "the code has made " + std::to_string(most) +
          " durable calls in a row that were over at once with a CancelledFailure, "
          "because the run or the scope is cancelled: it catches that and goes on. Let "
          "CancelledFailure leave the loop; what is to be tried again has a type of its own "
          "(ActivityFailure)");
  throw Evicted{};
}

bool Execution::may_start() {
  RunCore& run = state_->core;
  if (!run.enter().scope->is_cancelled()) return true;
  run.cut_short();
  return false;
}

Waited Execution::wait(Operation& operation) {
  Operation* const waited[] = {&operation};
  return wait_first(waited) ? Waited::kReady : Waited::kCancelled;
}

std::optional<std::size_t> Execution::wait_first(std::span<Operation* const> operations) {
  RunCore& run = state_->core;
  StrandRecord& strand = run.enter();
  while (true) {
    const std::uint64_t too_late = run.too_late_from(strand);
    std::optional<std::size_t> first;
    bool cancelled = strand.scope->is_cancelled();
    for (std::size_t i = 0; i < operations.size(); ++i) {
      const Operation& each = *operations[i];
      if (each.waits_when_cancelled && !each.ready()) cancelled = false;
      if (!each.ready() || (each.order() >= too_late && !each.waits_when_cancelled)) continue;
      if (!first || each.order() < operations[*first]->order()) first = i;
    }
    if (first) return first;
    if (cancelled) {
      run.cut_short();
      return std::nullopt;
    }
    run.wait_on(strand, operations);
  }
}

bool Execution::holds(base::FunctionRef<bool()> condition) {
  return holds_on(state_->core.enter(), condition);
}

Waited Execution::wait_until(base::FunctionRef<bool()> condition,
                             Operation* timeout,
                             base::CallSite site) {
  RunCore& run = state_->core;
  StrandRecord& strand = run.enter();
  struct Waiter {
    StrandRecord& strand;
    Operation* timeout;
    Scheduler& scheduler;
    Waiter(StrandRecord& waiting, Operation* limit, Scheduler& run_by)
        : strand(waiting), timeout(limit), scheduler(run_by) {
      if (timeout == nullptr) return;
      base::needs_memory("waiting for a condition", [this] {
        timeout->waiters.push_back(&strand);
        strand.waits_for.push_back(timeout);
      });
    }
    ~Waiter() {
      scheduler.condition_met();
      strand.waits_for.clear();
      if (timeout != nullptr) timeout->stop_waking(strand);
    }
  };
  const auto timed_out = [timeout] {
    return timeout != nullptr && timeout->state() == Operation::State::kSucceeded;
  };
  const auto wait = [&] {
    const Waiter waiter(strand, timeout, run.scheduler);
    for (bool has_waited = false;; has_waited = true) {
      // If the condition holds now, it may be because of the cancellation. It did not hold before,
      // or the wait would have ended then.
      if (const std::uint64_t late = run.too_late_from(strand); has_waited && late != kNever) {
        if (!timed_out() || timeout->order() >= late) return Waited::kCancelled;
      }
      if (holds_on(strand, condition)) return Waited::kReady;
      if (timed_out()) return Waited::kTimedOut;
      if (strand.scope->is_cancelled()) return Waited::kCancelled;
      run.scheduler.block_on_condition();
      if (run.observation.has_observer()) run.observation.resumed();
    }
  };
  strand.condition_site = site;
  const Waited result = wait();
  if (result == Waited::kCancelled) run.cut_short();
  if (timeout != nullptr && !timeout->ready()) cancel(*timeout, site);
  return result;
}

}  // namespace reprise::replay
