#include "event/run_status.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace reprise::event {
namespace run_status_test {

// They are in every store.
TEST(RunStatus, NumbersAndNamesStay) {
  std::string all;
  for (const RunStatus status : kRunStatuses) {
    all += std::to_string(static_cast<int>(status)) + " " + std::string(to_string(status)) + ", ";
  }
  EXPECT_EQ(all,
            "1 Running, 2 Paused, 3 Completed, 4 Failed, 5 Cancelled, 6 Terminated, 7 TimedOut, "
            "8 ContinuedAsNew, ");
}

TEST(RunStatus, ANumberThatIsNotKnownHasNoName) {
  EXPECT_EQ(to_string(static_cast<RunStatus>(0)), "Unknown");
  EXPECT_EQ(to_string(static_cast<RunStatus>(9)), "Unknown");
}

TEST(RunStatus, WhatIsStoredIsReadAsItIs) {
  for (const RunStatus status : kRunStatuses) {
    EXPECT_EQ(status_of(static_cast<std::uint32_t>(status)), status);
    EXPECT_NE(status_of(static_cast<std::uint32_t>(status) + 256), status) << "cut to a byte";
  }
  EXPECT_EQ(static_cast<int>(status_of(9)), 9) << "of a newer version";
  EXPECT_EQ(to_string(status_of(256)), "Unknown");
}

TEST(RunStatus, OpenRunsMayGoOn) {
  std::set<RunStatus> open;
  for (const RunStatus status : kRunStatuses) {
    if (is_open(status)) open.insert(status);
  }
  EXPECT_EQ(open, (std::set{RunStatus::kRunning, RunStatus::kPaused}));
}

}  // namespace run_status_test
}  // namespace reprise::event
