// How many attempts begin in a second: the generic cell rate algorithm (GCRA) of ITU-T I.371, in
// its virtual scheduling form, which is a leaky bucket in one number: the time at which the next
// attempt is expected. One that comes earlier by at most `tolerance_` conforms.
#pragma once
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "runtime/host/flow_clock.h"

namespace reprise::runtime {

// Not thread-safe; does not read a clock.
class RateLimiter {
 public:
  // 0: no limit. At most `per_second` + a tenth of it + 1 begin in a second.
  explicit RateLimiter(double per_second)
      : interval_(per_second > 0 ? FlowTime(static_cast<std::int64_t>(std::ceil(1e9 / per_second)))
                                 : FlowTime(0)),
        tolerance_(std::max(FlowTime(0), kAtOnce - interval_)) {}

  bool limits() const { return interval_ > FlowTime(0); }
  // The earliest time at which one may begin; not after `now`: now.
  FlowTime next() const { return expected_ - tolerance_; }
  bool may_begin(FlowTime now) const { return !limits() || next() <= now; }
  // May begin, and has.
  void begin(FlowTime now) {
    if (limits()) expected_ = add_sat(std::max(expected_, now), interval_);
  }

 private:
  static constexpr FlowTime kAtOnce = std::chrono::milliseconds(100);

  const FlowTime interval_;   // from one to the next
  const FlowTime tolerance_;  // so much earlier than expected: what begins at once
  FlowTime expected_{0};
};

}  // namespace reprise::runtime
