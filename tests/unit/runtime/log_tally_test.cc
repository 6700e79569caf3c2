#include "runtime/engine/log_tally.h"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reprise::log_tally_test {
namespace {

using runtime::LogTally;
using ::testing::ElementsAre;

TEST(LogTally, TellsOfTheFirstOnesAndOfPowersOfTen) {
  std::vector<std::uint64_t> told;
  for (std::uint64_t number = 1; number <= 100'000; ++number) {
    if (LogTally::is_told(number)) told.push_back(number);
  }
  EXPECT_THAT(told, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 100, 1'000, 10'000, 100'000));
}

TEST(LogTally, CountsByRunAndName) {
  LogTally tally;
  EXPECT_EQ(tally.add(1, "a"), 1U);
  EXPECT_EQ(tally.add(1, "a"), 2U);
  EXPECT_EQ(tally.add(1, "b"), 1U);
  EXPECT_EQ(tally.add(2, "a"), 1U);
  EXPECT_EQ(tally.add(1, "a"), 3U);
}

TEST(LogTally, KnowsSoManyAndThenBeginsAgain) {
  LogTally tally;
  for (store::RunNumber run = 1; run <= LogTally::kMostKnown; ++run) tally.add(run, "a");
  EXPECT_EQ(tally.add(1, "a"), 2U) << "it is known, and needs no room";
  EXPECT_EQ(tally.add(LogTally::kMostKnown + 1, "a"), 1U);
  EXPECT_EQ(tally.add(1, "a"), 1U);
}

}  // namespace
}  // namespace reprise::log_tally_test
