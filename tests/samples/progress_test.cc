#include "samples/order_saga/progress.h"

#include <gtest/gtest.h>

namespace order_saga {
namespace {

using namespace std::chrono_literals;

TEST(Progress, GroupsDigits) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1'000), "1,000");
  EXPECT_EQ(with_commas(1'234'567), "1,234,567");
  EXPECT_EQ(with_commas(-123'456), "-123,456");
}

TEST(Progress, DrawsABar) {
  EXPECT_EQ(progress_bar(0, 4), "[------------]   0 %");
  EXPECT_EQ(progress_bar(1, 4), "[###---------]  25 %");
  EXPECT_EQ(progress_bar(4, 4), "[############] 100 %");
  EXPECT_EQ(progress_bar(0, 0), "[############] 100 %");
}

TEST(Progress, WritesSeconds) {
  EXPECT_EQ(as_seconds(1'234ms), "1.2 s");
}

}  // namespace
}  // namespace order_saga
