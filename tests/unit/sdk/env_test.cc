#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

// As a user's: stacks leave out what is in our own namespace.
namespace env_test_code {
[[gnu::noinline]] static int deep(int depth) {
  volatile char frame[512];
  frame[0] = static_cast<char>(depth);
  return depth == 0 ? frame[0] : deep(depth - 1) + frame[0];
}
}  // namespace env_test_code

namespace reprise::testing::env_test {
namespace {

using namespace std::chrono_literals;

constexpr Workflow<std::string()> main_workflow{"main"};
constexpr Activity<int(int)> twice{"twice"};
constexpr Signal<int> number{"number"};

TEST(Env, BeginsAtAFixedTime) {
  const Env env;
  EXPECT_EQ(env.now(), Time(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)));
}

// As in production.
TEST(EnvDeathTest, SaysWhoseCodeEndsTheProcess) {
  const auto overflow = [] {
    Env env;
    env.implement(main_workflow, [](Context& ctx) {
      ctx.sleep(1h);
      return std::to_string(env_test_code::deep(1'000'000));
    });
    (void)env.start(main_workflow(), {.id = "deep"}).result();
  };
  EXPECT_DEATH(overflow(), "stack overflow of the code of run 'deep', workflow 'main'");
}

TEST(Env, MovesTimeOnlyWhereItSaysSo) {
  Env env;
  std::vector<Duration> woke;
  env.implement(main_workflow, [&](Context& ctx) {
    const Time start = ctx.now();
    for (const auto wait : {1h, 1h, 1h}) {
      ctx.sleep(wait);
      if (!ctx.replaying()) woke.push_back(ctx.now() - start);
    }
    return std::string("done");
  });
  const auto before = env.now();
  auto run = env.start(main_workflow());
  EXPECT_EQ(env.now(), before);
  env.skip(150min);
  EXPECT_EQ(env.now(), before + 150min);
  EXPECT_EQ(woke, (std::vector<Duration>{1h, 2h}));
  EXPECT_EQ(run.result(), "done");
  EXPECT_EQ(env.now(), before + 3h);
  EXPECT_THROW(env.skip(-1ms), InvalidOption);
}

TEST(Env, SaysWhenNothingCanWakeARun) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    ctx.inbox(number).next().get();
    return std::string("done");
  });
  auto run = env.start(main_workflow(), {.id = "order-7"});
  try {
    run.result();
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_EQ(error.code(), "RP2005");
    const std::string text = error.what();
    EXPECT_NE(text.find("order-7"), std::string::npos) << text;
    EXPECT_NE(text.find("signal number"), std::string::npos) << text;
  }
  run.signal(number(1));
  EXPECT_EQ(run.result(), "done");
}

TEST(Env, SaysWhenAnActivityHasNoStub) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) { return std::to_string(ctx.call(twice(1))); });
  auto run = env.start(main_workflow());
  try {
    run.result();
    FAIL();
  } catch (const ParkedError& error) {
    EXPECT_NE(std::string(error.what()).find("RP4001 activity 'twice' has no stub"),
              std::string::npos)
        << error.what();
  }
  env.stub(twice, [](int value) { return 2 * value; });
  EXPECT_EQ(run.result(), "2");
}

TEST(Env, ServesEveryTaskQueue) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    return std::to_string(ctx.call(twice(1), {.task_queue = "gpu"}));
  });
  env.stub(twice, [](int value) { return 2 * value; });
  EXPECT_EQ(env.start(main_workflow(), {.task_queue = "shop"}).result(), "2");
}

TEST(Env, TakesNewStubsAtAnyTime) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    const int first = ctx.call(twice(1));
    ctx.sleep(1h);
    return std::to_string(first) + std::to_string(ctx.call(twice(1)));
  });
  env.stub(twice, [](int) { return 1; });
  auto run = env.start(main_workflow());
  env.stub(twice, [](int) { return 2; });
  EXPECT_EQ(run.result(), "12");
  EXPECT_EQ(env.calls(twice), 2);
}

TEST(Env, MakesTheLastAttemptFinal) {
  const auto calls_with = [](EnvOptions options) {
    Env env(std::move(options));
    env.implement(main_workflow, [](Context& ctx) { return std::to_string(ctx.call(twice(1))); });
    env.stub(twice, [](int) -> int { throw std::runtime_error("always"); });
    EXPECT_THROW(env.start(main_workflow()).result(), ActivityFailure);
    return env.calls(twice);
  };
  EXPECT_EQ(calls_with({.last_attempt = 7}), 7);
  EXPECT_EQ(calls_with({}), 100);
}

TEST(Env, GivesUpOnARunThatNeverEnds) {
  Env env({.replay = Replay::kOff});
  env.implement(main_workflow, [](Context& ctx) {
    while (true) ctx.sleep(1h);
    return std::string();
  });
  EXPECT_THROW(env.start(main_workflow()).result(), UsageError);
}

TEST(Env, LetsTimePassAsOftenAsItIsTold) {
  const auto sleep_often = [](int times, int steps) {
    Env env({.replay = Replay::kOff, .time_steps = steps});
    env.implement(main_workflow, [times](Context& ctx) {
      for (int i = 0; i < times; ++i) ctx.sleep(1h);
      return std::string("awake");
    });
    return env.start(main_workflow()).result();
  };
  EXPECT_EQ(sleep_often(3, 3), "awake");
  EXPECT_EQ(sleep_often(10'001, 10'001), "awake");
  try {
    sleep_often(4, 3);
    ADD_FAILURE() << "it has slept four times";
  } catch (const UsageError& error) {
    EXPECT_EQ(error.code(), "RP2005");
    EXPECT_NE(std::string(error.what()).find("in 3 steps"), std::string::npos) << error.what();
  }
}

TEST(Env, RefusesOptionsThatMakeNoSenseByName) {
  const auto refusal = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const InvalidOption& error) {
      return error.what();
    }
    return "(taken)";
  };
  EXPECT_EQ(refusal([] { Env env({.time_steps = 0}); }),
            "RP3010 EnvOptions::time_steps is 0; it must be at least 1, or nothing could be waited "
            "for");
  EXPECT_EQ(refusal([] { Env env({.last_attempt = -1}); }),
            "RP3010 EnvOptions::last_attempt is -1; it must be at least 0; 0: the policy alone "
            "decides");
  EXPECT_EQ(refusal([] { Env().skip(-1ms); }),
            "RP3010 the duration of Env::skip() is -1 ms; it must be 0 or more");
}

TEST(Env, ReplaysFromTheLogAfterEveryTurn) {
  int with = 0;
  int without = 0;
  for (const auto& [replay, executed] :
       {std::pair{Replay::kEveryTurn, &with}, {Replay::kOff, &without}}) {
    Env env({.replay = replay});
    env.implement(main_workflow, [&executed = *executed](Context& ctx) {
      ++executed;
      ctx.sleep(1h);
      ctx.sleep(1h);
      return std::string();
    });
    env.start(main_workflow()).result();
  }
  EXPECT_EQ(without, 1);
  EXPECT_GE(with, 3);
}

}  // namespace
}  // namespace reprise::testing::env_test
