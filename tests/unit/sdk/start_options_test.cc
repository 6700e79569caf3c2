// Delayed starts, starts that are made twice, and options that are refused.
#include <chrono>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/history.h"
#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/unit/sdk/attempts.h"
#include "tests/unit/sdk/chains.h"

namespace reprise::start_options_test {
namespace {

using namespace chains;
using namespace attempts;
using testing::Crash;
using testing::Env;

// ---- delays -----------------------------------------------------------------------------------

TEST(StartDelay, TheCodeRunsAfterIt) {
  in_every_weather([](Env& env) {
    env.implement(link, [](Context& ctx, const std::string&) -> std::string {
      std::string text;
      auto inbox = ctx.inbox(word);
      for (int i = 0; i < 2; ++i) text += inbox.next().get();
      return text + " at " + std::to_string(ctx.now().time_since_epoch() / 1h);
    });
    const auto hour = env.now().time_since_epoch() / 1h;
    const auto run = env.start(link(""), {.id = "x", .start_delay = 10h});
    EXPECT_EQ(run.describe().status, RunStatus::kRunning);
    EXPECT_EQ(run.describe().delayed_until, env.now() + 10h);
    run.signal(word("a"));
    run.signal(word("b"));
    EXPECT_THROW((void)env.start(link(""), {.id = "x"}), AlreadyStarted);
    EXPECT_EQ(run.result_for(9h), std::nullopt);
    EXPECT_EQ(count_in(run, "DelayEnded"), 0);
    EXPECT_EQ(run.result(), "ab at " + std::to_string(hour + 10));
    EXPECT_EQ(count_in(run, "DelayEnded"), 1);
    EXPECT_EQ(run.describe().delayed_until, std::nullopt);
  });
}

TEST(StartDelay, ARunCanEndBefore) {
  in_every_weather([](Env& env) {
    env.implement(fails, fail_first);
    const auto cancelled = env.start(fails(0), {.id = "c", .start_delay = 10h});
    cancelled.cancel("not needed");
    EXPECT_THROW(cancelled.result(), CancelledFailure);
    EXPECT_THROW(cancelled.cancel(), RunClosed);
    const auto terminated = env.start(fails(0), {.start_delay = 10h});
    terminated.terminate("enough");
    EXPECT_THROW(terminated.result(), TerminatedFailure);
    const auto replaced = env.start(fails(0), {.id = "r", .start_delay = 10h});
    const auto by = env.start(fails(0), {.id = "r", .id_conflict = IdConflict::kTerminateExisting});
    EXPECT_THROW(replaced.result(), TerminatedFailure);
    EXPECT_EQ(by.result(), "attempt 1");
  });
}

TEST(StartDelay, TheLimitOfTheRunCountsFromItsEnd) {
  Env env;
  env.implement(fails, [](Context& ctx, int) -> std::string {
    ctx.sleep(2h);
    return "slept";
  });
  EXPECT_EQ(env.start(fails(0), {.run_timeout = 3h, .start_delay = 10h}).result(), "slept");
  const Time before = env.now();
  EXPECT_EQ(kind_of(env.start(fails(0), {.execution_timeout = 11h, .start_delay = 10h})),
            TimeoutKind::kExecution);
  EXPECT_EQ(env.now() - before, 11h);
}

TEST(StartDelay, ASignalWithTheStartWaitsToo) {
  in_every_weather([](Env& env) {
    env.implement(link,
                  [](Context& ctx, const std::string&) -> std::string { return read_two(ctx); });
    const Time before = env.now();
    const auto run =
        env.client().signal_with_start(word("a"), link(""), {.id = "x", .start_delay = 10h});
    const auto same =
        env.client().signal_with_start(word("b"), link(""), {.id = "x", .start_delay = 1h});
    EXPECT_EQ(run.run_id(), same.run_id());
    EXPECT_EQ(run.result(), "ab");
    EXPECT_EQ(env.now() - before, 10h);
  });
}

TEST(StartDelay, AnUpdateIsAnsweredAfterIt) {
  Env env;
  env.implement(link, [](Context& ctx, const std::string&) -> std::string {
    const auto answers = ctx.accept(ask, [](const std::string& text) { return text + "!"; });
    ctx.sleep(1h);
    return "done";
  });
  const auto run = env.start(link(""), {.start_delay = 10h});
  const auto update = run.submit_update(ask("well"));
  env.skip(9h);
  EXPECT_EQ(update.result_for(0ms), std::nullopt);
  EXPECT_EQ(update.result(), "well!");
  EXPECT_EQ(run.result(), "done");
}

TEST(StartDelay, WithoutAWorkerTheRunWaitsForBoth) {
  Env env;
  env.implement(countdown, [](Context&, int n) { return n; });
  const auto run = env.start(fails(0), {.start_delay = 1h});
  env.skip(2h);
  EXPECT_EQ(run.describe().delayed_until, std::nullopt);
  env.implement(fails, fail_first);
  EXPECT_EQ(run.result(), "attempt 1");
}

// ---- the same request twice -------------------------------------------------------------------

TEST(RequestId, TheSameRequestStartsOneRun) {
  in_every_weather([](Env& env) {
    env.implement(link, [](Context& ctx, const std::string& text) -> std::string {
      return text + ctx.inbox(word).next().get();
    });
    const StartOptions first{.id = "x", .request_id = "r1"};
    const auto run = env.start(link("a"), first);
    const auto again = env.start(link("other"), first);
    EXPECT_EQ(again.run_id(), run.run_id());
    const auto terminating = env.start(
        link("b"), {.id = "x", .id_conflict = IdConflict::kTerminateExisting, .request_id = "r1"});
    EXPECT_EQ(terminating.run_id(), run.run_id());
    EXPECT_THROW((void)env.start(link("c"), {.id = "x", .request_id = "r2"}), AlreadyStarted);
    EXPECT_THROW((void)env.start(link("c"), {.id = "x"}), AlreadyStarted);
    EXPECT_THROW((void)env.start(countdown(1), first), AlreadyStarted);
    run.signal(word("!"));
    EXPECT_EQ(again.result(), "a!");
    const auto late = env.start(link("d"), {.id = "x", .request_id = "r1"});
    EXPECT_EQ(late.run_id(), run.run_id());
    EXPECT_EQ(late.result(), "a!");
    // Another request, and the first one once more.
    const auto second = env.start(link("e"), {.id = "x", .request_id = "r2"});
    EXPECT_NE(second.run_id(), run.run_id());
    EXPECT_EQ(env.start(link("f"), first).run_id(), run.run_id());
    EXPECT_EQ(env.start(link("f"), first).result(), "a!");
    EXPECT_EQ(env.client().list().size(), 2U);
    second.signal(word("?"));
    EXPECT_EQ(second.result(), "e?");
  });
}

TEST(RequestId, IsKnownThoughTheRunHasContinuedAsAnotherWorkflow) {
  in_every_weather([](Env& env) {
    env.implement(countdown, [](Context& ctx, int) -> int { ctx.continue_as_new(link("next")); });
    env.implement(link, [](Context& ctx, const std::string&) -> std::string {
      return ctx.inbox(word).next().get();
    });
    const StartOptions options{.id = "x", .request_id = "r"};
    const auto run = env.start(countdown(1), options);
    EXPECT_EQ(env.start(countdown(1), options).run_id(), run.run_id());
    EXPECT_THROW((void)env.start(link("a"), options), AlreadyStarted);
    EXPECT_EQ(env.client().list().size(), 2U);
  });
}

TEST(RequestId, TheChainIsKnownByIt) {
  in_every_weather([](Env& env) {
    env.implement(countdown, [](Context& ctx, int n) -> int {
      if (n > 0) ctx.continue_as_new(countdown(n - 1));
      if (ctx.info().attempt < 3) throw ApplicationFailure("Boom", "x");
      ctx.sleep(1h);
      return 7;
    });
    const StartOptions options{.id = "x", .retry = every_minute(), .request_id = "r"};
    const auto run = env.start(countdown(2), options);
    const auto again = env.start(countdown(2), options);
    EXPECT_EQ(again.run_id(), run.run_id());
    EXPECT_EQ(again.result(), 7);
    EXPECT_EQ(env.start(countdown(2), options).run_id(), run.run_id());
    EXPECT_EQ(env.client().list().size(), 5U);
  });
}

TEST(RequestId, AStartWithASignalIsOneRequest) {
  in_every_weather([](Env& env) {
    env.implement(link,
                  [](Context& ctx, const std::string&) -> std::string { return read_two(ctx); });
    const StartOptions options{.id = "x", .request_id = "r"};
    const auto run = env.client().signal_with_start(word("a"), link(""), options);
    const auto again = env.client().signal_with_start(word("a"), link(""), options);
    EXPECT_EQ(again.run_id(), run.run_id());
    run.signal(word("b"));
    EXPECT_EQ(run.result(), "ab");
  });
}

// ---- what is refused --------------------------------------------------------------------------

TEST(RunOptions, WrongOnesAreRefused) {
  Env env;
  env.implement(fails, fail_first);
  const auto refusal = [&](const StartOptions& options) -> std::string {
    try {
      (void)env.start(fails(0), options);
    } catch (const InvalidOption& refused) {
      return std::string(refused.what()).substr(0, 6);
    }
    return "accepted";
  };
  EXPECT_EQ(refusal({.execution_timeout = -1ms}), "RP3010");
  EXPECT_EQ(refusal({.start_delay = -1ms}), "RP3010");
  EXPECT_EQ(refusal({.execution_timeout = 1h, .start_delay = 1h}), "RP3010");
  EXPECT_EQ(refusal({.execution_timeout = 1h, .start_delay = 1h - 1ms}), "accepted");
  EXPECT_EQ(refusal({.retry = RetryPolicy{.initial_interval = -1ms}}), "RP3010");
  EXPECT_EQ(refusal({.retry = RetryPolicy{.backoff_coefficient = 0.9}}), "RP3010");
  EXPECT_EQ(refusal({.retry = RetryPolicy{.maximum_attempts = -1}}), "RP3010");
  EXPECT_EQ(refusal({.retry = RetryPolicy{.non_retryable = {std::string(16'384, 'x')}}}), "RP3010");
  EXPECT_EQ(refusal({.retry = RetryPolicy{.non_retryable = {std::string(16'000, 'x')}}}),
            "accepted");
  EXPECT_EQ(refusal({.request_id = "r"}), "RP3010") << "without an id";
  EXPECT_EQ(refusal({.id = "a", .request_id = std::string(1'001, 'r')}), "RP3003");
  EXPECT_EQ(refusal({.id = "b", .request_id = "\xff"}), "RP3003");
  EXPECT_EQ(refusal({.id = "c", .request_id = std::string(1'000, 'r')}), "accepted");
  EXPECT_EQ(refusal({.id = "d", .request_id = std::string("\0 \n\x7f", 4)}), "accepted");
}

// All byte values that a request may have, through a death of the process.
TEST(RequestId, AnyTextIsKept) {
  std::string odd("\0", 1);
  for (char c = 1; c != 127; ++c) odd += c;
  Env env({.crash = Crash::kEveryCommit});
  env.implement(fails, fail_first);
  const auto run = env.start(fails(0), {.id = "x", .request_id = odd});
  EXPECT_EQ(run.result(), "attempt 1");
  EXPECT_EQ(env.start(fails(0), {.id = "x", .request_id = odd}).run_id(), run.run_id());
  EXPECT_NE(env.start(fails(0), {.id = "x", .request_id = odd + "x"}).run_id(), run.run_id());
}

}  // namespace
}  // namespace reprise::start_options_test
