// The code of docs/schedules.md; a test makes sure that it is that code.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/support/page_code.h"

namespace schedules_page_test {

constexpr reprise::Workflow<void(std::string)> report{"report"};

std::vector<reprise::Time> remembered;
void remember(reprise::Time time) {
  remembered.push_back(time);
}

// ---- the page ---------------------------------------------------------------------------------

void create(const reprise::Client& client) {
  const reprise::Schedule nightly = client.create_schedule(
      "nightly", {.cron = {"30 4 * * mon-fri"}, .time_zone = "Europe/Berlin"},
      report("sales"),  // what is started, with its arguments
      {.run_timeout = std::chrono::hours(2)}, {.overlap = reprise::Overlap::kBufferOne});
  for (const reprise::Time time : nightly.next(3)) remember(time);
}

std::string repair(const reprise::Client& client, reprise::Time from, reprise::Time to) {
  const reprise::Schedule nightly = client.schedule("nightly");
  nightly.pause("the ledger is being moved");
  const reprise::RunHandle now = nightly.trigger();  // at once, paused or not
  nightly.backfill(from, to);                        // what was due in between
  nightly.update({.cron = {"0 5 * * *"}, .time_zone = "Europe/Berlin"});
  nightly.resume();
  return now.id();
}

// ---- the tests --------------------------------------------------------------------------------

TEST(SchedulesPage, HasThisCode) {
  reprise::testing::expect_code_of("docs/schedules.md", "tests/unit/sdk/schedules_page_test.cc", 2);
}

TEST(SchedulesPage, DoesWhatItSays) {
  reprise::testing::Env env;
  env.implement(report, [](reprise::Context&, const std::string&) {});
  create(env.client());
  ASSERT_EQ(remembered.size(), 3U);
  EXPECT_EQ(remembered[0] - env.now(), std::chrono::minutes(3 * 60 + 30));  // Thursday, 1 January
  EXPECT_EQ(remembered[1] - remembered[0], std::chrono::hours(24));
  EXPECT_EQ(remembered[2] - remembered[1], std::chrono::hours(72));  // Monday
  env.skip(std::chrono::hours(48));
  EXPECT_TRUE(env.client().find(report, "nightly-2026-01-02T03:30:00Z"));
  EXPECT_EQ(repair(env.client(), env.now() - std::chrono::hours(48), env.now()),
            "nightly-2026-01-03T00:00:00.000Z");
  env.skip(std::chrono::hours(5));
  EXPECT_TRUE(env.client().find(report, "nightly-2026-01-03T04:00:00Z"));
}

}  // namespace schedules_page_test
