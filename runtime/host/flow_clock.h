// The time of the limits on attempts: nanoseconds since a beginning, never set back.
#pragma once
#include <chrono>
#include <cstdint>

#include "base/time.h"

namespace reprise::runtime {

using FlowTime = std::chrono::nanoseconds;

inline constexpr FlowTime kFlowEnd = FlowTime::max();

constexpr FlowTime add_sat(FlowTime time, FlowTime by) {
  return FlowTime(base::add_sat(std::int64_t{time.count()}, std::int64_t{by.count()}));
}
// Longer durations than 292 years end with the time.
constexpr FlowTime flow_time(base::Duration duration) {
  constexpr base::Duration kMost = std::chrono::floor<base::Duration>(kFlowEnd);
  return duration >= kMost ? kFlowEnd : FlowTime(duration);
}
// Rounded up: not earlier.
constexpr base::Duration whole_ms(FlowTime time) {
  return std::chrono::ceil<base::Duration>(time);
}

// Thread-safe.
class FlowClock {
 public:
  // `virtual_time`: of a driver without threads; nullptr: the steady clock.
  explicit FlowClock(const base::Clock* virtual_time)
      : clock_(virtual_time), began_(clock_ == nullptr ? base::Time() : clock_->now()) {}

  FlowTime now() const {
    if (clock_ == nullptr) return std::chrono::steady_clock::now() - steady_began_;
    const base::Duration passed = base::sub_sat(clock_->now(), began_);
    return passed > base::Duration(0) ? flow_time(passed) : FlowTime(0);
  }
  // The first moment of the driver's clock at which now() is not before `time`.
  base::Time virtual_time(FlowTime time) const { return base::add_sat(began_, whole_ms(time)); }
  base::SteadyTime steady_time(FlowTime time) const {
    return base::deadline_in(whole_ms(time), steady_began_);
  }

 private:
  const base::Clock* const clock_;
  const base::Time began_;
  const base::SteadyTime steady_began_ = std::chrono::steady_clock::now();
};

}  // namespace reprise::runtime
