// The wall clock of a simulated machine. It runs only when it is told to, and its administrator may
// set it back or forward.
#pragma once
#include <algorithm>

#include "base/time.h"
#include "tests/support/random.h"

namespace reprise::simulation {

class SimClock final : public base::Clock {
 public:
  // `jittery`: time also passes, or is set back a little, between two looks at the clock.
  SimClock(base::Time start, std::uint64_t seed, bool jittery)
      : now_(start), latest_(start), random_(seed), jittery_(jittery) {}

  base::Time now() const override {
    if (jittery_ && random_.chance(10)) move(base::Duration(random_.between(-40, 60)));
    return now_ + lie_;
  }
  void move(base::Duration by) const {
    now_ += by;
    latest_ = std::max(latest_, now_);
  }
  void steady() { jittery_ = false; }

  base::Time truth() const { return now_; }
  // The latest instant that the clock has ever shown: what is due later has not been due yet.
  base::Time latest() const { return latest_; }

  // A control: the engine's time is this much ahead of the clock.
  void lie(base::Duration by) { lie_ = by; }

 private:
  mutable base::Time now_;
  mutable base::Time latest_;
  mutable testing::Random random_;
  bool jittery_;
  base::Duration lie_{0};
};

}  // namespace reprise::simulation
