// reprise schedule, on a store that no engine has open; nightly_report_test.cc has the other case.
#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/tools/command_fixture.h"

namespace reprise::tools::schedule_command_test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ScheduleCommands : public CommandFixture {
 protected:
  ScheduleCommands() {
    open_engine();
    close_engine();
  }
  Output schedule(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "schedule");
    return reprise(std::move(arguments));
  }
  std::string refusal(std::vector<std::string> arguments, int code = 2) {
    const Output output = schedule(std::move(arguments));
    EXPECT_EQ(output.code, code) << output.err;
    EXPECT_EQ(output.out, "");
    return output.err;
  }
  std::string create_refusal(std::vector<std::string> options) {
    std::vector<std::string> words = {"create", store_, "nightly", "report"};
    words.insert(words.end(), options.begin(), options.end());
    return refusal(std::move(words));
  }
};

TEST_F(ScheduleCommands, FromCreationToTheEnd) {
  const Output created =
      schedule({"create", store_, "nightly", "report", "[1,2]", "\"sales\"", "--cron",
                "30 4 * * mon-fri", "--cron", "@monthly", "--time-zone", "Europe/Berlin",
                "--overlap", "buffer-one", "--catch-up", "2h", "--run-timeout", "1h30m"});
  EXPECT_EQ(created.code, 0) << created.err;
  EXPECT_EQ(created.out, "schedule nightly: created; it starts runs when an engine runs\n");
  EXPECT_THAT(refusal({"create", store_, "nightly", "report", "--every", "1h"}, 1),
              HasSubstr("RP3004"));
  EXPECT_THAT(schedule({"list", store_}).out,
              HasSubstr("nightly   report    30 4 * * mon-fri, @monthly (Europe/Berlin)"));
  EXPECT_THAT(reprise({"list", store_}).err, HasSubstr("no run matches"));
  EXPECT_THAT(reprise({"list", store_, "--type", "reprise:schedule"}).out,
              HasSubstr("reprise:schedule:nightly"));

  const auto known = reprise_json({"schedule", "describe", store_, "nightly"});
  EXPECT_EQ(known["workflow"], "report");
  EXPECT_EQ(known["overlap"], "buffer-one");
  EXPECT_EQ(known["catch_up_ms"], 7'200'000);
  EXPECT_EQ(known["next"].size(), 10U);
  const Output next = schedule({"next", store_, "nightly", "--count", "3"});
  EXPECT_EQ(std::count(next.out.begin(), next.out.end(), '\n'), 3) << next.out;

  EXPECT_EQ(schedule({"pause", store_, "nightly", "--note", "it \x1b moves"}).out,
            "schedule nightly: paused\n");
  EXPECT_THAT(schedule({"describe", store_, "nightly"}).out, HasSubstr("it \\x1b moves"));
  EXPECT_THAT(schedule({"trigger", store_, "nightly"}).out,
              StartsWith("schedule nightly: run nightly-20"));
  EXPECT_THAT(reprise({"list", store_}).out, HasSubstr("report"));
  EXPECT_THAT(refusal({"backfill", store_, "nightly", "1h", "2h"}, 1), HasSubstr("RP3043"));
  EXPECT_EQ(schedule({"resume", store_, "nightly"}).out, "schedule nightly: resumed\n");
  EXPECT_EQ(schedule({"erase", store_, "nightly"}).out, "schedule nightly: erased\n");
  EXPECT_THAT(refusal({"erase", store_, "nightly"}, 1), HasSubstr("RP3005 no schedule 'nightly'"));
  EXPECT_THAT(schedule({"list", store_}).err, HasSubstr("there is no schedule"));
}

TEST_F(ScheduleCommands, ItsRunsAreAskedForByWhoHasCreatedIt) {
  EXPECT_EQ(schedule({"create", store_, "nightly", "report", "--every", "1h", "--as", "ann"}).code,
            0);
  const Output run = schedule({"trigger", store_, "nightly", "--as", "bob"});
  const std::string id = run.out.substr(std::min(run.out.size(), run.out.find("nightly-20")));
  EXPECT_THAT(reprise({"audit", store_, id.substr(0, id.find_first_of(" \n"))}).out,
              HasSubstr("  run reprise:schedule:nightly ann  RunStarted"))
      << run.out;
}

TEST_F(ScheduleCommands, TheStoreMayBeNamedElsewhere) {
  EXPECT_EQ(schedule({"create", "--store", store_, "a", "report", "--every", "1h"}).code, 0);
  ::setenv("REPRISE_STORE", store_.c_str(), 1);
  EXPECT_EQ(schedule({"pause", "a"}).out, "schedule a: paused\n");
  EXPECT_THAT(schedule({"list"}).out, HasSubstr("paused"));
  ::unsetenv("REPRISE_STORE");
}

TEST_F(ScheduleCommands, BadInput) {
  EXPECT_THAT(create_refusal({}), HasSubstr("RP3043 the schedule is never due"));
  EXPECT_THAT(create_refusal({"--cron", "61 * * * *"}), HasSubstr("field minute, character 1"));
  EXPECT_THAT(create_refusal({"--cron", "0 0 31 2 *"}), HasSubstr("is never due"));
  EXPECT_THAT(create_refusal({"--cron", "@daily", "--time-zone", "../../etc/passwd"}),
              HasSubstr("RP3044 time_zone '../../etc/passwd'"));
  EXPECT_THAT(create_refusal({"--every", "soon"}), HasSubstr("is not a duration"));
  EXPECT_THAT(create_refusal({"--every", "10ms"}), HasSubstr("RP3043 every: 10 ms"));
  EXPECT_THAT(create_refusal({"--every", "1h", "--overlap", "maybe"}), HasSubstr("maybe"));
  EXPECT_THAT(create_refusal({"--every", "1h", "--until", "tomorrow"}),
              HasSubstr("is not a time such as"));
  EXPECT_THAT(create_refusal({"--every", "1h", "{"}), HasSubstr("argument 1, {, is no JSON"));
  EXPECT_THAT(create_refusal({"--every", "1h", "--task-queue", "reprise:system"}),
              HasSubstr("RP3048"));
  EXPECT_THAT(create_refusal({"--every", "1h", "--sometimes"}), HasSubstr("--sometimes"));
  EXPECT_THAT(refusal({"create", store_}), HasSubstr("reprise schedule create DIR ID WORKFLOW"));
  EXPECT_THAT(refusal({"describe"}), HasSubstr("which store?"));
  EXPECT_THAT(refusal({"describe", store_, "none"}, 1), HasSubstr("RP3005 no schedule 'none'"));
  EXPECT_THAT(refusal({"describe", store_ + ".not", "a"}), HasSubstr("RP1001"));
}

}  // namespace
}  // namespace reprise::tools::schedule_command_test
