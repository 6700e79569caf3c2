#include "base/time.h"

#include <limits>

#include <gtest/gtest.h>

namespace reprise::base::time_test {
namespace {

TEST(TimeTest, MillisecondsSinceTheEpoch) {
  EXPECT_EQ(to_ms(from_ms(0)), 0);
  EXPECT_EQ(to_ms(from_ms(-1)), -1);
  EXPECT_EQ(from_ms(1'500) - from_ms(500), std::chrono::seconds(1));
}

TEST(TimeTest, SumsEndAtTheEndsOfTime) {
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(add_sat(2, 3), 5);
  EXPECT_EQ(sub_sat(2, 3), -1);
  EXPECT_EQ(add_sat(kMax, 1), kMax);
  EXPECT_EQ(add_sat(kMin, -1), kMin);
  EXPECT_EQ(add_sat(kMax, kMin), -1);
  EXPECT_EQ(sub_sat(kMin, 1), kMin);
  EXPECT_EQ(sub_sat(kMax, -1), kMax);
  EXPECT_EQ(sub_sat(0, kMin), kMax);
  EXPECT_EQ(add_sat(Duration::max(), Duration(1)), Duration::max());
  EXPECT_EQ(add_sat(from_ms(5), Duration::max()), Time::max());
  EXPECT_EQ(add_sat(from_ms(-5), Duration::min()), Time::min());
  EXPECT_EQ(sub_sat(from_ms(-5), Duration::max()), Time::min());
  EXPECT_EQ(sub_sat(Time::max(), Time::min()), Duration::max());
}

TEST(TimeTest, ComputedWaitsAreWholeMillisecondsFromZeroUp) {
  EXPECT_EQ(wait_of(1.9), Duration(1));
  EXPECT_EQ(wait_of(-1), Duration(0));
  EXPECT_EQ(wait_of(std::numeric_limits<double>::quiet_NaN()), Duration(0));
  EXPECT_EQ(wait_of(9.2e18).count(), 9'200'000'000'000'000'000);
  EXPECT_EQ(wait_of(9.3e18), Duration::max());
  EXPECT_EQ(wait_of(std::numeric_limits<double>::infinity()), Duration::max());
}

TEST(TimeTest, DeadlinesFitTheClockWhateverTheWait) {
  const SteadyTime now{std::chrono::hours(1)};
  EXPECT_EQ(deadline_in(Duration(5), now) - now, Duration(5));
  EXPECT_EQ(deadline_in(Duration::max(), now) - now, kLongestWait);
  EXPECT_EQ(deadline_in(Duration::min(), now), now);
  EXPECT_TRUE(reached(Duration(5), Duration(5)));
  EXPECT_FALSE(reached(Duration(5), std::chrono::microseconds(4'999)));
  EXPECT_FALSE(reached(Duration::max(), std::chrono::hours(1)));
  EXPECT_TRUE(reached(Duration::min(), std::chrono::hours(1)));
}

TEST(TimeTest, WallClockIsPastTheYear2020) {
  EXPECT_GT(to_ms(WallClock().now()), 1'577'836'800'000);
}

}  // namespace
}  // namespace reprise::base::time_test
