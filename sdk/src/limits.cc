#include "sdk/src/limits.h"

namespace reprise::internal {
namespace {

BreakerState to_public(runtime::BreakerState state) {
  switch (state) {
    case runtime::BreakerState::kNone:
      return BreakerState::kNone;
    case runtime::BreakerState::kClosed:
      return BreakerState::kClosed;
    case runtime::BreakerState::kOpen:
      return BreakerState::kOpen;
    case runtime::BreakerState::kHalfOpen:
      return BreakerState::kHalfOpen;
  }
  return {};
}

}  // namespace

runtime::ActivityLimits to_runtime(const ActivityLimits& limits) {
  return {.in_flight = limits.in_flight,
          .per_second = limits.per_second,
          .breaker = {.failures = static_cast<std::size_t>(limits.breaker.failures),
                      .window = limits.breaker.window,
                      .open_for = limits.breaker.open_for}};
}

ActivityLimits to_public(const runtime::ActivityLimits& limits) {
  return {.in_flight = limits.in_flight,
          .per_second = limits.per_second,
          .breaker = {.failures = static_cast<int>(limits.breaker.failures),
                      .window = limits.breaker.window,
                      .open_for = limits.breaker.open_for}};
}

LimitState to_public(const runtime::LimitState& state) {
  return {.task_queue = state.task_queue,
          .activity = state.activity,
          .limits = to_public(state.limits),
          .in_flight = state.in_flight,
          .waiting = state.waiting,
          .held_back = state.held_back,
          .breaker = to_public(state.breaker),
          .failures = state.failures,
          .opened = state.opened,
          .open_for_another = state.open_for_another,
          .times_opened = state.times_opened,
          .last_failure = state.last_failure};
}

}  // namespace reprise::internal
