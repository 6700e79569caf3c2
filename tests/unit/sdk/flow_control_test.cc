// Limits, breakers, priority and fairness, with a test's own clock. First the code of
// docs/flow_control.md; a test makes sure that it is that code.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/support/page_code.h"
#include "tests/support/temporary_directory.h"

namespace flow_control_page_test {

using namespace std::chrono_literals;

// ---- the page ---------------------------------------------------------------------------------

constexpr reprise::Activity<std::string(std::string)> charge{"charge"};
constexpr reprise::Workflow<std::string(std::string)> checkout{"checkout"};

void set_limits(reprise::Worker& worker) {
  worker.limit(charge, {.in_flight = 8,
                        .per_second = 50,
                        .breaker = {.failures = 5, .window = 30s, .open_for = 60s}});
}

std::string charge_card(reprise::ActivityContext&, const std::string& order) {
  if (order == "declined") throw reprise::ApplicationFailure("Declined", "no money", false);
  return "receipt of " + order;
}

reprise::Handle<std::string> start_checkout(const reprise::Client& client,
                                            const std::string& tenant,
                                            const std::string& order) {
  return client.start(checkout(order), {.id = tenant + "/" + order,
                                        .fairness_key = tenant,
                                        .fairness_weight = tenant == "acme" ? 4.0 : 1.0});
}

std::string run_checkout(reprise::Context& ctx, const std::string& order) {
  return ctx.call(charge(order), {.priority = 1});  // before everything else of all tenants
}

void print_open_breakers(const reprise::Client& client) {
  for (const reprise::LimitState& state : client.limits()) {
    if (state.breaker != reprise::BreakerState::kOpen) continue;
    std::printf("%s: %s; the last failure: %s\n", state.task_queue.c_str(), state.held_back.c_str(),
                state.last_failure.c_str());
  }
}

}  // namespace flow_control_page_test

namespace reprise::flow_control_test {
namespace {

using namespace std::chrono_literals;
using namespace flow_control_page_test;
using testing::Crash;
using ::testing::ElementsAre;
using testing::Env;
using ::testing::HasSubstr;

TEST(FlowControlPage, HasTheCodeOfThisFile) {
  testing::expect_code_of("docs/flow_control.md", "tests/unit/sdk/flow_control_test.cc", 3);
}

TEST(FlowControlPage, IsWhatHappens) {
  const testing::TemporaryDirectory directory;
  auto engine = Engine::open(directory / "store", {.logger = [](LogLevel, std::string_view) {}});
  Worker worker(*engine);
  worker.implement(charge, charge_card).implement(checkout, run_checkout);
  set_limits(worker);
  worker.start();
  Client client(*engine);
  EXPECT_EQ(start_checkout(client, "acme", "1").result(), "receipt of 1");
  EXPECT_THROW((void)start_checkout(client, "other", "declined").result(), ActivityFailure);
  const auto limits = client.limits();
  ASSERT_EQ(limits.size(), 1u);
  EXPECT_EQ(limits[0].activity, "charge");
  EXPECT_EQ(limits[0].task_queue, "default");
  EXPECT_EQ(limits[0].limits.in_flight, 8u);
  EXPECT_EQ(limits[0].limits.breaker.open_for, 60s);
  EXPECT_EQ(limits[0].breaker, BreakerState::kClosed);
  EXPECT_EQ(limits[0].failures, 0u) << "declined: the service has answered";
  print_open_breakers(client);
}

// ---- limits -----------------------------------------------------------------------------------

constexpr Activity<int(int)> work{"work"};
constexpr Workflow<int(int)> many{"many"};

int all_at_once(Context& ctx, int count) {
  std::vector<Pending<int>> pending;
  for (int i = 0; i < count; ++i) pending.push_back(ctx.start(work(i)));
  int sum = 0;
  for (auto& each : pending) sum += each.get();
  return sum;
}

TEST(ActivityLimits, PerSecondSpreadsThemOverTheClock) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Env env({.crash = crash});
    std::vector<Time> begun;
    env.implement(many, all_at_once);
    env.implement(work, [&](ActivityContext&, int i) {
      begun.push_back(env.now());
      return i;
    });
    env.limit(work, {.per_second = 5});
    const Time before = env.now();
    EXPECT_EQ(env.start(many(10)).result(), 45);
    if (crash == Crash::kEveryCommit) continue;  // each engine begins anew
    ASSERT_EQ(begun.size(), 10u);
    for (std::size_t i = 0; i < begun.size(); ++i) {
      EXPECT_EQ(begun[i] - before, Duration(200 * static_cast<int>(i)));
    }
  }
}

constexpr Workflow<std::string(int)> calls{"calls"};
constexpr Activity<std::string(int)> flaky{"flaky"};

struct Failing {
  int failures = 0;
  std::vector<std::pair<int, Duration>> attempts{};  // number, and when
};

void add_flaky(Env& env, Failing& state) {
  const Time began = env.now();
  env.implement(calls, [](Context& ctx, int i) {
    return ctx.call(flaky(i), {.retry = {.initial_interval = 1s, .backoff_coefficient = 1}});
  });
  env.implement(flaky, [&env, &state, began](ActivityContext& ctx, int) -> std::string {
    state.attempts.emplace_back(ctx.attempt(), env.now() - began);
    if (state.failures-- > 0) throw std::runtime_error("no route");
    return "done at attempt " + std::to_string(ctx.attempt());
  });
}

TEST(CircuitBreakerInEnv, AttemptsThatItHoldsBackAreNotCounted) {
  Env env;
  Failing state{.failures = 4};
  add_flaky(env, state);
  env.limit(flaky, {.breaker = {.failures = 3, .window = 30s, .open_for = 60s}});
  const auto run = env.start(calls(1), {.id = "r"});
  env.skip(20s);
  const RunDescription held = run.describe();
  ASSERT_EQ(held.activities.size(), 1u);
  EXPECT_EQ(held.activities[0].attempt, 4);
  EXPECT_FALSE(held.activities[0].under_way);
  EXPECT_EQ(held.activities[0].held_back, "the breaker of flaky is open for another 42 s");
  const LimitState open = env.client().limits().at(0);
  EXPECT_EQ(open.breaker, BreakerState::kOpen);
  EXPECT_EQ(open.waiting, 1u);
  EXPECT_EQ(open.held_back, "the breaker of flaky is open for another 42 s");
  EXPECT_EQ(open.open_for_another, 42s);
  ASSERT_TRUE(open.opened.has_value());
  EXPECT_EQ(env.now() - *open.opened, 18s);
  EXPECT_EQ(open.last_failure, "no route");
  EXPECT_EQ(run.result(), "done at attempt 5");
  EXPECT_THAT(state.attempts,
              ElementsAre(std::pair(1, 0ms), std::pair(2, 1'000ms), std::pair(3, 2'000ms),
                          std::pair(4, 62'000ms), std::pair(5, 122'000ms)))
      << "the fourth was the one that found out";
  EXPECT_EQ(env.client().limits().at(0).breaker, BreakerState::kClosed);
  EXPECT_EQ(env.client().limits().at(0).times_opened, 1u);
  EXPECT_FALSE(env.client().limits().at(0).opened);
}

TEST(CircuitBreakerInEnv, OfManyAttemptsOneFindsOut) {
  Env env;
  Failing state{.failures = 2};
  add_flaky(env, state);
  env.limit(flaky, {.breaker = {.failures = 1, .open_for = 10s}});
  std::vector<Handle<std::string>> runs;
  for (int i = 0; i < 20; ++i) runs.push_back(env.start(calls(i)));
  EXPECT_EQ(state.attempts.size(), 1u);
  env.skip(9s);
  EXPECT_EQ(state.attempts.size(), 1u);
  env.skip(1s);
  EXPECT_EQ(state.attempts.size(), 2u) << "half-open: exactly one";
  for (const auto& run : runs) EXPECT_THAT(run.result(), HasSubstr("done at attempt"));
  EXPECT_EQ(state.attempts.size(), 22u) << "none was lost";
}

TEST(CircuitBreakerInEnv, NothingIsLostWhenTheProcessDies) {
  Env env({.crash = Crash::kEveryCommit});
  Failing state{.failures = 3};
  add_flaky(env, state);
  env.limit(flaky, {.in_flight = 1, .breaker = {.failures = 1, .open_for = 10s}});
  std::vector<Handle<std::string>> runs;
  for (int i = 0; i < 4; ++i) runs.push_back(env.start(calls(i)));
  for (const auto& run : runs) EXPECT_THAT(run.result(), HasSubstr("done at attempt"));
}

TEST(CircuitBreakerInEnv, OtherCodeIsANewWorkerWhoseBreakersAreClosed) {
  Env env;
  Failing state{.failures = 1};
  add_flaky(env, state);
  env.limit(flaky, {.breaker = {.failures = 1, .open_for = 24h}});
  const auto run = env.start(calls(1));
  env.skip(1h);
  EXPECT_EQ(state.attempts.size(), 1u);
  env.limit(flaky, {.breaker = {.failures = 2}});
  EXPECT_EQ(run.result(), "done at attempt 2");
}

// ---- what else ends an attempt that is held back ---------------------------------------------

// The activity's options; its one attempt is held back behind that of another run.
class HeldBack : public ::testing::Test {
 protected:
  void hold_back(const ActivityOptions& options) {
    options_ = options;
    env_.implement(calls, [this](Context& ctx, int i) -> std::string {
      try {
        return ctx.call(flaky(i), i == 0 ? ActivityOptions{} : options_);
      } catch (const ActivityFailure& failure) {
        return failure.cause() == nullptr ? failure.what() : failure.cause()->what();
      } catch (const CancelledFailure& failure) {
        return failure.what();
      }
    });
    env_.implement(flaky, [this](ActivityContext&, int) -> std::string {
      ++calls_;
      if (calls_ == 1) throw std::runtime_error("no route");
      return "done";
    });
    env_.limit(flaky, {.breaker = {.failures = 1, .open_for = 1h}});
    (void)env_.start(calls(0));
    held_ = env_.start(calls(1), {.id = "held"});
    EXPECT_THAT(held_->describe().activities.at(0).held_back, HasSubstr("is open"));
  }

  Env env_;
  ActivityOptions options_;
  int calls_ = 0;
  std::optional<Handle<std::string>> held_;
};

TEST_F(HeldBack, ScheduleToStartGoesOn) {
  hold_back({.schedule_to_start = 10s});
  const Time before = env_.now();
  EXPECT_THAT(held_->result(), HasSubstr("no worker began it in time"));
  EXPECT_EQ(env_.now() - before, 10s);
  EXPECT_EQ(calls_, 1);
}

TEST_F(HeldBack, ScheduleToCloseGoesOn) {
  hold_back({.schedule_to_close = 20s});
  const Time before = env_.now();
  EXPECT_THAT(held_->result(), HasSubstr("did not end in time"));
  EXPECT_EQ(env_.now() - before, 20s);
  EXPECT_EQ(calls_, 1);
}

TEST_F(HeldBack, ItCanBeCancelled) {
  hold_back({.on_cancel = CancelMode::kTry});
  const Time before = env_.now();
  held_->cancel("no longer wanted");
  EXPECT_THAT(held_->result(), HasSubstr("cancel"));
  EXPECT_EQ(env_.now(), before);
  EXPECT_EQ(calls_, 1);
}

TEST_F(HeldBack, ItsCancellationCanBeWaitedFor) {
  hold_back({.on_cancel = CancelMode::kWait});
  const Time before = env_.now();
  held_->cancel("no longer wanted");
  EXPECT_EQ(held_->result(), "activity 'flaky' was cancelled before attempt 1");
  EXPECT_EQ(env_.now(), before);
  EXPECT_EQ(calls_, 1);
}

TEST_F(HeldBack, ItsRunCanBeTerminated) {
  hold_back({});
  held_->terminate("enough");
  EXPECT_THROW((void)held_->result(), Failure);
  EXPECT_EQ(calls_, 1);
}

TEST(LimitedEngine, EndsWhileAttemptsAreHeldBackAndTheNextOneBeginsWithClosedBreakers) {
  const testing::TemporaryDirectory directory;
  const EngineOptions quiet{.logger = [](LogLevel, std::string_view) {}};
  std::atomic<bool> fails{true};
  const auto implement = [&](Worker& worker) {
    worker.implement(calls, [](Context& ctx, int i) {
      return ctx.call(flaky(i), {.retry = {.initial_interval = 1ms}});
    });
    worker.implement(flaky, [&](ActivityContext& ctx, int) -> std::string {
      if (fails) throw std::runtime_error("no route");
      return std::to_string(ctx.attempt());
    });
    worker.limit(flaky, {.breaker = {.failures = 1, .open_for = 24h}});
    worker.start();
  };
  {
    auto engine = Engine::open(directory / "store", quiet);
    Worker worker(*engine);
    implement(worker);
    Client client(*engine);
    for (int i = 0; i < 3; ++i) (void)client.start(calls(i), {.id = std::to_string(i)});
    while (client.limits().at(0).waiting < 2) std::this_thread::yield();
    EXPECT_EQ(client.limits().at(0).breaker, BreakerState::kOpen);
  }
  fails = false;
  auto engine = Engine::open(directory / "store", quiet);
  Worker worker(*engine);
  implement(worker);
  std::map<std::string, int> attempts;
  for (int i = 0; i < 3; ++i) {
    ++attempts[Client(*engine).attach(calls, std::to_string(i)).result()];
  }
  EXPECT_THAT(attempts, ElementsAre(std::pair("1", 2), std::pair("2", 1)))
      << "those that were held back have not been counted";
}

// ---- what is refused --------------------------------------------------------------------------

std::string refusal(const ActivityLimits& limits) {
  Worker worker;
  try {
    worker.limit(work, limits);
  } catch (const InvalidOption& error) {
    EXPECT_EQ(error.code(), "RP3041");
    return error.what();
  }
  return "taken";
}

TEST(ActivityLimits, NumbersThatAreNoneAreRefused) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(refusal({}), "taken");
  EXPECT_EQ(refusal({.in_flight = 1'000'000,
                     .per_second = 1'000'000,
                     .breaker = {.failures = 10'000, .window = 1ms, .open_for = 24h * 366}}),
            "taken");
  EXPECT_EQ(refusal({.per_second = 0.000001}), "taken");
  EXPECT_THAT(refusal({.in_flight = 1'000'001}),
              HasSubstr("ActivityLimits::in_flight of activity 'work' is 1000001; it must be 1 to "
                        "1000000, or 0: no limit"));
  EXPECT_THAT(refusal({.in_flight = static_cast<std::size_t>(-1)}), HasSubstr("in_flight"));
  for (const double rate :
       {-1.0, -0.0001, 0.0000009, 1e-300, 1'000'000.1, 1e300, kNaN, kInfinity, -kInfinity}) {
    EXPECT_THAT(refusal({.per_second = rate}), HasSubstr("per_second of activity 'work' is"));
  }
  for (const int failures :
       {-1, 10'001, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()}) {
    EXPECT_THAT(refusal({.breaker = {.failures = failures}}), HasSubstr("breaker.failures"));
  }
  for (const Duration time :
       {Duration(0), Duration(-1), Duration::min(), Duration::max(), Duration(24h * 366 + 1ms)}) {
    EXPECT_THAT(refusal({.breaker = {.failures = 1, .window = time}}), HasSubstr("breaker.window"));
    EXPECT_THAT(refusal({.breaker = {.failures = 1, .open_for = time}}),
                HasSubstr("breaker.open_for"));
  }
}

TEST(ActivityLimits, AreGivenOnceAndForCodeThatIsThere) {
  const testing::TemporaryDirectory directory;
  auto engine = Engine::open(directory / "store", {.logger = [](LogLevel, std::string_view) {}});
  Worker worker(*engine);
  worker.limit(work, {.in_flight = 1});
  EXPECT_THROW(worker.limit(work, {.in_flight = 2}), UsageError);
  try {
    worker.start();
    ADD_FAILURE() << "it has no such activity";
  } catch (const InvalidOption& error) {
    EXPECT_EQ(error.code(), "RP3041");
    EXPECT_THAT(error.what(), HasSubstr("'work'"));
  }
  worker.implement(work, [](ActivityContext&, int i) { return i; });
  worker.start();
  EXPECT_THROW(worker.limit(flaky, {}), UsageError) << "it has been started";
}

}  // namespace
}  // namespace reprise::flow_control_test
