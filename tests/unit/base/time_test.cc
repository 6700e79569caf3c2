#include "base/time.h"

#include <gtest/gtest.h>

namespace reprise::base::time_test {
namespace {

TEST(TimeTest, MillisecondsSinceTheEpoch) {
  EXPECT_EQ(to_ms(from_ms(0)), 0);
  EXPECT_EQ(to_ms(from_ms(-1)), -1);
  EXPECT_EQ(from_ms(1'500) - from_ms(500), std::chrono::seconds(1));
}

TEST(TimeTest, WallClockIsPastTheYear2020) {
  EXPECT_GT(to_ms(WallClock().now()), 1'577'836'800'000);
}

}  // namespace
}  // namespace reprise::base::time_test
