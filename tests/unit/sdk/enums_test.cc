#include "sdk/src/enums.h"

#include <gtest/gtest.h>

namespace reprise::enums_test {

// Users may store the number or the text of a status; both are the same as in stores.
TEST(PublicEnums, StatusesHaveTheNumbersAndNamesOfTheLog) {
  for (const event::RunStatus status : event::kRunStatuses) {
    const RunStatus seen = internal::to_public(status);
    EXPECT_EQ(static_cast<int>(seen), static_cast<int>(status));
    EXPECT_EQ(to_string(seen), event::to_string(status));
    EXPECT_EQ(internal::to_event(seen), status);
  }
}

TEST(PublicEnums, ANumberThatIsNoStatusStaysNone) {
  EXPECT_EQ(to_string(static_cast<RunStatus>(9)), "Unknown");
  EXPECT_EQ(to_string(internal::to_public(static_cast<event::RunStatus>(9))), "Unknown");
}

TEST(PublicEnums, LevelsOfLogLinesComeBack) {
  for (const auto level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    EXPECT_EQ(internal::to_public(internal::to_runtime(level)), level);
  }
}

}  // namespace reprise::enums_test
