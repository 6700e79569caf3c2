#include "runtime/control/limit_state.h"

namespace reprise::runtime {
namespace {

proto::ControlLimitState::Breaker control_breaker(BreakerState state) {
  switch (state) {
    case BreakerState::kNone:
      return proto::ControlLimitState::NONE;
    case BreakerState::kClosed:
      return proto::ControlLimitState::CLOSED;
    case BreakerState::kOpen:
      return proto::ControlLimitState::OPEN;
    case BreakerState::kHalfOpen:
      return proto::ControlLimitState::HALF_OPEN;
  }
  return proto::ControlLimitState::NONE;
}

BreakerState breaker_of(proto::ControlLimitState::Breaker state) {
  for (const BreakerState known :
       {BreakerState::kClosed, BreakerState::kOpen, BreakerState::kHalfOpen}) {
    if (control_breaker(known) == state) return known;
  }
  return BreakerState::kNone;
}

}  // namespace

void fill_limit_state(const LimitState& from, proto::ControlLimitState* to) {
  to->set_task_queue(from.task_queue);
  to->set_activity(from.activity);
  to->set_most_in_flight(from.limits.in_flight);
  to->set_per_second(from.limits.per_second);
  to->set_breaker_failures(from.limits.breaker.failures);
  to->set_breaker_window_ms(from.limits.breaker.window.count());
  to->set_breaker_open_for_ms(from.limits.breaker.open_for.count());
  to->set_in_flight(from.in_flight);
  to->set_waiting(from.waiting);
  to->set_held_back(from.held_back);
  to->set_breaker(control_breaker(from.breaker));
  to->set_failures(from.failures);
  if (from.opened) to->set_opened_ms(base::to_ms(*from.opened));
  to->set_open_for_another_ms(from.open_for_another.count());
  to->set_times_opened(from.times_opened);
  to->set_last_failure(from.last_failure);
}

LimitState limit_state_of(const proto::ControlLimitState& from) {
  LimitState to;
  to.task_queue = from.task_queue();
  to.activity = from.activity();
  to.limits.in_flight = from.most_in_flight();
  to.limits.per_second = from.per_second();
  to.limits.breaker.failures = from.breaker_failures();
  to.limits.breaker.window = base::Duration(from.breaker_window_ms());
  to.limits.breaker.open_for = base::Duration(from.breaker_open_for_ms());
  to.in_flight = from.in_flight();
  to.waiting = from.waiting();
  to.held_back = from.held_back();
  to.breaker = breaker_of(from.breaker());
  to.failures = from.failures();
  if (from.opened_ms() != 0) to.opened = base::from_ms(from.opened_ms());
  to.open_for_another = base::Duration(from.open_for_another_ms());
  to.times_opened = from.times_opened();
  to.last_failure = from.last_failure();
  return to;
}

}  // namespace reprise::runtime
