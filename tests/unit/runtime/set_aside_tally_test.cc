#include "runtime/engine/set_aside_tally.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reprise::set_aside_tally_test {
namespace {

using runtime::SetAsideTally;
using ::testing::ElementsAre;

TEST(SetAsideTally, TellsOfTheFirstOnesAndOfPowersOfTen) {
  std::vector<std::uint64_t> told;
  for (std::uint64_t number = 1; number <= 100'000; ++number) {
    if (SetAsideTally::is_told(number)) told.push_back(number);
  }
  EXPECT_THAT(told, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 100, 1'000, 10'000, 100'000));
}

TEST(SetAsideTally, CountsByRunAndName) {
  SetAsideTally tally;
  EXPECT_EQ(tally.add(1, "a"), 1U);
  EXPECT_EQ(tally.add(1, "a"), 2U);
  EXPECT_EQ(tally.add(1, "b"), 1U);
  EXPECT_EQ(tally.add(2, "a"), 1U);
  EXPECT_EQ(tally.add(1, "a"), 3U);
}

TEST(SetAsideTally, KnowsSoManyAndThenBeginsAgain) {
  SetAsideTally tally;
  for (store::RunNumber run = 1; run <= SetAsideTally::kMostKnown; ++run) tally.add(run, "a");
  EXPECT_EQ(tally.add(1, "a"), 2U) << "it is known, and needs no room";
  EXPECT_EQ(tally.add(SetAsideTally::kMostKnown + 1, "a"), 1U);
  EXPECT_EQ(tally.add(1, "a"), 1U);
}

}  // namespace
}  // namespace reprise::set_aside_tally_test
