#include "runtime/schedule/cron.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reprise::schedule::cron_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string error_of(std::string_view text) {
  const auto parsed = Cron::parse(text);
  if (parsed) return "none";
  EXPECT_EQ(parsed.error().code, base::ErrorCode::kInvalidSchedule);
  return parsed.error().message;
}

std::vector<int> days_of(std::string_view text, int year, int month) {
  const auto cron = Cron::parse(text);
  EXPECT_TRUE(cron) << (cron ? "" : cron.error().message);
  std::vector<int> days;
  for (int day = 1; day <= days_in_month(year, month); ++day) {
    if (cron->has_day({year, month, day})) days.push_back(day);
  }
  return days;
}

TEST(CronTest, NamesFieldAndCharacterOfAMistake) {
  const struct {
    std::string_view text;
    std::string_view says;
  } wrong[] = {
      {"60 * * * *", "field minute, character 1: 60 is not from 0 to 59"},
      {"* 24 * * *", "field hour, character 3: 24 is not from 0 to 23"},
      {"* * 0 * *", "field day of month, character 5: 0 is not from 1 to 31"},
      {"* * 32 * *", "field day of month, character 5: 32"},
      {"* * * 13 *", "field month, character 7: 13 is not from 1 to 12"},
      {"* * * foo *", "field month, character 7: 'foo' is not a value"},
      {"* * * * 8", "field day of week, character 9: 8 is not from 0 to 7"},
      {"* * * * mond", "field day of week, character 9: 'mond'"},
      {"5-1 * * * *", "character 1: the range 5-1 ends before it begins"},
      {"* * * * fri-tue", "character 9: the range fri-tue ends before it begins"},
      {"*/0 * * * *", "character 3: a step of 0"},
      {"*/90 * * * *", "character 3: the step 90 is longer than the range"},
      {"10-20/15 * * * *", "character 7: the step 15 is longer"},
      {"1, * * * *", "character 3: ' ' is not expected here"},
      {",1 * * * *", "character 1: ',' is not expected here"},
      {"1-- * * * *", "character 3: '-' is not expected here"},
      {"* * * * 5#6", "character 11: 6 is not from 1 to 5"},
      {"* * * * 5#0", "character 11: 0 is not from 1 to 5"},
      {"* * L-31 * *", "character 7: 31 is not from 0 to 30"},
      {"* * * * L", "character 9: 'L' is not a value"},
      {"? * * * *", "field minute, character 1: '?' is not expected here"},
      {"-1 * * * *", "character 1: '-' is not expected here"},
      {"1.5 * * * *", "character 2: '.' is not expected here"},
      {"99999999999999999999 * * * *", "character 1: 999999 is not from 0 to 59"},
      {"* * * *", "has 4 fields"},
      {"", "has 0 fields"},
      {"   ", "has 0 fields"},
      {"* * * * * *", "has a sixth field at character 11"},
      {"0 0 31 2 *", "is never due"},
      {"0 0 30 2 *", "is never due"},
      {"0 0 31 4,6,9,11 *", "is never due"},
      {"@every 5m", "an interval is `every`"},
      {"@reboot", "is not a known name"},
      {"CRON_TZ=UTC 0 0 * * *", "character 1: 'CRON' is not a value"},
      {std::string_view("\0 * * * *", 9), "character 1: '\\x00' is not expected here"},
      {"\xff * * * *", "character 1: '\\xff' is not expected here"},
      {"0\n0 * * *", "character 2: '\\n' is not expected here"},
  };
  for (const auto& [text, says] : wrong) {
    EXPECT_THAT(error_of(text), HasSubstr(std::string(says))) << text;
  }
  EXPECT_THAT(error_of(std::string(257, '*')), HasSubstr("has more than 256 bytes"));
  EXPECT_THAT(error_of(std::string(250, ' ') + "* * * "), HasSubstr("has 3 fields"));
}

TEST(CronTest, EveryByteInEveryFieldIsReadOrRefused) {
  const std::string_view fields[] = {"0", "0", "1", "1", "1"};
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t at = 0; at < 5; ++at) {
      std::string text;
      for (std::size_t i = 0; i < 5; ++i) {
        text += i == at ? std::string(1, static_cast<char>(byte)) : std::string(fields[i]);
        if (i < 4) text += ' ';
      }
      (void)Cron::parse(text);
      (void)Cron::parse(text.substr(0, text.size() - 1));
    }
  }
}

TEST(CronTest, SetsOfMinutesAndHours) {
  const auto cron = Cron::parse("1,5-7,10-20/5,58/1 */6 * * *");
  ASSERT_TRUE(cron);
  EXPECT_EQ(cron->minutes(), 1ULL << 1 | 1ULL << 5 | 1ULL << 6 | 1ULL << 7 | 1ULL << 10 |
                                 1ULL << 15 | 1ULL << 20 | 1ULL << 58 | 1ULL << 59);
  EXPECT_EQ(cron->hours(), 1U << 0 | 1U << 6 | 1U << 12 | 1U << 18);
  EXPECT_FALSE(cron->every_hour());
  EXPECT_TRUE(Cron::parse("0 0-23 * * *")->every_hour());
  EXPECT_TRUE(Cron::parse("@hourly")->every_hour());
}

TEST(CronTest, DaysOfMonthAndWeek) {
  // November 2026 begins with a Sunday.
  EXPECT_THAT(days_of("0 0 1,15 * *", 2026, 11), ElementsAre(1, 15));
  EXPECT_THAT(days_of("0 0 * * mon", 2026, 11), ElementsAre(2, 9, 16, 23, 30));
  EXPECT_THAT(days_of("0 0 * * 7", 2026, 11), ElementsAre(1, 8, 15, 22, 29));
  EXPECT_THAT(days_of("0 0 * * Fri-Sun", 2026, 11),
              ElementsAre(1, 6, 7, 8, 13, 14, 15, 20, 21, 22, 27, 28, 29));
  EXPECT_THAT(days_of("0 0 * dec *", 2026, 11), ElementsAre());
  EXPECT_THAT(days_of("0 0 ? * 1#1", 2026, 11), ElementsAre(2));
  EXPECT_THAT(days_of("0 0 * * sun#5", 2026, 11), ElementsAre(29));
  EXPECT_THAT(days_of("0 0 * * 5L", 2026, 11), ElementsAre(27));
  EXPECT_THAT(days_of("0 0 * * friL,1#2", 2026, 11), ElementsAre(9, 27));
  EXPECT_THAT(days_of("\t@monthly ", 2026, 11), ElementsAre(1));
  EXPECT_THAT(days_of("@WEEKLY", 2026, 11), ElementsAre(1, 8, 15, 22, 29));
}

TEST(CronTest, TwoRestrictedFieldsOfDaysAreAlternatives) {
  EXPECT_THAT(days_of("0 0 13 * fri", 2026, 11), ElementsAre(6, 13, 20, 27));
  EXPECT_THAT(days_of("0 0 14 * fri", 2026, 11), ElementsAre(6, 13, 14, 20, 27));
  // A field that begins with a star restricts the other one, as in cron.
  EXPECT_THAT(days_of("0 0 */2 * fri", 2026, 11), ElementsAre(13, 27));
  EXPECT_THAT(days_of("0 0 1-7 * */7", 2026, 11), ElementsAre(1));
}

TEST(CronTest, TheEndOfMonths) {
  EXPECT_THAT(days_of("0 0 L * *", 2024, 2), ElementsAre(29));
  EXPECT_THAT(days_of("0 0 L * *", 2026, 2), ElementsAre(28));
  EXPECT_THAT(days_of("0 0 L-2,1 * *", 2026, 2), ElementsAre(1, 26));
  EXPECT_THAT(days_of("0 0 29 2 *", 2024, 2), ElementsAre(29));
  EXPECT_THAT(days_of("0 0 29 2 *", 2100, 2), ElementsAre());
  EXPECT_THAT(days_of("0 0 LW * *", 2026, 1), ElementsAre(30));  // the 31st is a Saturday
  EXPECT_THAT(days_of("0 0 LW * *", 2026, 5), ElementsAre(29));  // the 31st is a Sunday
}

TEST(CronTest, TheNearestWorkingDay) {
  EXPECT_THAT(days_of("0 0 15W * *", 2026, 11), ElementsAre(16));  // a Sunday
  EXPECT_THAT(days_of("0 0 14W * *", 2026, 11), ElementsAre(13));  // a Saturday
  EXPECT_THAT(days_of("0 0 1W * *", 2026, 11), ElementsAre(2));    // a Sunday
  EXPECT_THAT(days_of("0 0 1w * *", 2026, 8), ElementsAre(3));     // a Saturday: not in July
  EXPECT_THAT(days_of("0 0 31W * *", 2026, 5), ElementsAre(29));   // a Sunday: not in June
  EXPECT_THAT(days_of("0 0 31W * *", 2026, 11), ElementsAre());
}

}  // namespace reprise::schedule::cron_test
