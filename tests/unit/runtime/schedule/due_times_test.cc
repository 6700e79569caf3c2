#include "runtime/schedule/due_times.h"

#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/runtime/schedule/schedule_times.h"

namespace reprise::schedule::due_times_test {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

std::vector<std::string> next_of(const Spec& spec, const std::string& after, std::size_t count) {
  const auto due = DueTimes::make(spec, "test");
  EXPECT_TRUE(due) << (due ? "" : due.error().message);
  std::vector<std::string> times;
  base::Time last = at(after);
  while (times.size() < count) {
    const auto next = due->next(last);
    if (!next) break;
    last = next->nominal;
    times.push_back(text_of(last));
  }
  return times;
}

std::string refusal(const Spec& spec) {
  const auto due = DueTimes::make(spec, "test");
  return due ? "none" : base::to_string(due.error().code) + " " + due.error().message;
}

// Written by hand, from the dates on which the clocks of these zones change.
TEST(DueTimesTest, DaysOnWhichClocksChange) {
  const struct {
    std::string zone, cron, after;
    std::vector<std::string> due;
  } table[] = {
      // Berlin skips 02:00 to 03:00 on 29 March, and has it twice on 25 October.
      {"Europe/Berlin", "30 2 * * *", "2026-03-28T12:00:00Z", {"2026-03-30T00:30:00Z"}},
      {"Europe/Berlin",
       "30 2 * * *",
       "2026-10-24T12:00:00Z",
       {"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
      {"Europe/Berlin",
       "*/30 * * * *",
       "2026-10-25T00:00:00Z",
       {"2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z",
        "2026-10-25T02:00:00Z"}},
      {"Europe/Berlin",
       "0 1-3 * * *",
       "2026-10-24T12:00:00Z",
       {"2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z"}},
      {"Europe/Berlin",
       "0 * * * *",
       "2026-03-29T00:00:00Z",
       {"2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"}},
      // New York: 8 March and 1 November.
      {"America/New_York", "30 2 * * *", "2026-03-07T12:00:00Z", {"2026-03-09T06:30:00Z"}},
      {"America/New_York",
       "30 1 * * *",
       "2026-10-31T12:00:00Z",
       {"2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"}},
      {"America/New_York", "0 3 * * *", "2026-03-08T05:00:00Z", {"2026-03-08T07:00:00Z"}},
      // Sydney, in the south: 4 October and 5 April.
      {"Australia/Sydney", "30 2 * * *", "2026-10-03T00:00:00Z", {"2026-10-04T15:30:00Z"}},
      {"Australia/Sydney",
       "30 2 * * *",
       "2026-04-04T00:00:00Z",
       {"2026-04-04T15:30:00Z", "2026-04-05T16:30:00Z"}},
      // Lord Howe changes by half an hour.
      {"Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00:00Z", {"2026-10-04T15:15:00Z"}},
      {"Australia/Lord_Howe",
       "45 1 * * *",
       "2026-04-04T00:00:00Z",
       {"2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"}},
      {"Australia/Lord_Howe",
       "*/15 * * * *",
       "2026-04-04T14:30:00Z",
       {"2026-04-04T14:45:00Z", "2026-04-04T15:00:00Z", "2026-04-04T15:15:00Z",
        "2026-04-04T15:30:00Z"}},
      // Apia had no 30 December 2011.
      {"Pacific/Apia",
       "0 12 * * *",
       "2011-12-29T00:00:00Z",
       {"2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z"}},
      {"Pacific/Apia", "0 12 30 * *", "2011-12-01T00:00:00Z", {"2012-01-29T22:00:00Z"}},
      // Tehran skipped midnight, and came back over it.
      {"Asia/Tehran", "0 0 * * *", "2022-03-20T21:00:00Z", {"2022-03-22T19:30:00Z"}},
      {"Asia/Tehran",
       "30 23 * * *",
       "2022-09-21T12:00:00Z",
       {"2022-09-21T19:00:00Z", "2022-09-22T20:00:00Z"}},
      {"Asia/Tehran",
       "*/30 * * * *",
       "2022-09-21T19:00:00Z",
       {"2022-09-21T19:30:00Z", "2022-09-21T20:00:00Z", "2022-09-21T20:30:00Z"}},
  };
  for (const auto& row : table) {
    EXPECT_THAT(next_of({.cron = {row.cron}, .time_zone = row.zone}, row.after, row.due.size()),
                ElementsAreArray(row.due))
        << row.zone << " " << row.cron;
  }
}

// Each minute of the weeks around the changes, one after the other, is the reference.
TEST(DueTimesTest, TheSearchFindsWhatEachMinuteSays) {
  const struct {
    std::string_view zone;
    std::string from;
  } weeks[] = {
      {"Europe/Berlin", "2026-03-26T00:00:00Z"},    {"Europe/Berlin", "2026-10-22T00:00:00Z"},
      {"America/New_York", "2026-10-29T00:00:00Z"}, {"Australia/Lord_Howe", "2026-04-02T00:00:00Z"},
      {"Australia/Sydney", "2026-10-01T00:00:00Z"}, {"Pacific/Apia", "2011-12-27T00:00:00Z"},
      {"Asia/Tehran", "2022-09-19T00:00:00Z"},      {"America/Sao_Paulo", "2018-02-15T00:00:00Z"}};
  for (const auto& [name, from] : weeks) {
    const auto zone = Zone::find(name);
    ASSERT_TRUE(zone);
    for (const auto* text : {"*/7 * * * *", "13,45 0-3,23 * * *", "0 0 * * 0,6", "59 23 L * *"}) {
      const auto cron = Cron::parse(text);
      ASSERT_TRUE(cron);
      std::vector<std::string> expected;
      std::vector<std::string> found;
      const base::Time end = at(from) + std::chrono::hours(24 * 6);
      for (base::Time time = at(from) + 1min; time <= end; time += 1min) {
        const LocalMinute local = zone->local(time);
        if (!cron->has_day(date_of(local.day))) continue;
        if ((cron->hours() >> (local.minute / 60) & 1) == 0) continue;
        if ((cron->minutes() >> (local.minute % 60) & 1) == 0) continue;
        // The same time on the clock within three hours before: this is its second time.
        bool second = false;
        for (base::Time t = time - 180min; t < time && !cron->every_hour(); t += 1min) {
          const LocalMinute earlier = zone->local(t);
          second |= earlier.day == local.day && earlier.minute == local.minute;
        }
        if (!second) expected.push_back(text_of(time));
      }
      for (auto t = next_time(*cron, *zone, at(from), end); t;
           t = next_time(*cron, *zone, *t, end)) {
        found.push_back(text_of(*t));
      }
      EXPECT_EQ(found, expected) << name << " " << text;
    }
  }
}

TEST(DueTimesTest, RulesGoOnWhereTheDatabaseEnds) {
  EXPECT_THAT(
      next_of({.cron = {"0 12 1 7 *"}, .time_zone = "Europe/Berlin"}, "2036-12-01T00:00:00Z", 3),
      ElementsAre("2037-07-01T10:00:00Z", "2038-07-01T10:00:00Z", "2039-07-01T10:00:00Z"));
  EXPECT_THAT(
      next_of({.cron = {"30 2 * 3 sun"}, .time_zone = "Europe/Berlin"}, "2050-03-20T12:00:00Z", 1),
      ElementsAre("2051-03-05T01:30:00Z"));  // not on 27 March 2050, when it is skipped
}

TEST(DueTimesTest, ZonesThatDoNotExist) {
  for (const std::string& name :
       {std::string("Europe/Atlantis"), std::string(""), std::string("../../../etc/passwd"),
        std::string("/usr/share/zoneinfo/UTC"), std::string("localtime"), std::string("posixrules"),
        std::string("Europe/Berlin "), std::string("Europe/Berlin\0", 14),
        std::string("europe/berlin"), std::string("\xff"), std::string(65, 'a'),
        std::string("Europe"), std::string("zone.tab")}) {
    EXPECT_THAT(refusal({.cron = {"@daily"}, .time_zone = name}), HasSubstr("RP3044 time_zone '"))
        << name;
  }
  EXPECT_EQ(refusal({.cron = {"@daily"}, .time_zone = "US/Eastern"}), "none");
}

TEST(DueTimesTest, WhatIsRefused) {
  EXPECT_THAT(refusal({}), HasSubstr("RP3043 the schedule is never due"));
  EXPECT_THAT(refusal({.cron = {"@daily", "61 * * * *"}}), HasSubstr("'61 * * * *'"));
  EXPECT_THAT(refusal({.every = 999ms}), HasSubstr("every: 999 ms"));
  EXPECT_THAT(refusal({.every = -1s}), HasSubstr("every is negative"));
  EXPECT_THAT(refusal({.every = base::Duration::max()}), HasSubstr("every is too long"));
  EXPECT_THAT(refusal({.every = 60s, .phase = 60s}), HasSubstr("phase: it must be shorter"));
  EXPECT_THAT(refusal({.cron = {"@daily"}, .phase = 1s}), HasSubstr("phase: there is no `every`"));
  EXPECT_THAT(refusal({.every = 60s, .jitter = -1s}), HasSubstr("jitter is negative"));
  EXPECT_THAT(refusal({.every = 60s, .from = base::from_ms(2), .until = base::from_ms(1)}),
              HasSubstr("until: it is before `from`"));
  EXPECT_THAT(refusal({.cron = std::vector<std::string>(101, "@daily")}),
              HasSubstr("cron: 101 expressions; at most 100"));
}

TEST(DueTimesTest, IntervalsAreMultiplesSince1970) {
  EXPECT_THAT(next_of({.every = 6h, .phase = 30min}, "2026-03-29T00:30:00Z", 2),
              ElementsAre("2026-03-29T06:30:00Z", "2026-03-29T12:30:00Z"));
  EXPECT_THAT(next_of({.every = 7s}, "1970-01-01T00:00:00Z", 2),
              ElementsAre("1970-01-01T00:00:07Z", "1970-01-01T00:00:14Z"));
  const auto due = DueTimes::make({.every = 7s}, "test");
  EXPECT_EQ(due->next(base::Time::min())->nominal, base::from_ms(0));
  EXPECT_FALSE(due->next(base::Time::max()));
}

TEST(DueTimesTest, SeveralAreOneSeries) {
  EXPECT_THAT(
      next_of({.cron = {"0 * * * *", "30 12 * * *"}, .every = 12h}, "2026-01-01T11:30:00Z", 3),
      ElementsAre("2026-01-01T12:00:00Z", "2026-01-01T12:30:00Z", "2026-01-01T13:00:00Z"));
}

TEST(DueTimesTest, BoundsAreIncluded) {
  const Spec spec{
      .every = 60s, .from = at("2026-01-01T00:00:00Z"), .until = at("2026-01-01T00:02:00Z")};
  EXPECT_THAT(next_of(spec, "2000-01-01T00:00:00Z", 5),
              ElementsAre("2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"));
}

TEST(DueTimesTest, JitterIsTheSameEachTimeAndKeepsTheOrder) {
  const Spec spec{.every = 60s, .jitter = 10min};
  const auto due = DueTimes::make(spec, "one");
  const auto other = DueTimes::make(spec, "two");
  base::Time last = at("2026-01-01T00:00:00Z");
  base::Time last_at{};
  int moved = 0;
  int differ = 0;
  for (int i = 0; i < 1'000; ++i) {
    const auto next = due->next(last);
    EXPECT_EQ(*next, *DueTimes::make(spec, "one")->next(last));
    EXPECT_GE(next->at, next->nominal);
    EXPECT_LT(next->at, next->nominal + 60s);
    EXPECT_GT(next->at, last_at);
    moved += next->at > next->nominal + 30s ? 1 : 0;
    differ += other->next(last)->at != next->at ? 1 : 0;
    last = next->nominal;
    last_at = next->at;
  }
  EXPECT_NEAR(moved, 500, 100);
  EXPECT_GT(differ, 900);
  // For ever: what has been shown to users as the next times stays so.
  EXPECT_EQ(base::to_ms(due->next(base::from_ms(0))->at), 96'477);
}

}  // namespace reprise::schedule::due_times_test
