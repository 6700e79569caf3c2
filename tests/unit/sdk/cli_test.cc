// The commands that every worker's program has: what they print, and how they end.
#include "reprise/cli.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/engine.h"
#include "reprise/history.h"
#include "reprise/testing/env.h"
#include "tests/support/temporary_directory.h"

// As a user's: stacks leave out what is in our own namespace.
namespace cli_test_code {
[[gnu::noinline]] int length_of(const std::string& text) {
  return std::stoi(text) + 1;
}
}  // namespace cli_test_code

namespace reprise::cli_test {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr Workflow<int(int)> trade{"trade"};
constexpr Activity<int(int)> buy{"buy"};
constexpr Signal<std::string> word{"word"};

int run_trade(Context& ctx, const int& amount) {
  const int bought = ctx.call(buy(amount));
  auto pause = ctx.spawn([&ctx] { ctx.sleep(1h); });
  const std::string heard = ctx.inbox(word).next().get();
  pause.get();
  return bought + static_cast<int>(heard.size());
}

struct Ended {
  std::optional<int> status;
  std::string out;
  std::string err;
};

class CliTest : public ::testing::Test {
 protected:
  CliTest() {
    worker_->implement(trade, run_trade);
    testing::Env env({.replay = testing::Replay::kOff});
    env.implement(trade, run_trade);
    env.stub(buy, [](int amount) { return amount * 2; });
    auto run = env.start(trade(20), {.id = "trade-1"});
    run.signal(word("yes"));
    EXPECT_EQ(run.result(), 43);
    save(run.history(), "trade.bin");
  }

  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  void save(const History& history, const std::string& name) const {
    std::ofstream(path(name), std::ios::binary) << history.to_bytes();
  }

  // With this text typed in.
  Ended run(std::vector<std::string> arguments, const std::string& input = {}) {
    std::vector<const char*> argv{"shop"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    std::istringstream typed(input);
    std::streambuf* const terminal = std::cin.rdbuf(typed.rdbuf());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    Ended ended;
    ended.status = cli(static_cast<int>(argv.size()), argv.data(), *worker_);
    std::cout << std::flush;
    std::fflush(stdout);
    ended.out = ::testing::internal::GetCapturedStdout();
    ended.err = ::testing::internal::GetCapturedStderr();
    std::cin.rdbuf(terminal);
    std::cin.clear();
    return ended;
  }
  Ended replay(std::vector<std::string> more) {
    more.insert(more.begin(), {"replay", "--history", path("trade.bin")});
    return run(more);
  }
  Ended step(const std::string& commands) {
    return run({"step", "--history", path("trade.bin")}, commands);
  }

  // From now on the code waits before it buys.
  void change_code() {
    worker_ = std::make_unique<Worker>();
    worker_->implement(trade, [](Context& ctx, const int& amount) {
      ctx.sleep(1h);
      return ctx.call(buy(amount));
    });
  }

  testing::TemporaryDirectory directory_;
  std::unique_ptr<Worker> worker_ = std::make_unique<Worker>();
};

// ---- replay -----------------------------------------------------------------------------------

TEST_F(CliTest, ReplaysToTheEnd) {
  const Ended ended = replay({});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("events 1-2 match\n"));
  EXPECT_THAT(ended.out, HasSubstr("replayed: run trade-1 of workflow 'trade', all 7 events"));
}

// The run of this history does that only while it waits.
TEST_F(CliTest, TellsOfStrandsThatSwallowTheirUnwinding) {
  worker_ = std::make_unique<Worker>();
  worker_->implement(trade, [](Context& ctx, const int& amount) {
    for (;;) {
      try {
        return run_trade(ctx, amount);
      } catch (...) {
      }
    }
  });
  const Ended ended = replay({"--until", "4"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("stopped after event 4"));
  EXPECT_THAT(ended.err, HasSubstr("RP2011 run 'trade-1'"));
  EXPECT_THAT(step("n\nn\nb\nb\nn\nq\n").err, HasSubstr("RP2011 run 'trade-1'"));
}

TEST_F(CliTest, StopsAfterAnEventAndShowsWhatEachStrandWaitsFor) {
  const Ended ended = replay({"--until", "4"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("stopped after event 4: TimerStarted 1h"));
  EXPECT_THAT(ended.out, HasSubstr("strand 1 waits for signal word\n"));
  EXPECT_THAT(ended.out, HasSubstr("strand 2 waits for timer 3600000ms\n"));
  EXPECT_THAT(ended.out, Not(HasSubstr("replayed:")));
}

TEST_F(CliTest, StopsAtTheVeryBeginningAndAtTheEnd) {
  EXPECT_THAT(replay({"--until", "1"}).out, HasSubstr("strand 1 waits for activity buy\n"));
  EXPECT_THAT(replay({"--until", "7"}).out, HasSubstr("stopped after event 7: RunCompleted"));
}

TEST_F(CliTest, SaysHowManyEventsThereAreWhenOneIsNotThere) {
  for (const std::string option : {"--until", "--break"}) {
    const Ended ended = replay({option, "9"});
    EXPECT_EQ(ended.status, 2);
    EXPECT_THAT(ended.err, HasSubstr(option + " 9: the history has 7 events"));
  }
}

TEST_F(CliTest, RefusesWhatIsNoEvent) {
  for (const std::string number : {"0", "-1", "four", "99999999999999999999", ""}) {
    EXPECT_EQ(replay({"--until", number}).status, 2) << number;
    EXPECT_EQ(replay({"--break", number}).status, 2) << number;
    EXPECT_THAT(replay({"--until", number}).err, HasSubstr("is no whole number from 1 up"));
  }
  EXPECT_EQ(replay({"--until", "1", "--break", "1"}).status, 2);
  EXPECT_EQ(replay({"--store", "x", "--run", "y"}).status, 2);
}

TEST_F(CliTest, SaysWhereAHistoryMayComeFrom) {
  for (const std::string command : {"replay", "step"}) {
    const Ended ended = run({command});
    EXPECT_EQ(ended.status, 2);
    EXPECT_THAT(ended.err, AllOf(HasSubstr(" " + command +
                                           ": --history FILE, or --store DIR with "
                                           "--run ID, is required\n"),
                                 HasSubstr(" " + command + " --help has all options\n")));
    EXPECT_EQ(run({command, "--store", "x"}).status, 2) << "without --run";
  }
}

TEST_F(CliTest, SaysWhyAHistoryCannotBeRead) {
  std::ofstream(path("empty")).flush();
  const std::pair<std::string, const char*> files[] = {
      {path("none"), "cannot be read: No such file or directory"},
      {path("."), "cannot be read: Is a directory"},
      {path("empty"), "this is no history of a run: it is empty"}};
  for (const auto& [file, why] : files) {
    const Ended ended = run({"replay", "--history", file});
    EXPECT_EQ(ended.status, 2);
    EXPECT_THAT(ended.err, AllOf(HasSubstr("RP2009"), HasSubstr(why)));
  }
}

TEST_F(CliTest, SaysThatItDoesNotImplementTheWorkflow) {
  worker_ = std::make_unique<Worker>();
  const Ended ended = replay({});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, HasSubstr("RP2003 this program does not implement workflow 'trade'"));
}

TEST_F(CliTest, WithoutADebuggerABreakExplainsHowToUseOne) {
  const Ended ended = replay({"--break", "3"});
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("gdb --args "), HasSubstr("--until 3")));
}

TEST_F(CliTest, ReportsWhereTheCodeDiffers) {
  change_code();
  const Ended ended = replay({"--until", "5"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("RP2001"), HasSubstr("TimerStarted 1h")));
}

TEST_F(CliTest, TakesTheRunFromAStore) {
  {
    const auto engine = Engine::open(path("store"));
    Worker worker(*engine);
    worker.implement(trade, run_trade);
    worker.implement(buy, [](ActivityContext&, const int& amount) { return amount * 2; });
    worker.start();
    Client client(*engine);
    auto run = client.start(trade(1), {.id = "in-store"});
    run.signal(word("yes"));
    while (run.describe().history_events < 4) {
    }
  }
  const Ended ended = run({"replay", "--store", path("store"), "--run", "in-store"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("run in-store of workflow 'trade'"));
  EXPECT_EQ(run({"replay", "--store", path("store"), "--run", "other"}).status, 2);
}

// The input that made the code throw is recorded but not taken by any code: replay gives it to the
// code.
class ParkedCliTest : public CliTest {
 protected:
  ParkedCliTest() {
    testing::Env env({.replay = testing::Replay::kOff});
    env.implement(trade, run_and_throw);
    env.stub(buy, [](int amount) { return amount * 2; });
    auto run = env.start(trade(20), {.id = "trade-1"});
    try {
      run.signal(word("yes"));
      (void)run.result();
    } catch (const ParkedError& error) {
      parked_ = error.what();
    }
    save(run.history(), "trade.bin");
    worker_ = std::make_unique<Worker>();
    worker_->implement(trade, run_and_throw);
  }

  static int run_and_throw(Context& ctx, const int& amount) {
    return ctx.call(buy(amount)) + cli_test_code::length_of(ctx.inbox(word).next().get());
  }

  std::string parked_;
};

TEST_F(ParkedCliTest, TheReportSaysWhereItWasThrown) {
  EXPECT_THAT(parked_,
              AllOf(HasSubstr("RP2002 an exception"), HasSubstr("cli_test_code::length_of")));
}

TEST_F(ParkedCliTest, ReplaySaysWhatParksTheRun) {
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{}, std::vector<std::string>{"--until", "4"}}) {
    const Ended ended = replay(options);
    EXPECT_EQ(ended.status, 1);
    EXPECT_THAT(
        ended.err,
        AllOf(HasSubstr("RP2002 an exception"), HasSubstr("std::invalid_argument: stoi"),
              HasSubstr("4 SignalReceived word"), HasSubstr("thrown at           sdk/cli_test.cc:"),
              HasSubstr("cli_test_code::length_of")));
  }
  EXPECT_EQ(replay({"--until", "3"}).status, 0);
}

TEST_F(ParkedCliTest, StepShowsIt) {
  const Ended ended = step("c\nb\nc\n");
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.out, HasSubstr("std::invalid_argument: stoi"));
}

TEST_F(ParkedCliTest, CorrectedCodeTakesTheInput) {
  worker_ = std::make_unique<Worker>();
  worker_->implement(trade, [](Context& ctx, const int& amount) {
    const int bought = ctx.call(buy(amount));
    const std::string heard = ctx.inbox(word).next().get();
    ctx.sleep(1h);
    return bought + static_cast<int>(heard.size());
  });
  const Ended ended = replay({});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("all 4 events match"));
  EXPECT_THAT(replay({"--until", "4"}).out, HasSubstr("strand 1 waits for timer"));
}

// ---- step -------------------------------------------------------------------------------------

TEST_F(CliTest, StepsThroughTurns) {
  const Ended ended = step("n\nn\n");
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("run trade-1 of workflow 'trade', 7 events in"));
  EXPECT_THAT(ended.out, HasSubstr("turn 1 of "));
  EXPECT_THAT(ended.out, HasSubstr("2026-01-01 00:00:00.000 UTC"));
  EXPECT_THAT(ended.out, HasSubstr("in      1 RunStarted trade\n"));
  EXPECT_THAT(ended.out, HasSubstr("out     2 ActivityScheduled buy             sdk/cli_test.cc:"));
  EXPECT_THAT(ended.out, HasSubstr("strand 1 waits for activity buy\n"));
  EXPECT_THAT(ended.out, HasSubstr("turn 2 of "));
  EXPECT_THAT(ended.out, Not(HasSubstr("turn 3 of ")));
  EXPECT_THAT(ended.out, Not(HasSubstr("\x1b"))) << "colours are for terminals";
}

TEST_F(CliTest, StepsBackToWhatItShowedBefore) {
  const std::string first = step("n\n").out;
  const std::string again = step("n\nn\nn\nb\nb\n").out;
  const auto turn = first.substr(first.find("turn 1 of "));
  EXPECT_TRUE(again.ends_with(turn)) << again;
  EXPECT_THAT(step("b\n").out, HasSubstr("this is the beginning"));
  EXPECT_THAT(step("n\nb\n").out, HasSubstr("before the first turn"));
}

TEST_F(CliTest, GoesToTheTurnOfAnEvent) {
  const std::string there = step("g 4\n").out;
  EXPECT_THAT(there, HasSubstr("4 TimerStarted 1h"));
  EXPECT_THAT(there, Not(HasSubstr("RunStarted")));
  EXPECT_THAT(step("c\ng 1\n").out, HasSubstr("1 RunStarted"));
  EXPECT_THAT(step("g 9\n").out, HasSubstr("there is no event 9: the history has 7"));
}

TEST_F(CliTest, PrintsEventsWithTheirPayloads) {
  const std::string out = step("p 1\np 2\np 5\n").out;
  EXPECT_THAT(out, HasSubstr("workflow_id: \"trade-1\""));
  EXPECT_THAT(out, HasSubstr("input: [20]"));
  EXPECT_THAT(out, HasSubstr("\"yes\"")) << "the signal";
  EXPECT_THAT(out, ::testing::ContainsRegex("run_id: [0-9a-f]{8}-[0-9a-f]{4}-7"));
}

TEST_F(CliTest, GoesOnToTheEndAndSaysSo) {
  const Ended ended = step("c\nn\n");
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.out, HasSubstr("the history ends here; everything matches"));
  EXPECT_THAT(ended.out, HasSubstr("RunCompleted"));
}

TEST_F(CliTest, StopsSteppingWhereTheCodeDiffers) {
  change_code();
  const Ended ended = step("c\nn\n");
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.out, HasSubstr("RP2001"));
  EXPECT_THAT(ended.out, HasSubstr("now sdk/cli_test.cc:")) << "both lines";
  EXPECT_THAT(ended.out, HasSubstr("the replay cannot go on"));
  EXPECT_EQ(step("c\nb\n").status, 0) << "back from it, nothing differs yet";
}

TEST_F(CliTest, ExplainsCommandsThatItDoesNotKnow) {
  const Ended ended = step("dance\np\np x\ng -1\nh\n\x1b[31m\n");
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.out, HasSubstr("there is no command 'dance'"));
  EXPECT_THAT(ended.out, HasSubstr("p needs the number of an event"));
  EXPECT_THAT(ended.out, HasSubstr("g needs the number of an event"));
  EXPECT_THAT(ended.out, HasSubstr("quit"));
  EXPECT_THAT(ended.out, Not(HasSubstr("\x1b")));
}

TEST_F(CliTest, QuitsAtQAndAtTheEndOfInput) {
  EXPECT_THAT(step("n\nq\nn\n").out, Not(HasSubstr("turn 2")));
  EXPECT_EQ(step("").status, 0);
}

// ---- checkpoints ------------------------------------------------------------------------------

class SegmentedCliTest : public CliTest {
 protected:
  // RunStarted, word; Checkpoint; CheckpointTaken; word, RunCompleted: six events.
  SegmentedCliTest() {
    worker_ = std::make_unique<Worker>();
    worker_->implement(trade, run_stages);
    testing::Env env({.replay = testing::Replay::kOff});
    env.implement(trade, run_stages);
    auto run = env.start(trade(0), {.id = "trade-1"});
    run.signal(word("one"));
    run.signal(word("three"));
    EXPECT_EQ(run.result(), 8);
    save(run.history(), "trade.bin");
  }
  static int run_stages(Context& ctx, const int& sum) {
    const int next = sum + static_cast<int>(ctx.inbox(word).next().get().size());
    if (sum == 0) ctx.checkpoint(trade(next));
    return next;
  }
};

TEST_F(SegmentedCliTest, ReplaysFromTheLastCheckpoint) {
  const Ended last = replay({});
  EXPECT_EQ(last.status, 0) << last.err;
  EXPECT_THAT(last.out, HasSubstr("all 3 events since the checkpoint at event 4 match"));
  const Ended whole = replay({"--whole"});
  EXPECT_EQ(whole.status, 0) << whole.err;
  EXPECT_THAT(whole.out, HasSubstr("all 6 events match"));
  EXPECT_THAT(replay({"--until", "2"}).err, HasSubstr("add --whole"));
  EXPECT_THAT(replay({"--until", "2", "--whole"}).out, HasSubstr("stopped after event 2"));
  EXPECT_THAT(replay({"--until", "5"}).out, HasSubstr("stopped after event 5"));
}

TEST_F(SegmentedCliTest, FindsWhatIsDifferentBeforeItOnlyIfAsked) {
  worker_ = std::make_unique<Worker>();
  worker_->implement(trade, [](Context& ctx, const int& sum) {
    if (sum == 0) ctx.sleep(1h);
    return run_stages(ctx, sum);
  });
  EXPECT_EQ(replay({}).status, 0);
  const Ended whole = replay({"--whole"});
  EXPECT_EQ(whole.status, 1);
  EXPECT_THAT(whole.err, HasSubstr("event 2"));
}

TEST_F(SegmentedCliTest, StepsFromTheLastCheckpoint) {
  const Ended last = step("w\nb\ng 1\nn\nc\n");
  EXPECT_EQ(last.status, 0);
  EXPECT_THAT(last.out, HasSubstr("the run took a checkpoint, and goes on with event 4"));
  EXPECT_THAT(last.out, HasSubstr("4 CheckpointTaken"));
  EXPECT_THAT(last.out, HasSubstr("this is the beginning"));
  EXPECT_THAT(last.out, HasSubstr("the history ends here; everything matches"));
  EXPECT_THAT(last.out, Not(HasSubstr("1 RunStarted")));
  const Ended whole = run({"step", "--history", path("trade.bin"), "--whole"}, "n\nc\nb\n");
  EXPECT_EQ(whole.status, 0);
  EXPECT_THAT(whole.out, HasSubstr("1 RunStarted"));
  EXPECT_THAT(whole.out, HasSubstr("the history ends here; everything matches"));
}

}  // namespace
}  // namespace reprise::cli_test
