#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples/nightly_report/report.h"
#include "tests/support/command_output.h"
#include "tests/support/env_modes.h"
#include "tests/support/temporary_directory.h"

namespace nightly_report {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class NightlyReport : public reprise::testing::InEveryMode {
 protected:
  NightlyReport() {
    env.implement(report, run_report);
    env.stub(count_orders, [](const std::string&, const std::string& day) {
      if (day == "2026-01-06") throw reprise::ApplicationFailure("NoData", "the ledger is empty");
      return 7;
    });
    env.stub(publish,
             [this](const std::string& day, const std::string&) { published.insert(day); });
  }
  std::set<std::string> published;
};
INSTANTIATE_TEST_SUITE_P(All,
                         NightlyReport,
                         ::testing::ValuesIn(reprise::testing::all_modes()),
                         reprise::testing::name_of);

TEST_P(NightlyReport, IsMadeOnWeekdaysUntilOneFails) {
  const auto schedule = schedule_report(env.client(), "berlin");
  env.skip(24h * 10);
  // Thursday, Friday, Monday; Tuesday's fails.
  EXPECT_THAT(published, ::testing::ElementsAre("2026-01-01", "2026-01-02", "2026-01-05"));
  EXPECT_TRUE(schedule.describe().paused);
  EXPECT_EQ(env.client().find(report, "berlin-2026-01-05T03:30:00Z")->result(),
            "berlin, 2026-01-05: 7 orders");
  schedule.resume();
  schedule.backfill(env.now() - 24h * 5, env.now());
  env.skip(1h);
  EXPECT_EQ(published.size(), 6U);
}

TEST(NightlyReportProgram, IsTriggeredWhileItRunsAndWhileItDoesNot) {
  const reprise::testing::TemporaryDirectory directory;
  std::ofstream(directory / "test.sh")
      << "set -e\n"
         "program() { " NIGHTLY_REPORT_PROGRAM
         " berlin > said.$1 2>&1 & P=$!\n"
         "  until [ -s said.$1 ]; do sleep 0.02; done; }\n"
         "stop() { kill $P; wait $P; }\n"
         "schedule() { " REPRISE_COMMAND
         " schedule $1 nightly_report.db berlin; }\n"
         "program 1; schedule trigger\n"
         "until [ -d reports ]; do sleep 0.02; done\n"
         "kill -9 $P; wait $P || true\n"
         "schedule pause; schedule trigger; schedule resume\n"
         "program 2; until [ $(grep -c orders said.2) = 1 ]; do sleep 0.02; done\n"
         "stop; schedule describe; schedule erase; schedule erase || true\n";
  const auto output =
      reprise::testing::output_of("cd '" + directory.path() + "' && timeout 60 bash test.sh 2>&1");
  EXPECT_EQ(output.code, 0) << output.said;
  EXPECT_THAT(output.said, HasSubstr("schedule berlin: run berlin-"));
  EXPECT_THAT(output.said, HasSubstr("30 4 * * mon-fri (Europe/Berlin)"));
  EXPECT_THAT(output.said, HasSubstr("2 started, 0 failed"));
  EXPECT_THAT(output.said, HasSubstr("schedule berlin: erased"));
  EXPECT_THAT(output.said, HasSubstr("RP3005 no schedule 'berlin'"));
}

}  // namespace
}  // namespace nightly_report
