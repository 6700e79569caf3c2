// Cancellation from outside and inside, scopes and shields.
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace reprise::cancellation_test {
namespace {

using namespace std::chrono_literals;
using testing::Env;

constexpr Workflow<std::string()> main_workflow{"main"};
constexpr Activity<int(int)> twice{"twice"};

TEST(Cancellation, EndsARunThatLetsItPass) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    ctx.sleep(24h);
    return "slept";
  });
  auto run = env.start(main_workflow());
  run.cancel("closing time");
  EXPECT_THROW(run.result(), CancelledFailure);
  EXPECT_EQ(run.describe().status, RunStatus::kCancelled);
}

TEST(Cancellation, LeavesTheRunToDecide) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    try {
      ctx.sleep(24h);
    } catch (const CancelledFailure&) {
      EXPECT_TRUE(ctx.cancelled());
      return "closed early";
    }
    return "slept";
  });
  auto run = env.start(main_workflow());
  run.cancel();
  EXPECT_EQ(run.result(), "closed early");
  EXPECT_EQ(run.describe().status, RunStatus::kCompleted);
}

TEST(Cancellation, LetsNothingNewStart) {
  Env env;
  env.stub(twice, [](int value) { return 2 * value; });
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    std::string thrown;
    const auto attempt = [&](const char* name, auto call) {
      try {
        call();
      } catch (const CancelledFailure&) {
        thrown += name;
      }
    };
    attempt("a", [&] { ctx.sleep(24h); });
    attempt("b", [&] { (void)ctx.call(twice(1)); });
    attempt("c", [&] { (void)ctx.start(twice(1)); });
    attempt("d", [&] { (void)ctx.step("s", [] { return 1; }); });
    attempt("e", [&] { (void)ctx.timer(1s); });
    attempt("f", [&] { (void)ctx.wait_until([] { return false; }, 1s); });
    attempt("g", [&] { ctx.wait_until([] { return false; }); });
    attempt("h", [&] { (void)ctx.spawn([] {}); });
    return thrown;
  });
  auto run = env.start(main_workflow());
  run.cancel();
  EXPECT_EQ(run.result(), "abcdefgh");
  EXPECT_EQ(env.calls(twice), 0);
}

TEST(Shield, LetsCleanupWait) {
  Env env;
  env.stub(twice, [](int value) { return 2 * value; });
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    try {
      ctx.sleep(24h);
    } catch (const CancelledFailure&) {
      {
        const Shield shield(ctx);
        EXPECT_FALSE(ctx.cancelled());
        EXPECT_EQ(ctx.call(twice(2)), 4);
        ctx.sleep(1h);
      }
      EXPECT_TRUE(ctx.cancelled());
      throw;
    }
    return "slept";
  });
  auto run = env.start(main_workflow());
  const auto before = env.now();
  run.cancel();
  EXPECT_THROW(run.result(), CancelledFailure);
  EXPECT_EQ(env.calls(twice), 1);
  EXPECT_EQ(env.now() - before, 1h);
}

TEST(CancelScope, CancelsWhatWasStartedInIt) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    auto outside = ctx.timer(2h);
    std::string result;
    {
      CancelScope scope(ctx);
      auto inside = ctx.timer(1h);
      auto canceller = ctx.spawn([&] { scope.cancel(); });
      try {
        inside.get();
      } catch (const CancelledFailure&) {
        result = "inside ";
      }
      EXPECT_TRUE(ctx.cancelled());
    }
    EXPECT_FALSE(ctx.cancelled());
    outside.get();
    return result + "outside";
  });
  EXPECT_EQ(env.start(main_workflow()).result(), "inside outside");
}

TEST(CancelScope, LimitsAGroupToATime) {
  Env env;
  const auto before = env.now();
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    try {
      CancelScope scope(ctx);
      auto deadline = ctx.spawn([&] {
        ctx.sleep(1h);
        scope.cancel();
      });
      ctx.sleep(24h);
    } catch (const CancelledFailure&) {
      return "in time";
    }
    return "late";
  });
  EXPECT_EQ(env.start(main_workflow()).result(), "in time");
  EXPECT_EQ(env.now() - before, 1h);
}

TEST(Cancellation, OfAScopeThatLeavesTheWorkflowFailsTheRun) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    CancelScope scope(ctx);
    scope.cancel();
    ctx.sleep(1s);
    return "slept";
  });
  auto run = env.start(main_workflow());
  EXPECT_THROW(run.result(), Failure);
  EXPECT_EQ(run.describe().status, RunStatus::kFailed);
}

TEST(PendingCancel, CompletesItAtOnce) {
  Env env;
  env.stub(twice, [](int value) { return 2 * value; });
  const auto before = env.now();
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    auto timer = ctx.timer(24h);
    timer.cancel();
    EXPECT_TRUE(timer.ready());
    timer.cancel();
    auto activity = ctx.start(twice(1));
    activity.cancel();
    std::string thrown;
    try {
      timer.get();
    } catch (const CancelledFailure&) {
      thrown += "timer ";
    }
    try {
      (void)activity.get();
    } catch (const CancelledFailure&) {
      thrown += "activity";
    }
    EXPECT_FALSE(ctx.cancelled());
    return thrown;
  });
  EXPECT_EQ(env.start(main_workflow()).result(), "timer activity");
  EXPECT_EQ(env.now(), before);
}

TEST(Cancellation, ReachesSpawnedStrands) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    auto child = ctx.spawn([&]() -> std::string {
      try {
        ctx.sleep(24h);
      } catch (const CancelledFailure&) {
        const Shield shield(ctx);
        ctx.sleep(1s);
        return "cleaned up";
      }
      return "slept";
    });
    const Shield shield(ctx);
    return child.get();
  });
  auto run = env.start(main_workflow());
  run.cancel();
  EXPECT_EQ(run.result(), "cleaned up");
}

TEST(Termination, AsksNobody) {
  Env env;
  bool cleaned_up = false;
  env.implement(main_workflow, [&](Context& ctx) -> std::string {
    try {
      ctx.sleep(24h);
    } catch (const Failure&) {
      cleaned_up = true;
    }
    return "slept";
  });
  auto run = env.start(main_workflow());
  run.terminate("fire");
  try {
    run.result();
    FAIL();
  } catch (const TerminatedFailure& failure) {
    EXPECT_STREQ(failure.what(), "the run was terminated: fire");
  }
  EXPECT_EQ(run.describe().status, RunStatus::kTerminated);
  EXPECT_FALSE(cleaned_up);
}

TEST(RunTimeout, EndsTheRun) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    ctx.sleep(24h);
    return "slept";
  });
  const auto before = env.now();
  auto run = env.start(main_workflow(), {.run_timeout = 1h});
  try {
    run.result();
    FAIL();
  } catch (const TimeoutFailure& failure) {
    EXPECT_EQ(failure.kind(), TimeoutKind::kRun);
  }
  EXPECT_EQ(env.now() - before, 1h);
  EXPECT_EQ(run.describe().status, RunStatus::kTimedOut);
}

}  // namespace
}  // namespace reprise::cancellation_test
