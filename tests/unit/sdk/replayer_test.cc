// Replaying exported histories against code, and the command that does it.
#include "reprise/replayer.h"

#include <gtest/gtest.h>

#include "reprise/cli.h"
#include "reprise/testing/env.h"

namespace reprise {
namespace {

using namespace std::chrono_literals;

constexpr Workflow<int(int)> twice{"twice"};
constexpr Activity<int(int)> add{"add"};

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
  EXPECT_EQ(report.events, 0U);
  EXPECT_NE(report.text.find("TimerStarted 1h"), std::string::npos) << report.text;
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

TEST(Cli, SaysThatAFileIsNotThere) {
  const char* const argv[] = {"shop", "replay", "--history", "/no/such/file"};
  EXPECT_EQ(cli(4, argv, Worker()), 2);
}

}  // namespace
}  // namespace reprise
