#include "runtime/host/circuit_breaker.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace reprise::runtime::circuit_breaker_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using State = CircuitBreaker::State;
using Verdict = CircuitBreaker::Verdict;

constexpr BreakerLimits kThreeInTen{.failures = 3, .window = seconds(10), .open_for = seconds(60)};

void attempt(CircuitBreaker& breaker, Verdict verdict, FlowTime now) {
  ASSERT_TRUE(breaker.may_begin(now));
  breaker.say(breaker.begin(now), verdict, now);
}

TEST(CircuitBreaker, OpensAfterThatManyFailuresWithinTheWindow) {
  CircuitBreaker breaker(kThreeInTen);
  attempt(breaker, Verdict::kFails, seconds(0));
  attempt(breaker, Verdict::kFails, seconds(5));
  attempt(breaker, Verdict::kWorks, seconds(6));  // a success in between changes nothing
  EXPECT_EQ(breaker.failures_in_window(seconds(9)), 2u);
  attempt(breaker, Verdict::kFails, seconds(10));  // the first one is 10 s ago: out of the window
  EXPECT_EQ(breaker.state(), State::kClosed);
  attempt(breaker, Verdict::kFails, seconds(14));
  EXPECT_EQ(breaker.state(), State::kOpen);
  EXPECT_EQ(breaker.open_until(), FlowTime(seconds(74)));
  EXPECT_EQ(breaker.opened_at(), FlowTime(seconds(14)));
  EXPECT_EQ(breaker.times_opened(), 1u);
  EXPECT_FALSE(breaker.may_begin(seconds(74) - FlowTime(1)));
  EXPECT_TRUE(breaker.may_begin(seconds(74)));
}

CircuitBreaker opened() {
  CircuitBreaker breaker(kThreeInTen);
  for (int i = 0; i < 3; ++i) attempt(breaker, Verdict::kFails, seconds(0));
  return breaker;
}

TEST(CircuitBreaker, HalfOpenLetsOneAttemptBegin) {
  CircuitBreaker breaker = opened();
  const auto probe = breaker.begin(seconds(60));
  EXPECT_EQ(breaker.state(), State::kHalfOpen);
  EXPECT_FALSE(breaker.may_begin(seconds(60)));
  EXPECT_FALSE(breaker.may_begin(seconds(100'000)));
  EXPECT_FALSE(breaker.open_until());
  breaker.say(probe, Verdict::kWorks, seconds(61));
  EXPECT_EQ(breaker.state(), State::kClosed);
  EXPECT_FALSE(breaker.opened_at());
  EXPECT_EQ(breaker.failures_in_window(seconds(61)), 0u) << "it begins anew";
}

TEST(CircuitBreaker, AProbeThatFailsOpensItAgain) {
  CircuitBreaker breaker = opened();
  breaker.say(breaker.begin(seconds(60)), Verdict::kFails, seconds(61));
  EXPECT_EQ(breaker.state(), State::kOpen);
  EXPECT_EQ(breaker.open_until(), FlowTime(seconds(121)));
  EXPECT_EQ(breaker.opened_at(), FlowTime(seconds(0))) << "it was not closed since";
  EXPECT_EQ(breaker.times_opened(), 1u);
}

TEST(CircuitBreaker, AProbeThatSaysNothingMakesRoomForTheNext) {
  CircuitBreaker breaker = opened();
  breaker.say(breaker.begin(seconds(60)), Verdict::kSaysNothing, seconds(61));
  EXPECT_TRUE(breaker.may_begin(seconds(61)));
  const auto probe = breaker.begin(seconds(61));
  EXPECT_FALSE(breaker.may_begin(seconds(61)));
  breaker.say(probe, Verdict::kWorks, seconds(62));
  EXPECT_EQ(breaker.state(), State::kClosed);
}

TEST(CircuitBreaker, AttemptsOfAnEarlierPeriodSayNothing) {
  CircuitBreaker breaker(kThreeInTen);
  const auto early = breaker.begin(seconds(0));
  for (int i = 0; i < 3; ++i) attempt(breaker, Verdict::kFails, seconds(1));
  breaker.say(early, Verdict::kWorks, seconds(2));
  EXPECT_EQ(breaker.state(), State::kOpen);
  const auto probe = breaker.begin(seconds(61));
  breaker.say(early, Verdict::kFails, seconds(62));
  EXPECT_EQ(breaker.state(), State::kHalfOpen);
  breaker.say(probe, Verdict::kWorks, seconds(63));
  breaker.say(probe, Verdict::kFails, seconds(64));  // told twice: it has timed out, say
  EXPECT_EQ(breaker.failures_in_window(seconds(64)), 0u);
}

TEST(CircuitBreaker, WithoutFailuresThereIsNone) {
  CircuitBreaker breaker(BreakerLimits{});
  for (int i = 0; i < 1'000; ++i) attempt(breaker, Verdict::kFails, seconds(0));
  EXPECT_EQ(breaker.state(), State::kClosed);
}

TEST(CircuitBreaker, LongTimesSaturate) {
  CircuitBreaker breaker(
      {.failures = 1, .window = base::Duration::max(), .open_for = base::Duration::max()});
  attempt(breaker, Verdict::kFails, seconds(1));
  EXPECT_EQ(breaker.open_until(), kFlowEnd);
  EXPECT_FALSE(breaker.may_begin(kFlowEnd - FlowTime(1)));
}

// The same by keeping everything, and a check that nothing but the table moves it.
class Model {
 public:
  explicit Model(const BreakerLimits& limits) : limits_(limits) {}

  bool may_begin(FlowTime now) const { return !probe_ && (!open_ || now >= until_); }
  void begin(int attempt, FlowTime now) {
    ASSERT_TRUE(may_begin(now));
    if (open_) probe_ = attempt;
  }
  void say(int attempt, Verdict verdict, FlowTime now) {
    if (probe_ == attempt) {
      probe_.reset();
      if (verdict == Verdict::kWorks) close(attempt);
      if (verdict == Verdict::kFails) until_ = now + limits_.open_for;
    } else if (!open_ && attempt > closed_by_ && verdict == Verdict::kFails) {
      failures_.push_back(now);
      const auto recent = std::count_if(failures_.begin(), failures_.end(),
                                        [&](FlowTime at) { return at > now - limits_.window; });
      if (static_cast<std::size_t>(recent) < limits_.failures) return;
      open_ = true;
      until_ = now + limits_.open_for;
    }
  }
  State state() const { return probe_ ? State::kHalfOpen : open_ ? State::kOpen : State::kClosed; }

 private:
  void close(int attempt) {
    open_ = false;
    failures_.clear();
    closed_by_ = attempt;  // those that began before say nothing
  }

  const BreakerLimits limits_;
  bool open_ = false;
  FlowTime until_{0};
  std::optional<int> probe_;
  std::vector<FlowTime> failures_;
  int closed_by_ = -1;
};

TEST(CircuitBreaker, DoesWhatAModelDoes) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](int end) {
      return static_cast<int>(random() % static_cast<unsigned>(end));
    };
    const BreakerLimits limits{.failures = static_cast<std::size_t>(1 + below(4)),
                               .window = milliseconds(1 + below(50)),
                               .open_for = milliseconds(1 + below(50))};
    CircuitBreaker breaker(limits);
    Model model(limits);
    FlowTime now{0};
    int begun = 0;
    std::deque<std::pair<int, CircuitBreaker::Permit>> under_way;
    for (int step = 0; step < 400; ++step) {
      now += milliseconds(below(10));
      ASSERT_EQ(breaker.may_begin(now), model.may_begin(now)) << seed << " " << step;
      if (below(2) == 0 && breaker.may_begin(now)) {
        model.begin(begun, now);
        under_way.emplace_back(begun++, breaker.begin(now));
      } else if (!under_way.empty()) {
        const auto which = under_way.begin() + below(static_cast<int>(under_way.size()));
        const auto verdict = static_cast<Verdict>(below(3));
        model.say(which->first, verdict, now);
        breaker.say(which->second, verdict, now);
        under_way.erase(which);
      }
      ASSERT_EQ(breaker.state(), model.state()) << seed << " " << step;
    }
  }
}

}  // namespace
}  // namespace reprise::runtime::circuit_breaker_test
