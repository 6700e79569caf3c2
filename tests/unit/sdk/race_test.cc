// Context::race(): the first to complete, and what becomes of the others.
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/sdk/one_workflow.h"

namespace reprise::race_test {
namespace {

using namespace std::chrono_literals;
using one_workflow::main_workflow;
using one_workflow::run;
using testing::Env;

constexpr Activity<int(int)> twice{"twice"};
constexpr Signal<int> go{"go"};

TEST(Race, CancelsTheLosers) {
  Env env;
  env.stub(twice, [](int) -> int { throw std::runtime_error("slow"); });
  const Time before = env.now();
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  auto activity = ctx.start(twice(1), {.retry = {.initial_interval = 48h}});
                  auto fast = ctx.timer(1s);
                  auto slow = ctx.timer(24h);
                  auto signal = ctx.inbox(go).next();
                  std::string seen = std::to_string(ctx.race(activity, slow, fast, signal));
                  const auto end = [&](auto& pending) {
                    try {
                      EXPECT_TRUE(pending.ready());
                      pending.get();
                      seen += " won";
                    } catch (const CancelledFailure&) {
                      seen += " cancelled";
                    }
                  };
                  end(activity), end(fast), end(slow), end(signal);
                  return seen;
                }),
            "2 cancelled won cancelled cancelled");
  EXPECT_EQ(env.now() - before, 1s);
}

TEST(Race, WaitsForTheCleanupOfSpawnedLosers) {
  Env env;
  const Time before = env.now();
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  std::string seen;
                  const auto work = [&](Duration duration) {
                    return [&, duration] {
                      try {
                        ctx.sleep(duration);
                      } catch (const CancelledFailure&) {
                        const Shield shield(ctx);
                        ctx.sleep(1min);
                        seen += "cleaned up ";
                        throw;
                      }
                      return 7;
                    };
                  };
                  std::vector<Pending<int>> racers;
                  for (const auto duration : {3h, 1h, 2h})
                    racers.push_back(ctx.spawn(work(duration)));
                  const std::size_t first = ctx.race(racers);
                  seen += std::to_string(first) + " " + std::to_string(racers[first].get());
                  EXPECT_THROW(racers[0].get(), CancelledFailure);
                  ctx.sleep(1h);  // the run itself is not cancelled
                  return seen;
                }),
            "cleaned up cleaned up 1 7");
  EXPECT_EQ(env.now() - before, 2h + 1min);
}

TEST(Race, KeepsALoserThatWasCompleteToo) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  auto late = ctx.spawn([&] { return ctx.sleep(2s), 2; });
                  auto early = ctx.spawn([&] { return ctx.sleep(1s), 1; });
                  ctx.sleep(3s);
                  const std::size_t first = ctx.race(late, early);
                  return std::to_string(first) + std::to_string(early.get()) +
                         std::to_string(late.get());
                }),
            "112");
}

TEST(Race, IsCancelledWithEverybodyInIt) {
  Env env;
  std::string seen;
  env.implement(main_workflow, [&seen](Context& ctx) -> std::string {
    seen.clear();
    auto work = ctx.spawn([&] {
      try {
        ctx.sleep(2h);
      } catch (const CancelledFailure&) {
        const Shield shield(ctx);
        ctx.sleep(1min);
        seen += "cleaned up";
        throw;
      }
    });
    auto timer = ctx.timer(3h);
    ctx.race(work, timer);
    return "ended";
  });
  const auto handle = env.start(main_workflow());
  handle.cancel("enough");
  EXPECT_THROW(handle.result(), CancelledFailure);
  EXPECT_EQ(seen, "cleaned up");
}

TEST(Race, OfNothingIsAMistake) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    std::vector<Pending<int>> none;
    return std::to_string(ctx.race(none));
  });
  EXPECT_THROW(env.start(main_workflow()).result(), ParkedError);
}

}  // namespace
}  // namespace reprise::race_test
