#include "runtime/host/circuit_breaker.h"

#include <algorithm>

#include "base/check.h"

namespace reprise::runtime {

CircuitBreaker::CircuitBreaker(const BreakerLimits& limits) : limits_(limits) {}

bool CircuitBreaker::on(Trigger trigger) {
  for (const Transition& transition : kTransitions) {
    if (transition.from != state_ || transition.trigger != trigger) continue;
    state_ = transition.to;
    ++period_;
    return true;
  }
  return false;
}

bool CircuitBreaker::may_begin(FlowTime now) const {
  switch (state_) {
    case State::kClosed:
      return true;
    case State::kOpen:
      return now >= open_until_;
    case State::kHalfOpen:
      return false;
  }
  return true;
}

CircuitBreaker::Permit CircuitBreaker::begin(FlowTime now) {
  REPRISE_CHECK(may_begin(now), "an attempt begins when its breaker lets it");
  (void)on(Trigger::kProbeBegins);
  return period_;
}

void CircuitBreaker::say(Permit permit, Verdict verdict, FlowTime now) {
  if (!exists() || permit != period_) return;
  const bool is_probe = state_ == State::kHalfOpen;
  switch (verdict) {
    case Verdict::kWorks:
      if (!on(Trigger::kProbeWorks)) return;
      failures_.clear();
      oldest_ = 0;
      return;
    case Verdict::kFails:
      return is_probe ? open(now) : fail(now);
    case Verdict::kSaysNothing:
      (void)on(Trigger::kProbeSaysNothing);
      return;
  }
}

// It has been too many if the one that is so many failures back is within the window.
void CircuitBreaker::fail(FlowTime now) {
  if (failures_.size() < limits_.failures) {
    failures_.push_back(now);
  } else {
    failures_[oldest_] = now;
    oldest_ = (oldest_ + 1) % failures_.size();
  }
  const bool enough = failures_.size() == limits_.failures;
  if (enough && now - failures_[oldest_] < flow_time(limits_.window)) open(now);
}

void CircuitBreaker::open(FlowTime now) {
  const bool again = state_ == State::kHalfOpen;
  if (!on(again ? Trigger::kProbeFails : Trigger::kTooMany)) return;
  if (!again) {
    opened_at_ = now;
    ++times_opened_;
  }
  open_until_ = add_sat(now, flow_time(limits_.open_for));
}

std::optional<FlowTime> CircuitBreaker::open_until() const {
  return state_ == State::kOpen ? std::optional(open_until_) : std::nullopt;
}

std::optional<FlowTime> CircuitBreaker::opened_at() const {
  return state_ == State::kClosed ? std::nullopt : std::optional(opened_at_);
}

std::size_t CircuitBreaker::failures_in_window(FlowTime now) const {
  const FlowTime window = flow_time(limits_.window);
  return static_cast<std::size_t>(std::count_if(failures_.begin(), failures_.end(),
                                                [&](FlowTime at) { return now - at < window; }));
}

}  // namespace reprise::runtime
