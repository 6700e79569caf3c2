// Limits, retries and delays of runs, and starts that are made twice. First the code of
// docs/language/run_options.md; a test makes sure that it is that code.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/history.h"
#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/support/page_code.h"
#include "tests/unit/sdk/attempts.h"
#include "tests/unit/sdk/chains.h"

namespace run_options_page_test {

using namespace std::chrono_literals;

// ---- the page ---------------------------------------------------------------------------------

constexpr reprise::Workflow<std::string(std::string)> report{"report"};
constexpr reprise::Activity<std::string(std::string)> collect{"collect"};

reprise::Handle<std::string> start_report(const reprise::Client& client,
                                          const std::string& day,
                                          const std::string& request) {
  return client.start(report(day), {.id = "report-" + day,
                                    .run_timeout = 1h,         // each attempt
                                    .execution_timeout = 12h,  // all of them together
                                    .retry = reprise::RetryPolicy{.initial_interval = 1min,
                                                                  .maximum_attempts = 5,
                                                                  .non_retryable = {"NoSuchDay"}},
                                    .start_delay = 30min,
                                    .request_id = request});
}

std::string run_report(reprise::Context& ctx, const std::string& day) {
  if (ctx.info().attempt > 3) return "incomplete report of " + day;
  return ctx.call(collect(day));
}

}  // namespace run_options_page_test

namespace reprise::run_options_test {
namespace {

using namespace chains;
using namespace attempts;
using namespace run_options_page_test;
using testing::Crash;
using ::testing::ElementsAre;
using testing::Env;
using testing::Replay;

TEST(RunOptionsPage, HasTheCodeOfThisFile) {
  testing::expect_code_of("docs/language/run_options.md", "tests/unit/sdk/run_options_test.cc", 2);
}

TEST(RunOptionsPage, IsWhatHappens) {
  in_every_weather([](Env& env) {
    env.implement(report, run_report);
    env.implement(collect, [](ActivityContext&, const std::string&) -> std::string {
      throw ApplicationFailure("Broken", "no network", false);
    });
    const Time before = env.now();
    const auto run = start_report(env.client(), "monday", "r1");
    const auto same = start_report(env.client(), "monday", "r1");
    EXPECT_EQ(run.run_id(), same.run_id());
    EXPECT_EQ(run.result(), "incomplete report of monday");
    EXPECT_EQ(same.result(), "incomplete report of monday");
    EXPECT_GE(env.now() - before, 30min + 1min + 100s + 100s);
    EXPECT_EQ(env.client().list().size(), 4U);
    EXPECT_EQ(run.describe().attempt, 4);
  });
}

// ---- retries ----------------------------------------------------------------------------------

TEST(RunRetry, AnotherRunOfTheChainTriesAgain) {
  in_every_weather([](Env& env) {
    env.implement(fails, fail_first);
    const Time before = env.now();
    const auto run = env.start(fails(3), {.id = "x", .retry = RetryPolicy{}});
    const std::string first = run.run_id();
    EXPECT_EQ(run.result(), "attempt 4");
    EXPECT_EQ(env.now() - before, 7s) << "1, 2 and 4 seconds";
    EXPECT_EQ(run.run_id(), first);
    EXPECT_EQ(env.client().list({.status = RunStatus::kFailed}).size(), 3U);
    const RunDescription last = run.describe();
    EXPECT_EQ(last.first_run_id, first);
    EXPECT_EQ(last.attempt, 4);
    const RunDescription begin = env.client().describe("x", first);
    EXPECT_EQ(begin.status, RunStatus::kFailed);
    EXPECT_EQ(begin.attempt, 1);
    EXPECT_EQ(begin.continued_from, "");
    EXPECT_NE(begin.continued_to, "");
    const auto exact = env.client().attach(fails, "x", first);
    EXPECT_EQ(exact.result(), "attempt 4") << "a result is that of the chain";
  });
}

TEST(RunRetry, TheLastFailureIsTheResult) {
  in_every_weather([](Env& env) {
    env.implement(fails, fail_first);
    const auto run = env.start(fails(9), {.retry = every_minute(3)});
    try {
      (void)run.result();
      ADD_FAILURE() << "it fails";
    } catch (const ApplicationFailure& failure) {
      EXPECT_STREQ(failure.what(), "attempt 3");
    }
    EXPECT_EQ(run.describe().continued_to, "");
    EXPECT_EQ(env.client().list().size(), 3U);
  });
}

int attempts_of(const Failure& failure, const RetryPolicy& policy) {
  Env env;
  env.implement(fails, [&](Context&, int) -> std::string {
    if (const auto* application = dynamic_cast<const ApplicationFailure*>(&failure)) {
      throw ApplicationFailure(*application);
    }
    throw CancelledFailure("as if");
  });
  EXPECT_THROW(env.start(fails(0), {.retry = policy}).result(), Failure);
  return static_cast<int>(env.client().list().size());
}

TEST(RunRetry, SomeFailuresAreFinal) {
  RetryPolicy policy = every_minute(3);
  EXPECT_EQ(attempts_of(ApplicationFailure("Boom", "x"), policy), 3);
  EXPECT_EQ(attempts_of(ApplicationFailure("Boom", "x", false), policy), 1);
  EXPECT_EQ(attempts_of(CancelledFailure("x"), policy), 1);
  policy.non_retryable = {"Other", "Boom"};
  EXPECT_EQ(attempts_of(ApplicationFailure("Boom", "x"), policy), 1);
  EXPECT_EQ(attempts_of(ApplicationFailure("Boo", "x"), policy), 3);
}

TEST(RunRetry, TheTypeOfACauseIsFinalToo) {
  for (const bool listed : {true, false}) {
    Env env;
    env.implement(report, [](Context& ctx, const std::string& day) {
      return ctx.call(collect(day), {.retry = {.maximum_attempts = 1}});
    });
    env.implement(collect, [](ActivityContext&, const std::string&) -> std::string {
      throw ApplicationFailure("NoSuchDay", "x", false);
    });
    RetryPolicy policy = every_minute(3);
    if (listed) policy.non_retryable = {"NoSuchDay"};
    EXPECT_THROW(env.start(report("x"), {.retry = policy}).result(), ActivityFailure);
    EXPECT_EQ(env.client().list().size(), listed ? 1U : 3U);
  }
}

TEST(RunRetry, ABugIsNoAttempt) {
  Env env;
  env.implement(fails, [](Context&, int) -> std::string { throw std::runtime_error("a bug"); });
  const auto run = env.start(fails(0), {.retry = every_minute(3)});
  EXPECT_TRUE(run.describe().parked.has_value());
  env.implement(fails, fail_first);
  EXPECT_EQ(run.result(), "attempt 1");
}

TEST(RunRetry, ArgumentsAndSettingsAreThoseOfTheStart) {
  constexpr Value<int> progress{"progress"};
  in_every_weather([&](Env& env) {
    env.implement(link, [&](Context& ctx, const std::string& text) -> std::string {
      if (ctx.info().attempt == 3) return text + " on " + ctx.info().task_queue;
      ctx.set(progress(ctx.info().attempt));
      throw ApplicationFailure("Boom", "x");
    });
    const auto run = env.start(
        link("the input"),
        {.id = "x", .task_queue = "other", .retry = every_minute(), .settings = {progress(0)}});
    EXPECT_EQ(run.get(progress), 0) << "that of the next attempt";
    EXPECT_EQ(run.result(), "the input on other");
    EXPECT_EQ(run.get(progress), 0);
  });
}

TEST(RunRetry, AContinuedRunHasThePolicyAndBeginsWithAttemptOne) {
  in_every_weather([](Env& env) {
    std::vector<std::string> seen;
    env.implement(countdown, [&](Context& ctx, int n) -> int {
      if (n > 0) {
        if (ctx.info().attempt == 1) throw ApplicationFailure("Boom", "x");
        ctx.continue_as_new(countdown(n - 1));
      }
      return ctx.info().attempt;
    });
    const auto run = env.start(countdown(2), {.id = "x", .retry = every_minute(2)});
    EXPECT_EQ(run.result(), 1);
    EXPECT_EQ(env.client().list({.status = RunStatus::kFailed}).size(), 2U);
    EXPECT_EQ(env.client().list({.status = RunStatus::kContinuedAsNew}).size(), 2U);
    EXPECT_EQ(run.describe().first_run_id, run.run_id());
  });
}

TEST(RunRetry, UnreadSignalsAndUpdatesGoAlong) {
  in_every_weather([](Env& env) {
    env.implement(link, [](Context& ctx, const std::string&) -> std::string {
      const auto answers = ctx.accept(ask, [&](const std::string& text) {
        ctx.sleep(1h);
        return text + "!";
      });
      std::string read = ctx.inbox(word).next().get();
      if (ctx.info().attempt == 1) throw ApplicationFailure("Boom", read);
      while (read != "end") read = ctx.inbox(word).next().get();
      return "read to the end";
    });
    const auto run = env.start(link(""), {.id = "x", .retry = every_minute()});
    const auto update = run.submit_update(ask("well"));
    for (const char* each : {"taken", "second", "third"}) (void)run.submit_signal(word(each));
    run.signal(word("fourth"));
    EXPECT_EQ(count_in(env.client().handle("x"), "\"kind\":\"SignalReceived\""), 3);
    EXPECT_EQ(update.result(), "well!");
    run.signal(word("end"));
    EXPECT_EQ(run.result(), "read to the end");
  });
}

TEST(RunRetry, WhatTheFirstAttemptHasReadIsGone) {
  Env env;
  env.implement(link, [](Context& ctx, const std::string&) -> std::string {
    const std::string read = ctx.inbox(word).next().get();
    if (ctx.info().attempt == 1) throw ApplicationFailure("Boom", read);
    return read;
  });
  const auto run = env.start(link(""), {.id = "x", .retry = every_minute()});
  run.signal(word("one"));
  run.signal(word("two"));
  EXPECT_EQ(run.result(), "two");
}

// ---- retries and the ends that come from outside ------------------------------------------------

TEST(RunRetry, ACancelledRunIsNotRetried) {
  in_every_weather([](Env& env) {
    env.implement(fails, [](Context& ctx, int) -> std::string {
      try {
        ctx.sleep(1h);
      } catch (const CancelledFailure&) {
        throw ApplicationFailure("Boom", "while cleaning up");
      }
      return "slept";
    });
    const auto run = env.start(fails(0), {.retry = every_minute()});
    run.cancel();
    EXPECT_THROW(run.result(), ApplicationFailure);
    EXPECT_EQ(env.client().list().size(), 1U);
    const auto terminated = env.start(fails(0), {.retry = every_minute()});
    terminated.terminate("enough");
    EXPECT_THROW(terminated.result(), TerminatedFailure);
    EXPECT_EQ(env.client().list().size(), 2U);
  });
}

TEST(RunRetry, CancellingTheWaitForAnAttemptEndsIt) {
  in_every_weather([](Env& env) {
    env.implement(fails, fail_first);
    const auto run = env.start(fails(9), {.id = "x", .retry = every_minute()});
    EXPECT_EQ(run.describe().attempt, 2);
    EXPECT_TRUE(run.describe().delayed_until.has_value());
    run.cancel("no more");
    EXPECT_THROW(run.result(), CancelledFailure);
    EXPECT_EQ(run.describe().status, RunStatus::kCancelled);
    EXPECT_EQ(env.client().list().size(), 2U);
    EXPECT_EQ(count_in(env.client().handle("x"), "RunCalledOff"), 1);
  });
}

TEST(RunRetry, ALimitIsRetriedWithWhatIsUnread) {
  in_every_weather([](Env& env) {
    env.implement(link, [](Context& ctx, const std::string&) -> std::string {
      if (ctx.info().attempt == 1) ctx.sleep(100h);
      return read_two(ctx);
    });
    const auto run = env.start(link(""), {.id = "x", .run_timeout = 2h, .retry = every_minute()});
    run.signal(word("a"));
    run.signal(word("b"));
    const Time before = env.now();
    EXPECT_EQ(run.result(), "ab");
    EXPECT_EQ(env.now() - before, 2h + 1min);
    const RunDescription first = env.client().describe("x", run.run_id());
    EXPECT_EQ(first.status, RunStatus::kTimedOut);
    EXPECT_NE(first.continued_to, "");
  });
}

TEST(RunRetry, ALimitCanBeFinal) {
  Env env;
  env.implement(fails, [](Context& ctx, int) -> std::string {
    ctx.sleep(100h);
    return "";
  });
  RetryPolicy policy = every_minute();
  policy.non_retryable = {"run_timeout"};
  const auto run = env.start(fails(0), {.run_timeout = 2h, .retry = policy});
  EXPECT_THROW(run.result(), TimeoutFailure);
  EXPECT_EQ(env.client().list().size(), 1U);
}

TEST(RunRetry, ALimitWithoutCodeKeepsWhatHasCome) {
  Env env;
  env.implement(countdown, [](Context&, int n) { return n; });
  const auto run = env.start(link("in"), {.id = "x", .run_timeout = 1h, .retry = every_minute()});
  EXPECT_TRUE(run.describe().parked.has_value());
  run.signal(word("kept"));
  env.skip(90min);
  EXPECT_EQ(run.describe().attempt, 2);
  env.implement(link, [](Context& ctx, const std::string& input) -> std::string {
    return input + " " + ctx.inbox(word).next().get();
  });
  EXPECT_EQ(run.result(), "in kept");
}

// ---- limits -----------------------------------------------------------------------------------

TEST(ExecutionTimeout, IsThatOfTheWholeChain) {
  in_every_weather([](Env& env) {
    env.implement(link, [](Context& ctx, const std::string& past) -> std::string {
      ctx.sleep(1h);
      if (past.size() % 2 == 0) throw ApplicationFailure("Boom", "x");
      ctx.continue_as_new(link(past + "x"));
    });
    const Time before = env.now();
    const auto run =
        env.start(link("x"), {.execution_timeout = 5h + 30min, .retry = every_minute()});
    EXPECT_EQ(kind_of(run), TimeoutKind::kExecution);
    EXPECT_EQ(env.now() - before, 5h + 30min);
    EXPECT_EQ(run.describe().status, RunStatus::kTimedOut);
    EXPECT_EQ(run.describe().continued_to, "");
    EXPECT_GE(env.client().list().size(), 5U);
  });
}

TEST(ExecutionTimeout, TheEarlierLimitCounts) {
  Env env;
  env.implement(fails, [](Context& ctx, int) -> std::string {
    ctx.sleep(100h);
    return "";
  });
  EXPECT_EQ(kind_of(env.start(fails(0), {.run_timeout = 1h, .execution_timeout = 2h})),
            TimeoutKind::kRun);
  EXPECT_EQ(kind_of(env.start(fails(0), {.run_timeout = 2h, .execution_timeout = 1h})),
            TimeoutKind::kExecution);
  EXPECT_EQ(kind_of(env.start(fails(0), {.run_timeout = 1h, .execution_timeout = 1h})),
            TimeoutKind::kExecution);
}

TEST(ExecutionTimeout, NoAttemptBeginsAfterIt) {
  Env env;
  env.implement(fails, fail_first);
  const auto run = env.start(fails(9), {.execution_timeout = 150s, .retry = every_minute()});
  EXPECT_THROW(run.result(), ApplicationFailure);
  EXPECT_EQ(run.describe().attempt, 3) << "at 0, 60 and 120 seconds";
}

TEST(RunOptions, ExtremeTimesAreCutOff) {
  Env env;
  env.implement(fails, fail_first);
  EXPECT_EQ(env.start(fails(0), {.run_timeout = Duration::max(),
                                 .execution_timeout = Duration::max(),
                                 .retry = RetryPolicy{.initial_interval = Duration::max(),
                                                      .backoff_coefficient = 1e300,
                                                      .maximum_interval = Duration::max()}})
                .result(),
            "attempt 1");
  const auto never = env.start(fails(0), {.start_delay = Duration::max()});
  EXPECT_TRUE(never.describe().delayed_until.has_value());
  env.skip(1h);
  never.cancel();
  EXPECT_THROW(never.result(), CancelledFailure);
  const auto at_once = env.start(fails(3), {.retry = RetryPolicy{.initial_interval = 0ms}});
  EXPECT_EQ(at_once.result(), "attempt 4");
}

// ---- histories --------------------------------------------------------------------------------

TEST(RunOptions, EachHistoryReplaysAndIsExported) {
  Env env;
  env.implement(fails, fail_first);
  const auto run = env.start(fails(2), {.id = "x",
                                        .run_timeout = 1h,
                                        .execution_timeout = 9h,
                                        .retry = every_minute(5),
                                        .start_delay = 1h,
                                        .request_id = "r"});
  EXPECT_EQ(run.result(), "attempt 3");
  EXPECT_EQ(env.client().list().size(), 3U);
  for (const RunDescription& each : env.client().list()) {
    const History history = env.client().handle("x", each.run_id).history();
    EXPECT_EQ(History::parse(history.to_json()).to_bytes(), history.to_bytes());
    EXPECT_EQ(History::parse(history.to_bytes()).to_json(), history.to_json());
  }
}

}  // namespace
}  // namespace reprise::run_options_test
