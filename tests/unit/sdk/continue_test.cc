// Continuing as a new run, through the public interface. First the code of
// docs/language/continue_as_new.md; a test makes sure that it is that code.
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/history.h"
#include "reprise/replayer.h"
#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/support/page_code.h"
#include "tests/unit/sdk/chains.h"

namespace continue_page_test {

using namespace std::chrono_literals;

// ---- the page ---------------------------------------------------------------------------------

constexpr reprise::Workflow<int(int)> account{"account"};
constexpr reprise::Signal<int> deposit{"deposit"};
constexpr reprise::Signal<> close_account{"close_account"};
constexpr reprise::Update<int(int)> withdraw{"withdraw"};

int run_account(reprise::Context& ctx, int balance) {
  auto closing = ctx.inbox(close_account).next();
  auto paid_in = ctx.inbox(deposit).next();
  while (!ctx.should_continue()) {
    if (ctx.first_of(closing, paid_in) == 0) return balance;
    balance += paid_in.get();
    paid_in = ctx.inbox(deposit).next();
  }
  ctx.continue_as_new(account(balance));
}

int run_account_with_updates(reprise::Context& ctx, int balance) {
  int under_way = 0;
  const auto registration = ctx.accept(withdraw, [&](int amount) {
    ++under_way;
    ctx.sleep(1h);  // someone looks at it
    balance -= amount;
    --under_way;
    return balance;
  });
  ctx.sleep(24h);
  ctx.wait_until([&] { return under_way == 0; });
  ctx.continue_as_new(account(balance));
}

}  // namespace continue_page_test

namespace reprise::continue_test {
namespace {

using namespace chains;
using namespace continue_page_test;
using testing::Crash;
using testing::Env;
using testing::Replay;
TEST(ContinuePage, HasTheCodeOfThisFile) {
  testing::expect_code_of("docs/language/continue_as_new.md", "tests/unit/sdk/continue_test.cc", 2);
}
constexpr Workflow<void(int)> waits{"waits"};

// ---- chains -----------------------------------------------------------------------------------

TEST(Continue, TheResultIsThatOfTheLastRun) {
  in_every_weather([](Env& env) {
    env.implement(countdown, [](Context& ctx, int n) {
      if (n == 0) return 42;
      ctx.continue_as_new(countdown(n - 1));
    });
    EXPECT_EQ(env.start(countdown(5), {.id = "x"}).result(), 42);
    EXPECT_EQ(env.client().list().size(), 6U);
  });
}

TEST(Continue, TheChainIsSeenFromEachOfItsRuns) {
  Env env;
  env.implement(countdown, [](Context& ctx, int n) {
    ctx.sleep(1h);
    if (n == 0) return 42;
    ctx.continue_as_new(countdown(n - 1));
  });
  const auto run = env.start(countdown(2), {.id = "x"});
  const std::string first = run.run_id();
  EXPECT_EQ(run.describe().first_run_id, "") << "not a chain yet";
  EXPECT_EQ(run.result(), 42);
  EXPECT_EQ(run.run_id(), first);

  const RunDescription last = run.describe();
  EXPECT_EQ(last.status, RunStatus::kCompleted);
  EXPECT_EQ(last.first_run_id, first);
  EXPECT_EQ(last.continued_to, "");
  const RunDescription middle = env.client().describe("x", last.continued_from);
  EXPECT_EQ(middle.status, RunStatus::kContinuedAsNew);
  EXPECT_EQ(middle.first_run_id, first);
  EXPECT_EQ(middle.continued_from, first);
  EXPECT_EQ(middle.continued_to, last.run_id);
  const RunDescription begin = env.client().describe("x", first);
  EXPECT_EQ(begin.status, RunStatus::kContinuedAsNew);
  EXPECT_EQ(begin.first_run_id, first);
  EXPECT_EQ(begin.continued_from, "");
  EXPECT_EQ(begin.continued_to, middle.run_id);
  EXPECT_EQ(begin.closed, middle.started);
  EXPECT_EQ(env.client().describe("x").run_id, last.run_id);
  EXPECT_EQ(env.client().list({.status = RunStatus::kContinuedAsNew}).size(), 2U);
  for (const std::string& id : {first, middle.run_id, last.run_id}) {
    EXPECT_EQ(env.client().attach(countdown, "x", id).result(), 42);
    EXPECT_EQ(env.client().attach(countdown, "x", id).result_for(0ms), 42);
  }
  EXPECT_EQ(env.client().attach(countdown, "x").result(), 42);
  EXPECT_EQ(env.client().find(countdown, "x")->result(), 42);
}

TEST(Continue, TheRemainingTimeoutCountsOn) {
  Env env;
  env.implement(countdown, [](Context& ctx, int n) {
    ctx.sleep(1h);
    if (n == 0) return 42;
    ctx.continue_as_new(countdown(n - 1));
  });
  const auto run = env.start(countdown(9));
  EXPECT_EQ(run.result_for(5h), std::nullopt);
  EXPECT_EQ(run.result_for(4h), std::nullopt);
  EXPECT_EQ(run.result_for(1h), 42);
}

TEST(Continue, AHandleFromAStartReachesTheNewestRun) {
  Env env;
  env.implement(link, [](Context& ctx, const std::string& past) -> std::string {
    const auto query = ctx.answer(Query<std::string()>("past"), [&] { return past; });
    const int got = ctx.inbox(number).next().get();
    if (got == 0) return past;
    ctx.continue_as_new(link(past + std::to_string(got)));
  });
  constexpr Query<std::string()> past{"past"};
  const auto run = env.start(link(""), {.id = "x"});
  const std::string first = run.run_id();
  run.signal(number(1));
  EXPECT_EQ(run.query(past()), "1");
  const auto found = *env.client().find(link, "x");
  run.signal(number(2));
  EXPECT_EQ(run.query(past()), "12");
  EXPECT_EQ(found.query(past()), "12");
  EXPECT_EQ(found.describe().run_id, run.describe().run_id);
  found.signal(number(3));
  const auto exact = env.client().attach(link, "x", first);
  EXPECT_THROW(exact.signal(number(9)), RunClosed);
  EXPECT_FALSE(exact.try_signal(number(9)));
  EXPECT_THROW(exact.cancel(), RunClosed);
  EXPECT_EQ(exact.describe().run_id, first);
  env.client().attach(link, "x").signal(number(0));
  EXPECT_EQ(run.result(), "123");
  EXPECT_THROW(run.signal(number(1)), RunClosed);
}

TEST(Continue, ToAnotherWorkflowOnAnotherQueue) {
  Env env;
  env.implement(countdown, [](Context& ctx, int n) -> int {
    ctx.continue_as_new(link("from " + std::to_string(n)), {.task_queue = "other"});
  });
  env.implement(link, [](Context& ctx, const std::string& from) {
    return from + " on " + ctx.info().task_queue;
  });
  const auto run = env.start(countdown(7), {.id = "x"});
  EXPECT_THROW(run.result(), PayloadError) << "text is no int";
  EXPECT_EQ(env.client().attach(link, "x").result(), "from 7 on other");
  EXPECT_EQ(env.client().describe("x").workflow, "link");
}

TEST(Continue, AsAWorkflowThatNobodyImplementsItWaits) {
  Env env;
  env.implement(countdown, [](Context& ctx, int) -> int { ctx.continue_as_new(link("later")); });
  const auto run = env.start(countdown(1), {.id = "x"});
  EXPECT_TRUE(run.describe().parked.has_value());
  env.implement(link, [](Context&, const std::string& text) { return text; });
  EXPECT_EQ(env.client().attach(link, "x").result(), "later");
}

TEST(Continue, TheEndOfTheLastRunIsTheEndOfTheChain) {
  Env env;
  env.implement(countdown, [](Context& ctx, int n) -> int {
    if (n > 0) ctx.continue_as_new(countdown(n - 1));
    throw ApplicationFailure("No", "not so");
  });
  EXPECT_THROW(env.start(countdown(3)).result(), ApplicationFailure);
  env.implement(countdown, [](Context& ctx, int n) -> int {
    if (n > 0) ctx.continue_as_new(countdown(n - 1));
    ctx.sleep(100h);
    return 1;
  });
  const auto cancelled = env.start(countdown(3));
  cancelled.cancel();
  EXPECT_THROW(cancelled.result(), CancelledFailure);
  const auto terminated = env.start(countdown(3));
  terminated.terminate("enough");
  EXPECT_THROW(terminated.result(), TerminatedFailure);
}

TEST(Continue, TheRunTimeoutIsThatOfTheRunUnlessAnotherIsGiven) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    env.implement(waits, [](Context& ctx, int n) {
      ctx.sleep(2h);
      if (n == 2) ctx.continue_as_new(waits(n - 1));
      if (n == 1) ctx.continue_as_new(waits(n - 1), {.run_timeout = 1h});
    });
    const auto run = env.start(waits(2), {.run_timeout = 3h});
    const Time before = env.now();
    EXPECT_THROW(run.result(), TimeoutFailure);
    EXPECT_EQ(env.now() - before, 5h) << "two of two hours, and one of one";
    EXPECT_EQ(run.describe().status, RunStatus::kTimedOut);
  }
}

// Also when it continues at once.
TEST(Continue, TheRunTimeoutOfARunOfOneTurnIsThatOfTheNext) {
  Env env;
  env.implement(waits, [](Context& ctx, int n) {
    if (n > 0) ctx.continue_as_new(waits(n - 1));
    ctx.sleep(2h);
  });
  EXPECT_THROW(env.start(waits(2), {.run_timeout = 1h}).result(), TimeoutFailure);
}

TEST(Continue, AnIdIsThatOfTheChainToNewStarts) {
  Env env;
  env.implement(countdown, [](Context& ctx, int n) {
    if (n > 0) ctx.continue_as_new(countdown(n - 1));
    ctx.inbox(go).next().get();
    return 42;
  });
  const auto run = env.start(countdown(3), {.id = "x"});
  EXPECT_THROW((void)env.start(countdown(0), {.id = "x"}), AlreadyStarted);
  const auto same = env.start(countdown(0), {.id = "x", .id_conflict = IdConflict::kUseExisting});
  same.signal(go());
  EXPECT_EQ(run.result(), 42);
  EXPECT_EQ(same.result(), 42);
  EXPECT_EQ(env.start(countdown(0), {.id = "x", .id_reuse = IdReuse::kUseExisting}).result(), 42);
  EXPECT_THROW(
      (void)env.start(countdown(0), {.id = "x", .id_reuse = IdReuse::kAllowUnlessCompleted}),
      AlreadyStarted);
  // Another chain of the id: handles of the first one stay with it.
  const auto next = env.start(countdown(2), {.id = "x"});
  const auto third =
      env.start(countdown(0), {.id = "x", .id_conflict = IdConflict::kTerminateExisting});
  EXPECT_EQ(run.result(), 42);
  EXPECT_EQ(run.describe().first_run_id, run.run_id());
  EXPECT_EQ(next.describe().first_run_id, next.run_id());
  EXPECT_THROW(next.result(), TerminatedFailure);
  third.signal(go());
  EXPECT_EQ(third.result(), 42);
  EXPECT_EQ(third.describe().first_run_id, "");
}
// ---- how long the history is ------------------------------------------------------------------

TEST(Continue, TheLengthOfTheHistoryFollowsFromTheLog) {
  for (const Replay replay : {Replay::kOff, Replay::kEveryTurn}) {
    for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
      Env env({.replay = replay, .crash = crash});
      env.implement(link, [](Context& ctx, const std::string&) {
        std::string seen = std::to_string(ctx.history_events());
        for (int i = 0; i < 3; ++i) {
          ctx.sleep(1h);
          seen += " " + std::to_string(ctx.history_events());
        }
        return seen;
      });
      EXPECT_EQ(env.start(link("")).result(), "1 3 5 7");
    }
  }
}

TEST(Continue, AnAccountGoesOnForYears) {
  Env env({.replay = Replay::kOff});
  env.implement(account, run_account);
  const auto run = env.start(account(0), {.id = "a"});
  constexpr int kDeposits = 10'000;
  for (int i = 0; i < kDeposits; ++i) (void)run.submit_signal(deposit(1));
  run.signal(close_account());
  EXPECT_EQ(run.result(), kDeposits);
  // Those that came while the first one ended were there when the second one began.
  EXPECT_EQ(env.client().list().size(), 3U);
}

TEST(Continue, WhatIsUnderWayCanBeWaitedFor) {
  Env env;
  env.implement(account, run_account_with_updates);
  const auto run = env.start(account(100), {.id = "a"});
  const auto update = run.submit_update(withdraw(30));
  env.skip(23h + 30min);
  const auto late = run.submit_update(withdraw(20));
  EXPECT_EQ(update.result(), 70);
  EXPECT_EQ(late.result(), 50);
  env.skip(30min);
  EXPECT_EQ(run.describe().continued_from, run.run_id());
  EXPECT_EQ(count_in(run, "\"kind\":\"UpdateReceived\""), 0);
}

// ---- long chains ------------------------------------------------------------------------------

TEST(Continue, LongChainsEnd) {
  Env env({.replay = Replay::kOff});
  env.implement(countdown, [](Context& ctx, int n) {
    if (n == 0) return 42;
    ctx.continue_as_new(countdown(n - 1));
  });
  const auto run = env.start(countdown(3'000), {.id = "x"});
  EXPECT_EQ(run.result(), 42);
  EXPECT_EQ(env.client().attach(countdown, "x", run.run_id()).result(), 42);
}
// ---- histories --------------------------------------------------------------------------------

TEST(Continue, EachHistoryOfAChainReplays) {
  Env env;
  env.implement(link, one_each);
  const auto run = env.start(link(""), {.id = "x"});
  for (const int n : {1, 2, 0}) (void)run.submit_signal(number(n));
  EXPECT_EQ(run.result(), "1 2 ");
  for (const RunDescription& each : env.client().list()) {
    const History history = env.client().handle("x", each.run_id).history();
    EXPECT_EQ(history.run_id(), each.run_id);
    EXPECT_EQ(History::parse(history.to_json()).to_bytes(), history.to_bytes());
    EXPECT_EQ(History::parse(history.to_bytes()).to_json(), history.to_json());
  }
}

}  // namespace
}  // namespace reprise::continue_test
