#include "runtime/host/rate_limiter.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace reprise::runtime::rate_limiter_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(RateLimiter, ZeroIsNoLimit) {
  RateLimiter none(0);
  for (int i = 0; i < 1'000; ++i) none.begin(FlowTime(0));
  EXPECT_TRUE(none.may_begin(FlowTime(0)));
}

TEST(RateLimiter, SlowRatesAreSpreadEvenly) {
  RateLimiter five(5);
  for (int i = 0; i < 10; ++i) {
    const FlowTime due = i * milliseconds(200);
    if (i > 0) {
      EXPECT_FALSE(five.may_begin(due - FlowTime(1))) << i;
    }
    ASSERT_TRUE(five.may_begin(due)) << i;
    five.begin(due);
    EXPECT_EQ(five.next(), due + milliseconds(200));
  }
}

TEST(RateLimiter, FastOnesBeginATenthOfASecondsShareAtOnce) {
  RateLimiter hundred(100);
  int at_once = 0;
  for (; hundred.may_begin(FlowTime(0)); ++at_once) hundred.begin(FlowTime(0));
  EXPECT_EQ(at_once, 10);
  EXPECT_EQ(hundred.next(), milliseconds(10));
}

TEST(RateLimiter, TimeWithoutAttemptsIsNotSaved) {
  RateLimiter hundred(100);
  int at_once = 0;
  for (; hundred.may_begin(seconds(3'600)); ++at_once) hundred.begin(seconds(3'600));
  EXPECT_EQ(at_once, 10);
}

TEST(RateLimiter, TheSlowestAndTheFastest) {
  RateLimiter slow(1e-6);
  slow.begin(FlowTime(0));
  EXPECT_EQ(slow.next(), FlowTime(seconds(1'000'000)));
  RateLimiter fast(1e6);
  int at_once = 0;
  for (; fast.may_begin(FlowTime(0)); ++at_once) fast.begin(FlowTime(0));
  EXPECT_EQ(at_once, 100'000);
}

TEST(RateLimiter, NoSecondHasMoreThanItsShareAndATenth) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    const double rate = 1 + static_cast<double>(random() % 300);
    RateLimiter limiter(rate);
    std::vector<FlowTime> begun;
    for (FlowTime now{0}; now < seconds(10); now += milliseconds(random() % 20)) {
      if (random() % 50 == 0) now += milliseconds(random() % 1'500);
      for (; limiter.may_begin(now); limiter.begin(now)) begun.push_back(now);
    }
    std::size_t first = 0;
    for (std::size_t last = 0; last < begun.size(); ++last) {
      while (begun[last] - begun[first] >= seconds(1)) ++first;
      ASSERT_LE(static_cast<double>(last - first + 1), rate * 1.1 + 1) << seed;
    }
    EXPECT_GE(static_cast<double>(begun.size()), rate * 3) << "it is used";
  }
}

}  // namespace
}  // namespace reprise::runtime::rate_limiter_test
