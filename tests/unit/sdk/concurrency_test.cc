// Timers and conditions, and several things at once: first_of, all.
#include <memory>
#include <optional>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "proto/history.pb.h"

namespace reprise::concurrency_test {
namespace {

using namespace std::chrono_literals;
using testing::Env;

constexpr Workflow<std::string()> main_workflow{"main"};
constexpr Activity<int(int)> twice{"twice"};
constexpr Signal<int> number{"number"};
constexpr Signal<std::string> text{"text"};

template <class Fn>
std::string run(Env& env, Fn fn) {
  env.implement(main_workflow, fn);
  return env.start(main_workflow()).result();
}

TEST(Time, PassesInSleepAndTimers) {
  Env env;
  const auto before = env.now();
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  const Time start = ctx.now();
                  ctx.sleep(90min);
                  const auto slept = ctx.now() - start;
                  auto timer = ctx.timer(30min);
                  EXPECT_FALSE(timer.ready());
                  timer.get();
                  EXPECT_TRUE(timer.ready());
                  return std::to_string(slept.count()) + " " +
                         std::to_string((ctx.now() - start).count());
                }),
            "5400000 7200000");
  EXPECT_EQ(env.now() - before, 2h);
}

TEST(Time, OfTheTurnStandsStill) {
  Env env;
  const auto before = env.now();
  env.implement(main_workflow, [&](Context& ctx) {
    EXPECT_EQ(ctx.now(), before);
    ctx.sleep(1s);
    EXPECT_EQ(ctx.now(), before + 1s);
    return std::string();
  });
  env.start(main_workflow()).result();
}

// As `ctx.sleep(due - ctx.now())` asks for after an outage.
TEST(Time, ThatIsNegativeCountsAsZero) {
  Env env;
  const auto before = env.now();
  EXPECT_EQ(run(env,
                [](Context& ctx) -> std::string {
                  ctx.sleep(-1ms);
                  ctx.sleep(Duration::min());
                  ctx.timer(-24h).get();
                  return ctx.wait_until([] { return false; }, -1h) ? "true" : "false";
                }),
            "false");
  EXPECT_EQ(env.now(), before);
  const auto history = env.client().handle(env.client().list().front().workflow_id).history();
  int timers = 0;
  for (const auto& turn : history.data().turns()) {
    for (const auto& command : turn.commands()) {
      if (!command.has_timer_started()) continue;
      ++timers;
      EXPECT_EQ(command.timer_started().duration_ms(), 0);
    }
  }
  EXPECT_EQ(timers, 4);
}

TEST(Time, ComesAsAPointToo) {
  Env env;
  const auto before = env.now();
  EXPECT_EQ(run(env,
                [&](Context& ctx) -> std::string {
                  ctx.sleep_until(before + 1h);
                  EXPECT_EQ(ctx.now(), before + 1h);
                  ctx.timer_until(before + 2h).get();
                  EXPECT_EQ(ctx.now(), before + 2h);
                  EXPECT_FALSE(ctx.wait_until([] { return false; }, before + 3h));
                  return "waited";
                }),
            "waited");
  EXPECT_EQ(env.now(), before + 3h);
}

TEST(Time, ThatHasPassedIsNow) {
  Env env;
  const auto before = env.now();
  EXPECT_EQ(run(env,
                [&](Context& ctx) -> std::string {
                  ctx.sleep_until(before - 1h);
                  ctx.sleep_until(before);
                  ctx.timer_until(Time::min()).get();
                  EXPECT_TRUE(ctx.wait_until([] { return true; }, Time::min()));
                  return ctx.wait_until([] { return false; }, before - 1ms) ? "true" : "false";
                }),
            "false");
  EXPECT_EQ(env.now(), before);
}

TEST(WaitUntil, ReturnsAtOnceWhenTheConditionHolds) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) -> std::string {
                  ctx.wait_until([] { return true; });
                  return ctx.wait_until([] { return true; }, 1h) ? "true" : "false";
                }),
            "true");
  const auto history = env.client().handle(env.client().list().front().workflow_id).history();
  EXPECT_EQ(history.data().turns_size(), 1) << "no timer was started";
}

TEST(WaitUntil, TimesOut) {
  Env env;
  const auto before = env.now();
  EXPECT_EQ(run(env,
                [](Context& ctx) -> std::string {
                  return ctx.wait_until([] { return false; }, 1h) ? "true" : "false";
                }),
            "false");
  EXPECT_EQ(env.now() - before, 1h);
}

TEST(WaitUntil, SeesWhatOtherStrandsChange) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  int done = 0;
                  auto one = ctx.spawn([&] { ctx.sleep(1s), ++done; });
                  auto two = ctx.spawn([&] { ctx.sleep(2s), ++done; });
                  ctx.wait_until([&] { return done == 2; });
                  return std::to_string(done);
                }),
            "2");
}

TEST(FirstOf, IsDecidedByTheLog) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    auto numbers = ctx.inbox(number).next();
    auto texts = ctx.inbox(text).next();
    ctx.sleep(1h);  // both arrive meanwhile
    return std::to_string(ctx.first_of(numbers, texts)) +
           std::to_string(ctx.first_of(texts, numbers));
  });
  auto texts_first = env.start(main_workflow());
  texts_first.signal(text("a"));
  texts_first.signal(number(1));
  EXPECT_EQ(texts_first.result(), "10");
  auto numbers_first = env.start(main_workflow());
  numbers_first.signal(number(1));
  numbers_first.signal(text("a"));
  EXPECT_EQ(numbers_first.result(), "01");
}

TEST(FirstOf, TakesAVector) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  std::vector<Pending<void>> timers;
                  for (const auto wait : {3s, 1s, 2s}) timers.push_back(ctx.timer(wait));
                  return std::to_string(ctx.first_of(timers));
                }),
            "1");
}

TEST(FirstOf, OfNothingIsAMistake) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    std::vector<Pending<void>> none;
    return std::to_string(ctx.first_of(none));
  });
  EXPECT_THROW(env.start(main_workflow()).result(), ParkedError);
}

TEST(All, ReturnsResultsInOrder) {
  Env env;
  env.stub(twice, [](int value) { return 2 * value; });
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  std::vector<Pending<int>> pendings;
                  for (int i = 0; i < 5; ++i) pendings.push_back(ctx.start(twice(i)));
                  std::string joined;
                  for (const int value : ctx.all(pendings)) joined += std::to_string(value);
                  std::vector<Pending<void>> timers;
                  timers.push_back(ctx.timer(1s));
                  ctx.all(timers);
                  return joined;
                }),
            "02468");
}

TEST(All, ReturnsResultsOfDifferentTypes) {
  Env env;
  env.stub(twice, [](int value) { return 2 * value; });
  EXPECT_EQ(run(env,
                [](Context& ctx) -> std::string {
                  auto doubled = ctx.start(twice(4));
                  auto hour = ctx.timer(1h);
                  auto word = ctx.spawn([&] {
                    ctx.sleep(1s);
                    return std::string("word");
                  });
                  const auto [eight, nothing, said] = ctx.all(doubled, hour, word);
                  static_assert(std::is_same_v<decltype(nothing), const std::monostate>);
                  return std::to_string(eight) + " " + said;
                }),
            "8 word");
}

TEST(All, ThrowsTheFirstFailureInOrder) {
  Env env;
  env.stub(twice, [](int value) {
    if (value > 0) throw ApplicationFailure(std::to_string(value), "no", false);
    return value;
  });
  EXPECT_EQ(run(env,
                [](Context& ctx) -> std::string {
                  std::vector<Pending<int>> pendings;
                  for (int i = 0; i < 3; ++i) pendings.push_back(ctx.start(twice(i)));
                  try {
                    ctx.all(pendings);
                  } catch (const ActivityFailure& failure) {
                    return std::string(failure.cause_as<ApplicationFailure>()->type());
                  }
                  return "none";
                }),
            "1");
}

TEST(Pending, CanBeMovedAndDropped) {
  Env env;
  env.stub(twice, [](int value) { return 2 * value; });
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  auto dropped = std::make_optional(ctx.start(twice(1)));
                  auto first = ctx.start(twice(2));
                  auto second = std::move(first);
                  dropped.reset();
                  first = ctx.start(twice(3));
                  std::swap(first, second);
                  return std::to_string(first.get()) + std::to_string(second.get());
                }),
            "46");
  EXPECT_EQ(env.calls(twice), 3);
}

TEST(Pending, HandsItsResultOverOnce) {
  Env env;
  env.stub(twice, [](int value) { return 2 * value; });
  env.implement(main_workflow, [](Context& ctx) {
    auto pending = ctx.start(twice(1));
    return std::to_string(pending.get() + pending.get());
  });
  try {
    env.start(main_workflow()).result();
    FAIL();
  } catch (const ParkedError& error) {
    EXPECT_NE(std::string(error.what()).find("RP2012"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("get() was called before"), std::string::npos);
  }
}

TEST(Pending, TellsTheSecondOfTwoStrandsThatGetIt) {
  for (const bool fails : {false, true}) {
    Env env;
    env.stub(twice, [fails](int value) {
      if (fails) throw ApplicationFailure("No", "way", false);
      return 2 * value;
    });
    env.implement(main_workflow, [](Context& ctx) {
      auto activity = ctx.start(twice(1));
      auto spawned = ctx.spawn([&ctx] {
        ctx.sleep(1s);
        return 7;
      });
      std::string seen;
      const auto get = [&seen](auto& pending) {
        try {
          seen += std::to_string(pending.get()) + " ";
        } catch (const UsageError& error) {
          seen += std::string(error.code()) + " ";
        } catch (const ActivityFailure&) {
          seen += "failed ";
        }
      };
      std::vector<Pending<void>> strands;
      for (int i = 0; i < 2; ++i) strands.push_back(ctx.spawn([&] { get(activity); }));
      for (int i = 0; i < 2; ++i) strands.push_back(ctx.spawn([&] { get(spawned); }));
      ctx.all(strands);
      return seen;
    });
    EXPECT_EQ(env.start(main_workflow()).result(),
              std::string(fails ? "failed" : "2") + " RP2012 7 RP2012 ");
  }
}

TEST(Timers, ThatAreDueTogetherWakeTheirStrandsInTheOrderOfAsking) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    std::string order;
    std::vector<Pending<void>> strands;
    for (int i = 0; i < 8; ++i) {
      strands.push_back(ctx.spawn([&, i] {
        ctx.sleep(1s);
        order += std::to_string(i);
      }));
    }
    ctx.all(strands);
    return order;
  });
  EXPECT_EQ(env.start(main_workflow()).result(), "01234567");
}

TEST(Pending, ThatWasMovedFromSaysSo) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    auto pending = ctx.timer(1s);
    auto other = std::move(pending);
    pending.get();  // NOLINT(bugprone-use-after-move)
    return std::string();
  });
  EXPECT_THROW(env.start(main_workflow()).result(), ParkedError);
}

}  // namespace
}  // namespace reprise::concurrency_test
