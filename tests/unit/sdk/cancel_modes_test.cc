// What a cancellation does to an activity, by its mode and by the moment when it comes.
#include <chrono>
#include <functional>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/env_modes.h"

namespace reprise::cancel_modes_test {
namespace {

using namespace std::chrono_literals;
using reprise::testing::Crash;
using reprise::testing::Env;
using reprise::testing::InEveryMode;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr Activity<std::string()> work{"work"};
constexpr Workflow<std::string()> job{"job"};
constexpr CancelMode kModes[] = {CancelMode::kWait, CancelMode::kTry, CancelMode::kAbandon};

std::string end_of(const std::function<std::string()>& call) {
  try {
    return call();
  } catch (const CancelledFailure& cancelled) {
    return std::string("cancelled: ") + cancelled.what();
  } catch (const ActivityFailure& failure) {
    return std::string("failed: ") + failure.cause()->what();
  }
}

// The workflow calls the activity, says how that ended, and takes an hour to clean up.
void implement_job(Env& env, CancelMode mode, ActivityOptions options = {}) {
  options.on_cancel = mode;
  env.implement(job, [options](Context& ctx) {
    const std::string end = end_of([&] { return ctx.call(work(), options); });
    const Shield shield(ctx);
    ctx.sleep(1h);
    return end;
  });
}

class CancelModes : public InEveryMode {
 protected:
  bool crashes() const { return GetParam().options.crash != Crash::kNever; }
};
INSTANTIATE_TEST_SUITE_P(Env,
                         CancelModes,
                         ::testing::ValuesIn(reprise::testing::all_modes()),
                         reprise::testing::name_of);

TEST_P(CancelModes, BeforeItsFirstAttemptNoneIsMade) {
  for (const CancelMode mode : {CancelMode::kWait, CancelMode::kTry}) {
    Env own(GetParam().options);
    own.implement(job, [mode](Context& ctx) {
      auto pending = ctx.start(work(), {.on_cancel = mode});
      pending.cancel();
      const std::string end = end_of([&] { return pending.get(); });
      ctx.sleep(1h);
      return end;
    });
    own.implement(work, [](ActivityContext&) { return std::string("done"); });
    EXPECT_EQ(own.start(job()).result(),
              mode == CancelMode::kWait
                  ? "cancelled: activity 'work' was cancelled before attempt 1"
                  : "cancelled: activity work was cancelled");
    EXPECT_EQ(own.calls(work), 0);
  }
}

TEST_P(CancelModes, OneThatIsAbandonedBeforeItsFirstAttemptIsDoneAllTheSame) {
  env.implement(job, [](Context& ctx) {
    auto pending = ctx.start(work(), {.on_cancel = CancelMode::kAbandon});
    pending.cancel();
    const std::string end = end_of([&] { return pending.get(); });
    ctx.sleep(1h);
    return end;
  });
  env.implement(work, [](ActivityContext&) { return std::string("done"); });
  EXPECT_EQ(env.start(job()).result(), "cancelled: activity work was cancelled");
  expect_calls(work, 1);
}

TEST_P(CancelModes, BetweenTwoAttemptsNoOtherOneIsMade) {
  for (const CancelMode mode : kModes) {
    Env own(GetParam().options);
    implement_job(
        own, mode,
        {.retry = {
             .initial_interval = 10min, .backoff_coefficient = 1, .maximum_interval = 10min}});
    own.implement(work, [](ActivityContext& ctx) -> std::string {
      throw ApplicationFailure("Busy", "attempt " + std::to_string(ctx.attempt()));
    });
    const auto run = own.start(job());
    const int before = own.calls(work);
    const Time cancelled_at = own.now();
    run.cancel("enough");
    EXPECT_THAT(run.result(), StartsWith("cancelled: "));
    if (!crashes()) {
      EXPECT_EQ(own.now(), cancelled_at + 1h) << "at once";
      EXPECT_EQ(own.calls(work), mode == CancelMode::kAbandon ? before + 6 : before);
    }
    const int in_all = own.calls(work);
    own.skip(24h);
    EXPECT_EQ(own.calls(work), in_all) << "the run has ended";
  }
}

// The attempt cancels its own run, so the request comes while it is under way.
TEST_P(CancelModes, AnAttemptUnderWayIsAskedAndItsOutcomeWaitedForByTheMode) {
  for (const CancelMode mode : kModes) {
    for (const std::string how : {"result", "failure", "cancelled"}) {
      SCOPED_TRACE(how + " " + std::to_string(static_cast<int>(mode)));
      Env own(GetParam().options);
      implement_job(own, mode);
      bool asked = false;
      own.implement(work, [&](ActivityContext& ctx) {
        own.client().handle("job-1").cancel("by itself");
        asked = asked || ctx.stop_token().stop_requested();
        if (how == "failure") throw ApplicationFailure("Busy", "no luck");
        if (how == "cancelled") throw CancelledFailure("stopped half way");
        return std::string("done");
      });
      const std::string end = own.start(job(), {.id = "job-1"}).result();
      EXPECT_EQ(asked, mode != CancelMode::kAbandon);
      const std::string outcome =
          how == "result" ? "done"
          : how == "failure"
              ? "failed: no luck"
              : "cancelled: activity 'work' was cancelled at attempt 1: stopped half way";
      if (mode != CancelMode::kWait) {
        EXPECT_THAT(end, StartsWith("cancelled"));
      } else if (crashes()) {
        EXPECT_THAT(end, AnyOf(outcome, HasSubstr("RP4003"), HasSubstr("was cancelled before")));
      } else {
        EXPECT_EQ(end, outcome);
        EXPECT_EQ(own.calls(work), 1);
      }
    }
  }
}

// ---- attempts that are left open --------------------------------------------------------------

struct Desk {
  explicit Desk(const testing::EnvOptions& options, CancelMode mode, ActivityOptions activity = {})
      : env(options) {
    implement_job(env, mode, activity);
    env.implement_async(work, [this](ActivityContext&, Completion<std::string> completion) {
      token = completion.token();
    });
  }
  // The run, when its attempt is open: one that a dying process has lost is made again.
  Handle<std::string> start() {
    auto run = env.start(job());
    env.skip(1min);
    return run;
  }
  std::string heartbeat() {
    try {
      env.client().heartbeat(token, 50);
      return "heard";
    } catch (const ActivityCancelled& cancelled) {
      return std::string(cancelled.code()) + " cancelled";
    } catch (const CompletionLate& late) {
      return std::string(late.code()) + " late";
    }
  }
  bool is_to_cancel(const RunHandle& run) {
    const auto activities = run.describe().activities;
    EXPECT_THAT(activities, SizeIs(1));
    return !activities.empty() && activities[0].cancel_requested;
  }

  std::string token;
  Env env;
};

TEST_P(CancelModes, AnOpenAttemptIsToldByItsHeartbeat) {
  for (const CancelMode mode : kModes) {
    Desk desk(GetParam().options, mode);
    const auto run = desk.start();
    EXPECT_EQ(desk.heartbeat(), "heard");
    EXPECT_FALSE(desk.is_to_cancel(run));
    run.cancel("enough");
    desk.env.skip(10min);
    EXPECT_EQ(desk.heartbeat(), mode == CancelMode::kWait  ? "RP3023 cancelled"
                                : mode == CancelMode::kTry ? "RP3021 late"
                                                           : "heard");
    if (mode == CancelMode::kTry) continue;
    EXPECT_EQ(desk.is_to_cancel(run), mode == CancelMode::kWait);
    desk.env.client().complete<std::string>(desk.token, "done after all");
    EXPECT_EQ(desk.heartbeat(), "RP3022 late");
    if (mode == CancelMode::kWait) {
      EXPECT_EQ(run.result(), "done after all");
    } else {
      EXPECT_THAT(run.result(), StartsWith("cancelled"));
    }
  }
}

TEST_P(CancelModes, AnOpenAttemptMayReportThatItWasCancelled) {
  Desk desk(GetParam().options, CancelMode::kWait);
  const auto run = desk.start();
  run.cancel("enough");
  desk.env.client().fail(desk.token, CancelledFailure("the desk knows"));
  EXPECT_THAT(run.result(), MatchesRegex("cancelled: activity 'work' was cancelled at attempt "
                                         "[1-9]: the desk knows"));
  EXPECT_EQ(desk.heartbeat(), "RP3022 late");
}

TEST_P(CancelModes, AFailureOfAnOpenAttemptIsNotRetriedAnyMore) {
  Desk desk(GetParam().options, CancelMode::kWait);
  const auto run = desk.start();
  run.cancel("enough");
  desk.env.client().fail(desk.token, ApplicationFailure("Busy", "no luck"));
  EXPECT_EQ(run.result(), "failed: no luck");
  if (!crashes()) {
    EXPECT_EQ(desk.env.calls(work), 1);
  }
}

// Limits go on while the code waits.
TEST_P(CancelModes, ALimitEndsAnAttemptThatDoesNotStop) {
  for (const auto& options :
       {ActivityOptions{.start_to_close = 30min}, ActivityOptions{.schedule_to_close = 30min},
        ActivityOptions{.heartbeat = 30min}}) {
    Desk desk(GetParam().options, CancelMode::kWait, options);
    const auto run = desk.start();
    run.cancel("enough");
    desk.env.skip(20min);
    EXPECT_TRUE(desk.is_to_cancel(run));
    EXPECT_THAT(run.result(), StartsWith("failed: "));
    if (!crashes()) {
      EXPECT_EQ(desk.env.calls(work), 1);
    }
  }
}

// ---- what surrounds it ------------------------------------------------------------------------

TEST_P(CancelModes, ARunThatEndsWithACancelledActivityIsCancelled) {
  env.implement(job,
                [](Context& ctx) { return ctx.call(work(), {.on_cancel = CancelMode::kWait}); });
  std::string token;
  env.implement_async(work, [&](ActivityContext&, Completion<std::string> completion) {
    token = completion.token();
  });
  const auto run = env.start(job());
  env.skip(1min);
  run.cancel("enough");
  EXPECT_EQ(run.describe().status, RunStatus::kRunning);
  env.client().fail(token, CancelledFailure("stopped"));
  EXPECT_EQ(run.describe().status, RunStatus::kCancelled);
}

TEST_P(CancelModes, AScopeWaitsForThoseThatSaySo) {
  env.implement(job, [](Context& ctx) {
    CancelScope scope(ctx);
    auto waits = ctx.start(work(), {.on_cancel = CancelMode::kWait});
    auto does_not = ctx.start(work(), {.on_cancel = CancelMode::kTry});
    scope.cancel();
    const std::string second = end_of([&] { return does_not.get(); });
    return end_of([&] { return waits.get(); }) + ", " + second.substr(0, 9);
  });
  std::vector<std::string> tokens;
  env.implement_async(work, [&](ActivityContext&, Completion<std::string> completion) {
    tokens.push_back(completion.token());
  });
  EXPECT_EQ(env.start(job()).result(),
            "cancelled: activity 'work' was cancelled before attempt 1, cancelled");
  EXPECT_THAT(tokens, SizeIs(0));
}

TEST_P(CancelModes, MapWaitsForTheOthersAsTheirModesSay) {
  constexpr Workflow<std::string()> mapping{"mapping"};
  constexpr Activity<int(int)> item{"item"};
  env.implement(mapping, [&](Context& ctx) {
    const std::vector<int> items{1, 2};
    try {
      ctx.map(items,
              [&](int each) { return ctx.call(item(each), {.on_cancel = CancelMode::kWait}); });
    } catch (const ActivityFailure& failure) {
      return std::string(failure.cause()->what()) + " at " +
             std::to_string((ctx.now() - Time()).count() % 86'400'000 / 60'000);
    }
    return std::string("no failure");
  });
  std::vector<std::string> tokens(3);
  env.implement_async(item, [&](ActivityContext&, Completion<int> completion, int each) {
    tokens[static_cast<std::size_t>(each)] = completion.token();
  });
  const auto run = env.start(mapping());
  env.skip(1min);
  env.client().fail(tokens[1], ApplicationFailure("Bad", "the first", false));
  env.skip(20min);
  EXPECT_EQ(run.describe().status, RunStatus::kRunning) << "the second one has not stopped";
  env.client().fail(tokens[2], CancelledFailure("stopped"));
  EXPECT_THAT(run.result(), HasSubstr("the first at 21"));
}

// The end of a run asks what is under way to stop, and leaves alone what the code would abandon.
TEST(CancelModesAtTheEnd, OnlyThatOfAbandonedOnesIsNotAsked) {
  for (const CancelMode mode : kModes) {
    Env env;
    env.implement(job, [mode](Context& ctx) {
      const auto pending = ctx.start(work(), {.on_cancel = mode});
      ctx.sleep(24h);
      return std::string("never");
    });
    bool asked = false;
    env.implement(work, [&](ActivityContext& ctx) {
      env.client().handle("job-1").terminate("enough");
      asked = ctx.stop_token().stop_requested();
      return std::string("done");
    });
    const auto run = env.start(job(), {.id = "job-1"});
    EXPECT_EQ(run.describe().status, RunStatus::kTerminated);
    EXPECT_EQ(asked, mode != CancelMode::kAbandon);
  }
}

}  // namespace
}  // namespace reprise::cancel_modes_test
