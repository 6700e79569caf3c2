// A clock that stands still until it is moved.
#pragma once
#include <algorithm>

#include "base/time.h"

namespace reprise::testing {

class ManualClock final : public base::Clock {
 public:
  base::Time now() const override { return now_; }
  void advance(base::Duration by) { now_ += by; }
  // Forward only.
  void move_to(base::Time time) { now_ = std::max(now_, time); }

 private:
  base::Time now_ = base::from_ms(1'700'000'000'000);
};

}  // namespace reprise::testing
