// Paused runs, through the public interface. First the code of docs/language/pause.md; a test makes
// sure that it is that code.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/support/page_code.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sdk/chains.h"
#include "tests/unit/sdk/operated.h"

namespace pause_page_test {

using namespace std::chrono_literals;

// ---- the page ----------------------------------------------------------------------------------

constexpr reprise::Workflow<std::string(int)> payout{"payout"};
constexpr reprise::Activity<std::string(int)> pay{"pay"};

void stop_while_the_bank_is_down(const reprise::RunHandle& run) {
  run.pause("the bank is down, ticket 4711");
  const auto paused = run.describe().paused;
  if (paused) std::string why = paused->reason;  // and paused->since
  run.resume();
}

}  // namespace pause_page_test

namespace reprise::pause_test {
namespace {

using namespace chains;
using namespace operated;
using namespace pause_page_test;
using testing::Crash;
using ::testing::ElementsAre;
using testing::Env;
using ::testing::HasSubstr;

constexpr Workflow<std::string()> waits{"waits"};
constexpr Query<std::string()> asked{"asked"};

TEST(PausePage, HasTheCodeOfThisFile) {
  testing::expect_code_of("docs/language/pause.md", "tests/unit/sdk/pause_test.cc", 1);
}

TEST(PausePage, ItsRunGoesOn) {
  Env env;
  env.implement(payout, [](Context& ctx, int amount) {
    ctx.sleep(1h);
    return ctx.call(pay(amount));
  });
  env.stub(pay, [](int amount) { return "paid " + std::to_string(amount); });
  const auto run = env.start(payout(5));
  stop_while_the_bank_is_down(run);
  EXPECT_EQ(run.result(), "paid 5");
}

// ---- what waits --------------------------------------------------------------------------------

TEST(Pause, SignalsAreKeptInOrderAndSeenLater) {
  in_every_weather([](Env& env) {
    env.implement(link, one_each);
    const auto run = env.start(link(""), {.id = "x"});
    run.signal(number(1));
    run.pause("a look");
    for (const int n : {2, 3, 0}) run.signal(number(n));
    env.skip(1h);
    EXPECT_EQ(env.client().describe("x").status, RunStatus::kPaused);
    EXPECT_EQ(env.client().describe("x").paused->reason, "a look");
    run.resume();
    EXPECT_EQ(run.result(), "1 2 3 ");
    EXPECT_FALSE(env.client().describe("x").paused.has_value());
  });
}

// What it was sent comes before timers that are due, so a signal in time is in time.
TEST(Pause, TimersWait) {
  in_every_weather([](Env& env) {
    env.implement(waits, [](Context& ctx) -> std::string {
      auto timer = ctx.timer(1h);
      auto signal = ctx.inbox(go).next();
      return ctx.first_of(timer, signal) == 0 ? "late" : "in time";
    });
    const auto first = env.start(waits());
    const auto second = env.start(waits());
    first.pause("");
    second.pause("");
    env.skip(10h);
    EXPECT_EQ(first.describe().timers.size(), 1U);
    EXPECT_EQ(count_in(first, "TimerFired"), 0);
    second.signal(go());
    first.resume();
    second.resume("go on");
    EXPECT_EQ(first.result(), "late");
    EXPECT_EQ(second.result(), "in time");
  });
}

TEST(Pause, NoAttemptBeginsAndResultsAreKept) {
  Env env;
  env.implement(payout, [](Context& ctx, int amount) { return ctx.call(pay(amount)); });
  RunHandle* paused = nullptr;
  env.implement(pay, [&](ActivityContext&, int amount) -> std::string {
    if (env.calls(pay) == 1) {
      paused->pause("now");
      throw ApplicationFailure("Down", "try later");
    }
    if (env.calls(pay) == 3) paused->pause("again");
    return "paid " + std::to_string(amount);
  });
  auto run = env.client().submit(payout(5), {.id = "x"});
  paused = &run;
  run.started();
  env.skip(100h);
  EXPECT_EQ(env.calls(pay), 1) << "the next attempt waits";
  EXPECT_EQ(count_in(run, "AttemptFailed"), 1) << "what became of the one under way is recorded";
  run.resume();
  EXPECT_EQ(run.result(), "paid 5");

  auto other = env.client().submit(payout(6), {.id = "y"});
  paused = &other;
  other.started();
  env.skip(100h);
  EXPECT_THAT(kinds_of(other),
              ElementsAre("RunStarted", "ActivityScheduled", "RunPaused", "ActivityCompleted"));
  other.resume();
  EXPECT_EQ(other.result(), "paid 6");
}

TEST(Pause, NoStepBegins) {
  in_every_weather([](Env& env) {
    int calls = 0;
    env.implement(waits, [&](Context& ctx) -> std::string {
      ctx.inbox(go).next().get();
      return ctx.step("look", [&] { return "seen " + std::to_string(++calls > 0); });
    });
    const auto run = env.start(waits());
    run.pause("");
    run.signal(go());
    env.skip(1h);
    EXPECT_EQ(calls, 0);
    run.resume();
    EXPECT_EQ(run.result(), "seen 1");
  });
}

TEST(Pause, UpdatesWaitAndCancellationsToo) {
  in_every_weather([](Env& env) {
    env.implement(waits, [](Context& ctx) -> std::string {
      const auto registration = ctx.accept(doubled, [](int n) { return 2 * n; });
      ctx.inbox(go).next().get();
      return "there";
    });
    const auto run = env.start(waits());
    run.pause("");
    const auto update = run.submit_update(doubled(4));
    EXPECT_FALSE(update.result_for(1h).has_value());
    run.resume();
    EXPECT_EQ(update.result(), 8);
    run.pause("");
    run.cancel("enough");
    EXPECT_EQ(run.describe().status, RunStatus::kPaused);
    run.resume();
    EXPECT_THROW(run.result(), CancelledFailure);
  });
}

TEST(Pause, QueriesAreAnsweredAsOfWhereItStands) {
  for (const testing::Replay replay : {testing::Replay::kOff, testing::Replay::kEveryTurn}) {
    Env env({.replay = replay});
    const auto code = [](Context& ctx) -> std::string {
      int seen = 0;
      const auto answering = ctx.answer(asked, [&] { return std::to_string(seen); });
      auto inbox = ctx.inbox(number);
      while (seen < 3) {
        inbox.next().get();
        ++seen;
      }
      return "there";
    };
    env.implement(waits, code);
    const auto run = env.start(waits());
    run.signal(number(1));
    run.pause("");
    run.signal(number(2));
    EXPECT_EQ(run.query(asked()), "1");
    env.implement(waits, code);  // it leaves memory, and comes back
    EXPECT_EQ(run.query(asked()), "1");
    run.resume();
    EXPECT_EQ(run.query(asked()), "2");
  }
}

TEST(Pause, BeforeItHasBegun) {
  in_every_weather([](Env& env) {
    env.implement(waits, [](Context&) -> std::string { return "there"; });
    const auto delayed = env.start(waits(), {.start_delay = 1h});
    delayed.pause("");
    env.skip(2h);
    EXPECT_EQ(delayed.describe().status, RunStatus::kPaused);
    EXPECT_THROW(delayed.query(asked()), QueryFailed);
    delayed.resume();
    EXPECT_EQ(delayed.result(), "there");
  });
}

// ---- what does not wait ------------------------------------------------------------------------

TEST(Pause, ItEndsByItsLimitOrByForce) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    env.implement(waits, [](Context& ctx) -> std::string {
      ctx.sleep(100h);
      return "slept";
    });
    const auto limited = env.start(waits(), {.run_timeout = 1h});
    limited.pause("");
    const auto forced = env.start(waits());
    forced.pause("");
    env.skip(2h);
    EXPECT_EQ(limited.describe().status, RunStatus::kTimedOut);
    EXPECT_FALSE(limited.describe().paused.has_value());
    forced.terminate("enough");
    EXPECT_THROW(forced.resume(), RunClosed);
    EXPECT_THROW(forced.pause(""), RunClosed);
    EXPECT_THROW(forced.result(), TerminatedFailure);
  }
}

// An operator has stopped what the runs of that id do.
TEST(Pause, TheNextAttemptOfARunIsPausedToo) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    env.implement(waits, [](Context& ctx) -> std::string {
      if (ctx.info().attempt == 1) ctx.sleep(100h);
      return "there";
    });
    const auto run = env.start(
        waits(), {.id = "x", .run_timeout = 1h, .retry = RetryPolicy{.initial_interval = 1s}});
    run.pause("a look");
    env.skip(90min);
    EXPECT_EQ(env.client().describe("x").status, RunStatus::kPaused);
    EXPECT_EQ(env.client().describe("x").attempt, 2);
    EXPECT_EQ(env.client().describe("x").paused->reason, "a look");
    run.resume();
    EXPECT_EQ(run.result(), "there");
  }
}

TEST(Pause, AgainReplacesTheReason) {
  Env env;
  env.implement(waits, [](Context& ctx) -> std::string {
    ctx.inbox(go).next().get();
    return "there";
  });
  const auto run = env.start(waits(), {.id = "x"});
  run.pause("one");
  const auto since = run.describe().paused->since;
  env.skip(1h);
  run.pause("two");
  EXPECT_EQ(run.describe().paused->reason, "two");
  EXPECT_EQ(run.describe().paused->since, since);
  run.resume("enough");
  try {
    run.resume();
    FAIL();
  } catch (const RepairRefused& refused) {
    EXPECT_EQ(refused.code(), "RP3024");
    EXPECT_THAT(refused.what(), HasSubstr("'x'"));
  }
  run.signal(go());
  EXPECT_EQ(run.result(), "there");
  EXPECT_THAT(kinds_of(run), ElementsAre("RunStarted", "RunPaused", "RunPaused", "RunResumed",
                                         "SignalReceived", "RunCompleted"));
}

// The end comes after the resumption in the history, too.
TEST(Pause, WhatItWasSentMayEndIt) {
  in_every_weather([](Env& env) {
    env.implement(waits, [](Context& ctx) -> std::string {
      ctx.inbox(go).next().get();
      return "there";
    });
    const auto run = env.start(waits());
    run.pause("");
    run.signal(go());
    run.resume();
    EXPECT_EQ(run.result(), "there");
    EXPECT_THAT(kinds_of(run), ElementsAre("RunStarted", "RunPaused", "SignalReceived",
                                           "RunResumed", "RunCompleted"));
  });
}

TEST(Pause, AReasonMayBeAnything) {
  Env env;
  env.implement(waits, [](Context& ctx) -> std::string {
    ctx.sleep(1h);
    return "there";
  });
  const auto run = env.start(waits());
  for (const std::string& reason :
       {std::string(), std::string(1, '\0'), std::string("\xff\xfe'\"\n\x1b[31m"),
        std::string(100'000, 'x')}) {
    run.pause(reason);
    EXPECT_EQ(run.describe().status, RunStatus::kPaused);
  }
  run.resume();
  EXPECT_EQ(run.result(), "there");
}

// ---- an engine ---------------------------------------------------------------------------------

TEST(PauseInAnEngine, OutlivesTheProcessAndTheJournal) {
  const testing::TemporaryDirectory directory;
  const auto open = [&] { return Engine::open(directory.path() + "/store", {.shards = 2}); };
  for (int i = 0; i < 3; ++i) {
    const auto engine = open();
    Worker worker(*engine);
    worker.implement(waits, [](Context& ctx) -> std::string {
      ctx.inbox(go).next().get();
      return "there";
    });
    worker.start();
    const Client client(*engine);
    if (i == 0) client.start(waits(), {.id = "x"}).pause("over night");
    const auto run = client.attach(waits, "x");
    EXPECT_EQ(run.describe().status, RunStatus::kPaused);
    EXPECT_EQ(run.describe().paused->reason, "over night");
    EXPECT_EQ(client.list({.status = RunStatus::kPaused}).size(), 1U);
    EXPECT_EQ(client.list({.status = RunStatus::kRunning}).size(), 0U);
    if (i == 1) run.signal(go());
    if (i < 2) continue;
    run.resume();
    EXPECT_EQ(run.result(), "there");
  }
}

}  // namespace
}  // namespace reprise::pause_test
