// Extreme values of every duration that a user may give: refused with the option and its value, or
// used as given. None is changed on the way.
#include <chrono>
#include <functional>
#include <limits>
#include <reprise/engine.h>
#include <reprise/testing/env.h>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace reprise {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using testing::Env;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Workflow<std::string(int)> extreme_workflow{"extreme"};
constexpr Activity<int(int)> fails_so_often{"fails_so_often"};  // its attempt
constexpr Signal<int> extreme_signal{"go"};

const std::vector<Duration> kExtremes = {Duration::min(), -1ms, 0ms, 1ms, Duration::max()};

struct DurationOption {
  std::string name;  // as a message says it
  std::function<std::string(Context&, Duration)> use;
};

// Attempts that fail are followed by others without a pause, unless an option says otherwise.
std::string call_with(Context& ctx, ActivityOptions options, int failures = 0) {
  if (options.retry == RetryPolicy{}) options.retry = {.initial_interval = 0ms};
  return std::to_string(ctx.call(fails_so_often(failures), options));
}
std::string step_with(Context& ctx, const StepOptions& options) {
  return ctx.step(
      "step", [] { return std::string("1"); }, options);
}

const std::vector<DurationOption>& duration_options() {
  static const auto& options = *new std::vector<DurationOption>{
      {"start_to_close",
       [](Context& c, Duration d) { return call_with(c, {.start_to_close = d}); }},
      {"schedule_to_start",
       [](Context& c, Duration d) { return call_with(c, {.schedule_to_start = d}); }},
      {"schedule_to_close",
       [](Context& c, Duration d) { return call_with(c, {.schedule_to_close = d}); }},
      {"heartbeat", [](Context& c, Duration d) { return call_with(c, {.heartbeat = d}); }},
      {"retry.initial_interval",
       [](Context& c, Duration d) { return call_with(c, {.retry = {.initial_interval = d}}); }},
      {"retry.maximum_interval",
       [](Context& c, Duration d) { return call_with(c, {.retry = {.maximum_interval = d}}); }},
      {"start_to_close",
       [](Context& c, Duration d) {
         return step_with(c, {.retry = {.initial_interval = 0ms}, .start_to_close = d});
       }},
      {"retry.initial_interval",
       [](Context& c, Duration d) { return step_with(c, {.retry = {.initial_interval = d}}); }},
      {"retry.maximum_interval",
       [](Context& c, Duration d) { return step_with(c, {.retry = {.maximum_interval = d}}); }},
  };
  return options;
}

std::string used(Context& ctx, const DurationOption& option, Duration value) {
  try {
    return option.use(ctx, value);
  } catch (const InvalidOption& error) {
    return error.what();
  }
}

int attempt_after_failures(ActivityContext& ctx, int failures) {
  ctx.heartbeat();
  if (ctx.attempt() <= failures) throw std::runtime_error("not yet");
  return ctx.attempt();
}

TEST(ExtremeTimes, OfActivitiesAndStepsAreRefusedOrKept) {
  for (const DurationOption& option : duration_options()) {
    for (const Duration value : kExtremes) {
      Env env;
      env.implement(fails_so_often, attempt_after_failures);
      env.implement(extreme_workflow, [&](Context& ctx, int) { return used(ctx, option, value); });
      const std::string result = env.start(extreme_workflow(0)).result();
      if (value < 0ms) {
        EXPECT_THAT(result, AllOf(StartsWith("RP3010"), HasSubstr(option.name),
                                  HasSubstr(std::to_string(value.count()))));
      } else {
        EXPECT_EQ(result, "1") << option.name << " " << value.count();
      }
    }
  }
}

// Where time limits are watched by a thread.
TEST(ExtremeTimes, AreKeptByAnEngine) {
  const testing::TemporaryDirectory directory;
  const auto engine = Engine::open(directory / "store", {.logger = [](LogLevel, auto) {}});
  Worker worker(*engine);
  worker.implement(fails_so_often, attempt_after_failures);
  worker.implement(extreme_workflow, [](Context& ctx, int which) {
    return used(ctx, duration_options()[static_cast<std::size_t>(which)], Duration::max());
  });
  worker.start();
  const Client client(*engine);
  for (std::size_t i = 0; i < duration_options().size(); ++i) {
    EXPECT_EQ(client.start(extreme_workflow(static_cast<int>(i))).result(), "1")
        << duration_options()[i].name;
  }
}

TEST(ExtremeTimes, ARetryThatNeverComesIsWaitedFor) {
  Env env;
  env.implement(fails_so_often, attempt_after_failures);
  env.implement(extreme_workflow, [&](Context& ctx, int) {
    return call_with(
        ctx, {.retry = {.initial_interval = Duration::max(), .maximum_interval = Duration::max()}},
        1);
  });
  const auto run = env.start(extreme_workflow(0));
  EXPECT_EQ(run.result_for(1'000'000h), std::nullopt);
  EXPECT_EQ(env.calls(fails_so_often), 1);
  const auto activities = run.describe().activities;
  ASSERT_EQ(activities.size(), 1U);
  EXPECT_EQ(activities[0].next_attempt, Time::max());
}

// Each wait is twice the one before, until one is the last.
TEST(ExtremeTimes, ABackOffGrowsToTheEndOfTime) {
  Env env;
  env.implement(fails_so_often, attempt_after_failures);
  env.implement(extreme_workflow, [&](Context& ctx, int) {
    return call_with(ctx, {.retry = {.initial_interval = 1ms, .maximum_interval = Duration::max()}},
                     1'000);
  });
  const auto run = env.start(extreme_workflow(0));
  EXPECT_EQ(run.result_for(std::chrono::hours(24 * 365'000)), std::nullopt);
  EXPECT_EQ(env.calls(fails_so_often), 45) << "2^45 ms are more than 365,000 days";
}

TEST(ExtremeTimes, OfARunAreRefusedOrKept) {
  Env env;
  env.implement(extreme_workflow, [](Context& ctx, int) -> std::string {
    ctx.sleep(24h);
    return "slept";
  });
  EXPECT_THROW(env.start(extreme_workflow(0), {.run_timeout = -1ms}), InvalidOption);
  EXPECT_THROW(env.start(extreme_workflow(0), {.run_timeout = Duration::min()}), InvalidOption);
  EXPECT_EQ(env.start(extreme_workflow(0), {.run_timeout = 0ms}).result(), "slept");
  EXPECT_THROW(env.start(extreme_workflow(0), {.run_timeout = 1ms}).result(), TimeoutFailure);
  EXPECT_EQ(env.start(extreme_workflow(0), {.run_timeout = Duration::max()}).result(), "slept");
}

TEST(ExtremeTimes, OfTimersAreKept) {
  Env env;
  env.implement(extreme_workflow, [](Context& ctx, int which) -> std::string {
    if (which == 0) {
      ctx.sleep(0ms);
      return "slept";
    }
    if (which == 1) {
      auto never = ctx.timer(Duration::max());
      return ctx.wait_until([&] { return never.ready(); }, 8'760'000h - 1h) ? "fired" : "waits";
    }
    return ctx.wait_until([] { return false; }, Duration::max()) ? "true" : "false";
  });
  EXPECT_EQ(env.start(extreme_workflow(0)).result(), "slept");
  EXPECT_EQ(env.start(extreme_workflow(1)).result(), "waits");
  EXPECT_EQ(env.start(extreme_workflow(2)).result_for(8'000'000h), std::nullopt);
}

TEST(ExtremeTimes, OfWaitingForATestsRun) {
  Env env;
  env.implement(extreme_workflow, [](Context& ctx, int) -> std::string {
    ctx.inbox(extreme_signal).next().get();
    return "told";
  });
  const auto run = env.start(extreme_workflow(0));
  EXPECT_THROW((void)run.result_for(Duration::min()), InvalidOption);
  EXPECT_EQ(run.result_for(0ms), std::nullopt);
  EXPECT_THROW(env.skip(Duration::min()), InvalidOption);
  EXPECT_THROW(env.skip(-1ms), InvalidOption);
  env.skip(0ms);
  env.skip(1ms);
  EXPECT_EQ(run.result_for(Duration::max()), std::nullopt);
  EXPECT_EQ(env.now(), Time::max());
  env.skip(Duration::max());
  EXPECT_EQ(env.now(), Time::max());
  run.signal(extreme_signal(1));
  EXPECT_EQ(run.result_for(Duration::max()), "told");
}

TEST(ExtremeTimes, OfWaitingForARunOfAnEngine) {
  const testing::TemporaryDirectory directory;
  const auto engine = Engine::open(directory / "store", {.logger = [](LogLevel, auto) {}});
  Worker worker(*engine);
  worker.implement(extreme_workflow, [](Context& ctx, int wait) -> std::string {
    if (wait != 0) ctx.inbox(extreme_signal).next().get();
    return "ended";
  });
  worker.start();
  const Client client(*engine);
  const auto waits = client.start(extreme_workflow(1), {.id = "waits"});
  std::jthread later([&] {
    std::this_thread::sleep_for(20ms);
    waits.signal(extreme_signal(1));
  });
  EXPECT_EQ(waits.result_for(Duration::max()), "ended");
  EXPECT_THROW((void)waits.result_for(Duration::min()), InvalidOption);
  // A timeout of zero is enough to learn that a run has ended: a handle of another process knows
  // nothing yet.
  client.start(extreme_workflow(0), {.id = "ended"}).result();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(client.attach(extreme_workflow, "ended").result_for(0ms), "ended");
  }
  client.start(extreme_workflow(1), {.id = "open"});
  EXPECT_EQ(client.attach(extreme_workflow, "open").result_for(0ms), std::nullopt);
}

}  // namespace
}  // namespace reprise
