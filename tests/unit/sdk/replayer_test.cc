// Replaying exported histories against code, and the command that does it.
#include "reprise/replayer.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/cli.h"
#include "reprise/testing/env.h"
#include "reprise/testing/gtest.h"

// A user's: stacks leave out what is in namespace reprise.
namespace shop {

unsigned slept_at = 0;
int sleep_between(reprise::Context& ctx, const int& value) {
  const int once = ctx.call(reprise::Activity<int(int)>("add")(value));
  slept_at = __LINE__ + 1;
  ctx.sleep(std::chrono::hours(1));
  return once;
}

}  // namespace shop

namespace reprise::replayer_test {
namespace {

using namespace std::chrono_literals;

constexpr Workflow<int(int)> twice{"twice"};
constexpr Activity<int(int)> add{"add"};

constexpr unsigned kRunTwice = __LINE__ + 1;
int run_twice(Context& ctx, const int& value) {
  const int once = ctx.call(add(value));
  return ctx.call(add(once));
}

History recorded() {
  testing::Env env;
  env.implement(twice, run_twice);
  env.stub(add, [](int value) { return value + 1; });
  auto run = env.start(twice(1), {.id = "twice-1"});
  EXPECT_EQ(run.result(), 3);
  return run.history();
}

TEST(Replayer, FindsThatTheSameCodeMatches) {
  const History history = recorded();
  const ReplayReport report = Replayer().implement(twice, run_twice).replay(history);
  EXPECT_TRUE(report) << report.text;
  EXPECT_EQ(report.events, history.events());
}

TEST(Replayer, ReportsTheFirstEventThatDiffers) {
  Replayer replayer;
  replayer.implement(twice, [](Context& ctx, const int& value) {
    ctx.sleep(1h);
    return ctx.call(add(value));
  });
  const ReplayReport report = replayer.replay(recorded());
  EXPECT_FALSE(report);
  EXPECT_EQ(report.code, "RP2001");
  EXPECT_EQ(report.event, 2U);
  EXPECT_EQ(report.events, 1U);  // the start of the run
  EXPECT_NE(report.text.find("TimerStarted 1h"), std::string::npos) << report.text;
}

TEST(Replayer, SaysWhatBothSidesAreAndWhere) {
  Replayer replayer;
  replayer.implement(twice, shop::sleep_between);
  const ReplayReport report = replayer.replay(recorded());
  EXPECT_EQ(report.mismatch, "other kind");
  EXPECT_EQ(report.event, 4U);
  EXPECT_EQ(report.events, 3U);
  EXPECT_EQ(report.recorded.number, 4U);
  EXPECT_EQ(report.recorded.text, "ActivityScheduled add");
  EXPECT_EQ(report.recorded.file, "sdk/replayer_test.cc");
  EXPECT_EQ(report.recorded.line, kRunTwice + 2);
  EXPECT_EQ(report.attempted.number, 0U);
  EXPECT_EQ(report.attempted.text, "TimerStarted 1h");
  EXPECT_EQ(report.attempted.line, shop::slept_at);
  EXPECT_EQ(report.last_match.number, 2U);
  EXPECT_EQ(report.last_match.text, "ActivityScheduled add");
  EXPECT_EQ(report.last_match.line, kRunTwice + 1);
  ASSERT_FALSE(report.stack.empty());
  EXPECT_NE(report.stack.front().find("sdk/replayer_test.cc:" + std::to_string(shop::slept_at)),
            std::string::npos)
      << report.stack.front();
  EXPECT_EQ(::testing::PrintToString(report), report.text);
}

TEST(Replayer, SaysWhenOneSideHasNothing) {
  Replayer replayer;
  replayer.implement(twice, [](Context& ctx, const int& value) {
    ctx.wait_until([] { return false; });
    return value;
  });
  const ReplayReport report = replayer.replay(recorded());
  EXPECT_EQ(report.mismatch, "missing");
  EXPECT_EQ(report.recorded.text, "ActivityScheduled add");
  EXPECT_TRUE(report.attempted.empty());
  EXPECT_TRUE(report.last_match.empty());
  EXPECT_TRUE(report.stack.empty());
}

TEST(Replayer, ReportsABugWithoutSides) {
  Replayer replayer;
  replayer.implement(twice, [](Context& ctx, const int& value) {
    ctx.call(add(value));
    throw std::runtime_error("oops");
    return 0;
  });
  const ReplayReport report = replayer.replay(recorded());
  EXPECT_EQ(report.code, "RP2002");
  EXPECT_NE(report.text.find("oops"), std::string::npos);
  EXPECT_TRUE(report.mismatch.empty());
  EXPECT_TRUE(report.recorded.empty());
  EXPECT_EQ(report.events, 2U);  // of the turns before the one with the bug
  EXPECT_EQ(report.event, 3U);
}

TEST(Replayer, SaysWhichStrandsWereGivenUp) {
  testing::Env env;
  env.implement(twice, [](Context& ctx, const int&) {
    ctx.sleep(1h);
    return 1;
  });
  const auto run = env.client().submit(twice(1), {.id = "twice-1"});
  const History history = run.history();
  Replayer replayer;
  replayer.implement(twice, [](Context& ctx, const int&) {
    for (;;) {
      try {
        ctx.sleep(1h);
        return 1;
      } catch (...) {
      }
    }
  });
  const ReplayReport report = replayer.replay(history);
  EXPECT_TRUE(report) << report.text;
  ASSERT_EQ(report.given_up.size(), 1U);
  EXPECT_NE(report.given_up[0].find("RP2011 run 'twice-1'"), std::string::npos);
}

TEST(Replayer, ReplaysAgainAfterAMismatch) {
  Replayer replayer;
  const History history = recorded();
  EXPECT_FALSE(replayer.replay(history));
  replayer.implement(twice, run_twice);
  EXPECT_TRUE(replayer.replay(history));
  EXPECT_TRUE(replayer.replay(history));
}

TEST(Matchers, MatchAHistoryOrARunOfTheSameCode) {
  Worker worker;
  worker.implement(twice, run_twice);
  EXPECT_THAT(recorded(), testing::replays_on(worker, {.strict = true}));
  Replayer replayer;
  replayer.implement(twice, run_twice);
  EXPECT_THAT(recorded(), testing::replays_on(replayer));

  testing::Env env;
  env.implement(twice, run_twice).stub(add, [](int value) { return value + 1; });
  EXPECT_THAT(env.start(twice(1)), testing::replays_on(worker));
}

TEST(Matchers, ExplainAMismatchWithTheReport) {
  Worker worker;
  worker.implement(twice, [](Context&, const int& value) { return value; });
  EXPECT_THAT(recorded(), ::testing::Not(testing::replays_on(worker)));

  const ::testing::Matcher<const History&> matcher = testing::replays_on(worker);
  ::testing::StringMatchResultListener explained;
  EXPECT_FALSE(matcher.MatchAndExplain(recorded(), &explained));
  EXPECT_EQ(explained.str(), "\n" + Replayer(worker).replay(recorded()).text);
  EXPECT_EQ(::testing::DescribeMatcher<const History&>(matcher), "replays on this code");
  EXPECT_EQ(::testing::PrintToString(recorded()),
            "the history of run 'twice-1' (workflow 'twice', 6 events)");
}

TEST(Replayer, SaysWhatIsNotImplemented) {
  const ReplayReport report = Replayer().replay(recorded());
  EXPECT_FALSE(report);
  EXPECT_EQ(report.code, "RP2003");
}

TEST(Replayer, TakesTheImplementationsOfAWorker) {
  Worker worker;
  worker.implement(twice, run_twice);
  EXPECT_TRUE(Replayer(worker).replay(recorded()));
}

TEST(Worker, WithoutAServiceDoesNotStart) {
  Worker worker;
  EXPECT_THROW(worker.start(), UsageError);
}

TEST(Histories, GoThroughBytes) {
  const History history = recorded();
  const History read = History::parse(history.to_bytes());
  EXPECT_EQ(read.to_bytes(), history.to_bytes());
  EXPECT_EQ(read.workflow(), "twice");
  EXPECT_EQ(read.workflow_id(), "twice-1");
  EXPECT_EQ(read.run_id(), history.run_id());
  EXPECT_TRUE(Replayer().implement(twice, run_twice).replay(read));
}

TEST(Histories, RefuseWhatIsNone) {
  EXPECT_THROW(History::parse(""), HistoryError);
  EXPECT_THROW(History::parse("no history"), HistoryError);
  EXPECT_THROW(History::read("/no/such/file"), HistoryError);
}

TEST(Cli, LeavesOtherArgumentsToTheProgram) {
  const char* const argv[] = {"shop", "serve", "--fast"};
  EXPECT_EQ(cli(3, argv, Worker()), std::nullopt);
  EXPECT_EQ(cli(1, argv, Worker()), std::nullopt);
}

TEST(Cli, ReplaysAFileOfEitherForm) {
  Worker worker;
  worker.implement(twice, run_twice);
  const std::string path = ::testing::TempDir() + "/cli_replays_a_file_of_either_form";
  const History history = recorded();
  for (const std::string& content : {history.to_bytes(), history.to_json()}) {
    std::ofstream(path, std::ios::binary) << content;
    const char* const argv[] = {"shop", "replay", "--strict", "--history", path.c_str()};
    EXPECT_EQ(cli(5, argv, worker), 0);
    EXPECT_EQ(cli(5, argv, Worker()), 1);
  }
  std::filesystem::remove(path);
}

TEST(Cli, SaysThatAFileIsNotThere) {
  const char* const argv[] = {"shop", "replay", "--history", "/no/such/file"};
  EXPECT_EQ(cli(4, argv, Worker()), 2);
}

}  // namespace
}  // namespace reprise::replayer_test
