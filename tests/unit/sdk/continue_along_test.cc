// Continuing as a new run: what goes along to it, and what is given up.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sdk/chains.h"

namespace reprise::continue_along_test {
namespace {

using namespace std::chrono_literals;
using namespace chains;
using testing::Crash;
using ::testing::ElementsAre;
using testing::Env;
using testing::Replay;

// ---- what goes along --------------------------------------------------------------------------

std::string expected_numbers(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += std::to_string(i) + " ";
  return text;
}

TEST(ContinueAlong, UnreadSignalsGoAlongInOrder) {
  in_every_weather([](Env& env) {
    env.implement(link, one_each);
    const auto run = env.start(link(""), {.id = "x"});
    std::vector<SentSignal> sent;
    for (int i = 1; i <= 9; ++i) sent.push_back(run.submit_signal(number(i)));
    sent.push_back(run.submit_signal(number(0)));
    EXPECT_EQ(run.result(), expected_numbers(9));
    for (const SentSignal& each : sent) EXPECT_NO_THROW(each.delivered());
  });
}

TEST(ContinueAlong, SignalsThatCameWithoutAWorkerGoAlongInOrder) {
  Env env;
  const auto run = env.start(link(""), {.id = "x"});
  for (int i = 1; i <= 9; ++i) run.signal(number(i));
  run.signal(number(0));
  env.implement(link, one_each);
  EXPECT_EQ(run.result(), expected_numbers(9));
}

TEST(ContinueAlong, MoreThanOneTurnOfSignalsGoesAlong) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    env.implement(link, [](Context& ctx, const std::string& past) -> std::string {
      if (past.empty()) {
        ctx.inbox(go).next().get();
        ctx.continue_as_new(link("past"));
      }
      std::string all;
      auto inbox = ctx.inbox(number);
      for (int i = 0; i < 1'000; ++i) all += std::to_string(inbox.next().get()) + " ";
      return all;
    });
    const auto run = env.start(link(""));
    for (int i = 1; i <= 1'000; ++i) (void)run.submit_signal(number(i));
    run.signal(go());
    EXPECT_EQ(run.result(), expected_numbers(1'000));
    EXPECT_EQ(count_in(run, "\"kind\":\"SignalReceived\""), 1000) << "not the one that was read";
  }
}

// Wherever a signal waits: in the inbox, in a Pending, in one of another strand, in one that a
// class has, or for a handler that has not begun.
TEST(ContinueAlong, SignalsThatWereHandedOverAndNotReadGoAlong) {
  in_every_weather([](Env& env) {
    env.implement(link, [](Context& ctx, const std::string& past) -> std::string {
      auto inbox = ctx.inbox(number);
      if (!past.empty()) {
        std::string all;
        for (int i = 0; i < 5; ++i) all += std::to_string(inbox.next().get());
        return all;
      }
      ctx.sleep(1h);
      auto first = inbox.next();
      auto second = inbox.next();
      const auto strand = ctx.spawn([&ctx, &inbox] {
        auto third = inbox.next();
        ctx.sleep(24h);
        (void)third.get();
      });
      ctx.sleep(1min);
      EXPECT_TRUE(first.ready() && second.ready());
      ctx.continue_as_new(link("past"));
    });
    const auto run = env.start(link(""));
    for (int i = 1; i <= 5; ++i) run.signal(number(i));
    EXPECT_EQ(run.result(), "12345");
  });
}

class Handling {
 public:
  explicit Handling(Context& ctx) : ctx_(ctx) {}
  std::string run(const std::string& past) {
    if (past.empty()) {
      ctx_.inbox(go).next().get();
      ctx_.continue_as_new(link("past "));
    }
    ctx_.wait_until([this] { return seen_.size() >= 3; });
    return past + seen_;
  }
  void on_number(int n) {
    if (n == 2) return ctx_.sleep(10h);  // under way when the run ends
    seen_ += std::to_string(n);
  }
  int on_doubled(int n) {
    ctx_.sleep(1h);
    return 2 * n;
  }

 private:
  Context& ctx_;
  std::string seen_;
};

// A handler that is under way has its signal: it is given up with the run. One that came in the
// same turn, after the end, is handled by the next run.
TEST(ContinueAlong, SignalsWithoutAHandlerYetGoAlong) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    implement_class(env, link, &Handling::run).on(number, &Handling::on_number);
    const auto run = env.start(link(""));
    for (const int n : {1, 2}) (void)run.submit_signal(number(n));
    (void)run.submit_signal(go());
    for (const int n : {3, 4, 5}) (void)run.submit_signal(number(n));
    EXPECT_EQ(run.result(), "past 345");
  }
}

TEST(ContinueAlong, UpdatesWithoutAnAnswerGoAlong) {
  in_every_weather([](Env& env) {
    implement_class(env, link, &Handling::run)
        .on(number, &Handling::on_number)
        .on(doubled, &Handling::on_doubled);
    const auto run = env.start(link(""));
    const auto before = run.submit_update(doubled(1));
    run.signal(go());
    const auto after = run.submit_update(doubled(2));
    EXPECT_EQ(before.result(), 2);
    EXPECT_EQ(after.result(), 4);
    EXPECT_EQ(count_in(run, "\"kind\":\"UpdateReceived\""), 2) << "in the next run";
    for (const int n : {3, 4, 5}) run.signal(number(n));
    EXPECT_EQ(run.result(), "past 345");
  });
}

TEST(ContinueAlong, AnUpdateThatNoRunHandlesEndsWithTheChain) {
  Env env;
  implement_class(env, link, &Handling::run).on(doubled, &Handling::on_doubled);
  const auto run = env.start(link(""));
  const auto update = run.submit_update(doubled(1));
  run.signal(go());
  run.terminate("enough");
  EXPECT_THROW((void)update.result(), RunClosed);
}

// A cancellation that the code was shown is over with its run; one that it has not seen goes along.
TEST(ContinueAlong, ACancellationThatTheRunHasSeenDoesNotGoAlong) {
  Env env;
  env.implement(countdown, [](Context& ctx, int n) {
    try {
      ctx.sleep(100h);
    } catch (const CancelledFailure&) {
      if (n > 0) ctx.continue_as_new(countdown(n - 1));  // in a cancelled scope
      throw;
    }
    return ctx.cancelled() ? 1 : 0;
  });
  const auto run = env.start(countdown(1));
  run.cancel();
  EXPECT_EQ(run.result(), 0);
}

TEST(ContinueAlong, ACancellationThatTheRunHasNotSeenGoesAlong) {
  Env env;
  const auto run = env.start(countdown(1));  // nobody runs its code yet
  run.signal(go());
  run.cancel("at once");
  env.implement(countdown, [](Context& ctx, int n) {
    ctx.inbox(go).next().get();
    if (n > 0) ctx.continue_as_new(countdown(n - 1));
    return 1;
  });
  EXPECT_THROW(run.result(), CancelledFailure);
  EXPECT_EQ(run.describe().status, RunStatus::kCancelled);
  EXPECT_NE(run.describe().first_run_id, "");
}
// ---- what is given up -------------------------------------------------------------------------

TEST(ContinueAlong, ActivitiesAndTimersAreGivenUp) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    env.stub(twice, [](int n) { return 2 * n; });
    env.implement(countdown, [](Context& ctx, int n) {
      if (n == 0) return ctx.call(twice(21));
      const auto timer = ctx.timer(10h);
      const auto result = ctx.start(twice(n));
      ctx.continue_as_new(countdown(n - 1));
    });
    const auto run = env.start(countdown(3));
    const Time before = env.now();
    EXPECT_EQ(run.result(), 42);
    EXPECT_TRUE(crash != Crash::kNever || env.now() == before);
  }
}

TEST(ContinueAlong, DestructorsOfTheCallersFramesRun) {
  Env env({.replay = Replay::kOff});
  std::vector<std::string> seen;
  struct Guard {
    std::vector<std::string>& seen;
    const char* name;
    ~Guard() { seen.emplace_back(name); }
  };
  env.implement(countdown, [&seen](Context& ctx, int n) {
    if (n == 0) return 0;
    const Guard outer{seen, "outer"};
    const Shield shield(ctx);
    const CancelScope scope(ctx);
    try {
      const Guard inner{seen, "inner"};
      ctx.continue_as_new(countdown(n - 1));
    } catch (const std::exception&) {
      seen.emplace_back("caught");
    } catch (...) {
      seen.emplace_back("passes");
      throw;
    }
    return 1;
  });
  EXPECT_EQ(env.start(countdown(1)).result(), 0);
  EXPECT_THAT(seen, ElementsAre("inner", "passes", "outer"));
}
}  // namespace
}  // namespace reprise::continue_along_test
