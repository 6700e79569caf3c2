#include "runtime/host/steps_under_way.h"

#include <gtest/gtest.h>

namespace reprise::runtime::steps_under_way_test {
namespace {

TEST(StepsUnderWay, AreFoundUntilTheyEnd) {
  StepsUnderWay steps;
  EXPECT_TRUE(steps.empty());
  const auto first = steps.begin(7);
  const auto earlier = steps.begin(3);  // tried again after others had begun
  EXPECT_EQ(steps.find(7), first.get());
  EXPECT_EQ(steps.find(3), earlier.get());
  EXPECT_EQ(steps.find(5), nullptr);
  EXPECT_TRUE(steps.end(7));
  EXPECT_EQ(steps.find(7), nullptr);
  EXPECT_FALSE(steps.empty());
  EXPECT_TRUE(steps.end(3));
  EXPECT_TRUE(steps.empty());
}

TEST(StepsUnderWay, OneThatHasEndedEndsNoMore) {
  StepsUnderWay steps;
  const auto kept = steps.begin(1);
  (void)steps.begin(2);
  (void)steps.begin(3);
  EXPECT_TRUE(steps.end(1));
  EXPECT_FALSE(steps.end(1));
  EXPECT_FALSE(steps.end(4));
  EXPECT_FALSE(steps.empty());
}

TEST(StepsUnderWay, OneThatIsTriedAgainIsAnotherAttempt) {
  StepsUnderWay steps;
  (void)steps.begin(1);
  (void)steps.begin(2);
  const auto before = steps.begin(3);
  EXPECT_TRUE(steps.end(3));
  const auto again = steps.begin(3);
  EXPECT_NE(again, before);
  EXPECT_EQ(steps.find(3), again.get());
  EXPECT_TRUE(steps.end(1));
  EXPECT_TRUE(steps.end(2));
  EXPECT_EQ(steps.find(3), again.get());
  EXPECT_TRUE(steps.end(3));
  EXPECT_TRUE(steps.empty());
}

TEST(StepsUnderWay, ManyEndInAnyOrder) {
  constexpr std::uint32_t kMany = 100'000;
  StepsUnderWay steps;
  for (std::uint32_t id = 1; id <= kMany; ++id) (void)steps.begin(id);
  for (std::uint32_t i = 0; i < kMany; ++i) {  // 7 has no factor in common with it
    const std::uint32_t id = 1 + i * 7 % kMany;
    ASSERT_NE(steps.find(id), nullptr) << id;
    ASSERT_TRUE(steps.end(id)) << id;
  }
  EXPECT_TRUE(steps.empty());
}

}  // namespace
}  // namespace reprise::runtime::steps_under_way_test
