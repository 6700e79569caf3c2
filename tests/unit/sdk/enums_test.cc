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

// The log says what a cancellation does in words of its own; the default has its number 0.
TEST(PublicEnums, ModesOfCancellationMeanTheSameEverywhere) {
  for (const CancelMode mode : {CancelMode::kWait, CancelMode::kTry, CancelMode::kAbandon}) {
    EXPECT_EQ(replay::mode_of(internal::to_event(mode)), internal::to_replay(mode));
  }
  EXPECT_EQ(internal::to_event(ActivityOptions().on_cancel), 0);
  EXPECT_EQ(internal::to_event(static_cast<CancelMode>(77)), proto::ActivityScheduled::TRY);
  const auto newer = static_cast<proto::ActivityScheduled::OnCancel>(77);
  EXPECT_EQ(replay::mode_of(newer), replay::CancelMode::kTry);
}

TEST(PublicEnums, LevelsOfLogLinesComeBack) {
  for (const auto level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    EXPECT_EQ(internal::to_public(internal::to_runtime(level)), level);
  }
}

TEST(PublicEnums, TypesOfSettingsHaveTheNumbersOfTheLog) {
  for (int i = 0; i < proto::SettingRecorded::Type_ARRAYSIZE; ++i) {
    const auto type = static_cast<proto::SettingRecorded::Type>(i);
    EXPECT_EQ(static_cast<int>(internal::to_public(type)), i);
    EXPECT_EQ(internal::to_event(internal::to_public(type)), type);
  }
  for (const int newer : {7, 255, 256, 65'536, -1}) {
    const auto type = internal::to_public(static_cast<proto::SettingRecorded::Type>(newer));
    EXPECT_EQ(to_string(type), "unknown") << newer;
  }
}

}  // namespace reprise::enums_test
