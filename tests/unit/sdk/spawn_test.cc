// Functions on strands of their own.
#include <memory>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "tests/unit/sdk/one_workflow.h"

namespace reprise::spawn_test {
namespace {

using namespace std::chrono_literals;
using one_workflow::main_workflow;
using one_workflow::run;
using testing::Env;

TEST(Spawn, ReturnsAnyTypeAtAll) {
  struct NoCodec {
    std::unique_ptr<int> value;
  };
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  auto pending = ctx.spawn([&ctx] {
                    ctx.sleep(1s);
                    return NoCodec{std::make_unique<int>(7)};
                  });
                  auto owned = std::make_unique<int>(3);
                  auto moved = ctx.spawn([owned = std::move(owned)] { return *owned; });
                  return std::to_string(*pending.get().value) + std::to_string(moved.get());
                }),
            "73");
}

TEST(Spawn, KeepsAFailureForGet) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) -> std::string {
                  auto pending = ctx.spawn([&ctx]() -> int {
                    ctx.sleep(1s);
                    throw ApplicationFailure("Late", "by a second");
                  });
                  ctx.sleep(1h);
                  try {
                    pending.get();
                  } catch (const ApplicationFailure& failure) {
                    return std::string(failure.type());
                  }
                  return "none";
                }),
            "Late");
}

TEST(Spawn, LetsABugParkTheRun) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    auto pending = ctx.spawn([] { throw std::logic_error("bug in the strand"); });
    ctx.sleep(1h);
    return std::string();
  });
  try {
    env.start(main_workflow()).result();
    FAIL();
  } catch (const ParkedError& error) {
    EXPECT_EQ(error.code(), "RP2002");
    EXPECT_NE(std::string(error.what()).find("bug in the strand"), std::string::npos);
  }
}

TEST(Spawn, StopsWhenItsPendingIsDropped) {
  struct Leaving {
    int& left;
    ~Leaving() { ++left; }
  };
  Env env({.replay = testing::Replay::kOff});
  int left = 0;
  EXPECT_EQ(run(env,
                [&](Context& ctx) {
                  bool finished = false;
                  {
                    auto pending = ctx.spawn([&] {
                      const Leaving leaving{left};
                      ctx.sleep(1h);
                      finished = true;
                    });
                    ctx.sleep(1s);
                  }
                  EXPECT_EQ(left, 1);
                  ctx.sleep(2h);
                  return std::string(finished ? "finished" : "stopped");
                }),
            "stopped");
}

TEST(Spawn, TakesPartInFirstOf) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  auto slow = ctx.spawn([&] { return ctx.sleep(2s), 1; });
                  auto timer = ctx.timer(1s);
                  const auto first = ctx.first_of(slow, timer);
                  return std::to_string(first) + std::to_string(slow.get());
                }),
            "11");
}

}  // namespace
}  // namespace reprise::spawn_test
