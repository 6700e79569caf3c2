// Finding an order that breaks a test, and making it as small as possible.
#include <reprise/reprise.h>
#include <reprise/testing/explore.h>
#include <reprise/testing/explore_gtest.h>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "proto/history.pb.h"

namespace reprise::testing::env_explore_test {
namespace {

using namespace std::chrono_literals;

constexpr Workflow<std::string()> trip{"trip"};
constexpr Activity<std::string(std::string)> book{"book"};
constexpr Signal<std::string> wish{"wish"};

struct WrongOrder : std::logic_error {
  using std::logic_error::logic_error;
};

// Wrong: the activity that was started first need not be done first.
std::string run_racing_trip(Context& ctx) {
  auto flight = ctx.start(book("flight"));
  auto hotel = ctx.start(book("hotel"));
  ctx.first_of(flight, hotel);
  if (!flight.ready()) throw ApplicationFailure("WrongOrder", "a hotel and no flight", false);
  return flight.get() + " and " + hotel.get();
}

void test_racing_trip(Env& env) {
  env.implement(trip, run_racing_trip);
  env.stub(book, [](const std::string& what) { return what; });
  if (env.start(trip()).result() != "flight and hotel") throw WrongOrder("another trip");
}

OrderFound find(const ExploreOptions& options, const std::function<void(Env&)>& test) {
  try {
    (void)explore(options, test);
  } catch (const OrderFound& found) {
    return found;
  }
  throw std::runtime_error("no order breaks the test");
}

TEST(Explore, FindsARaceAndTheOneDecisionThatIsEnough) {
  const OrderFound found = find({}, test_racing_trip);
  EXPECT_EQ(found.env().script, (Script{{Choice::kAttempt, 1, 1}})) << found.what();
  const std::string text = found.what();
  EXPECT_NE(text.find("reprise::ApplicationFailure: a hotel and no flight"), std::string::npos)
      << text;
  // What is pasted in the next test.
  const std::string printed =
      "  reprise::testing::Env env({\n"
      "      .script = {\n"
      "          {reprise::testing::Choice::kAttempt, 1, 1},  // 'book' #2 of ";
  EXPECT_NE(text.find(printed), std::string::npos) << text;
}

TEST(Explore, PrintsAnOrderThatFailsInTheSameWay) {
  reprise::testing::Env env({
      .script =
          {
              {reprise::testing::Choice::kAttempt, 1, 1},
          },
  });
  try {
    test_racing_trip(env);
    FAIL();
  } catch (const ApplicationFailure& failure) {
    EXPECT_EQ(failure.type(), "WrongOrder");
    EXPECT_STREQ(failure.what(), "a hotel and no flight");
  }
}

// Needs two decisions: both results in one turn, and before that both attempts executed.
TEST(Explore, KeepsEveryDecisionThatIsNeeded) {
  const auto test = [](Env& env) {
    env.implement(trip, [](Context& ctx) -> std::string {
      auto flight = ctx.start(book("flight"));
      auto hotel = ctx.start(book("hotel"));
      auto room = ctx.start(book("room"));
      flight.get();
      const bool together = hotel.ready();
      hotel.get();
      room.get();
      return together ? "together" : "apart";
    });
    env.stub(book, [](const std::string& what) { return what; });
    const auto run = env.start(trip());
    run.result();
    if (run.history().data().turns_size() < 4) throw WrongOrder("two results in one turn");
  };
  const OrderFound found = find({}, test);
  ASSERT_EQ(found.env().script.size(), 2U) << found.what();
  for (const Decision& decision : found.env().script) {
    Env one_alone({.script = {decision}});
    EXPECT_NO_THROW(test(one_alone)) << found.what();
  }
  Env again(found.env());
  EXPECT_THROW(test(again), WrongOrder);
}

TEST(Explore, FindsTheCommitAtWhichAProcessMustNotDie) {
  const auto test = [](Env& env) {
    int charged = 0;
    env.implement(trip, [](Context& ctx) {
      for (int i = 0; i < 5; ++i) ctx.sleep(1h);
      const std::string result = ctx.call(book("flight"));
      for (int i = 0; i < 5; ++i) ctx.sleep(1h);
      return result;
    });
    env.stub(book, [&](const std::string& what) {
      ++charged;
      return what;
    });
    env.start(trip()).result();
    if (charged != 1) throw WrongOrder("charged twice");
  };
  EXPECT_NO_THROW((void)explore(test)) << "without crashes";
  const OrderFound found = find({.env = {.crash = Crash::kEveryCommit}}, test);
  // The start, five timers, and then the commit of the activity's result is the seventh.
  EXPECT_EQ(found.env().script, (Script{{Choice::kCrash, 7, 2}})) << found.what();
  EXPECT_NE(std::string(found.what()).find("right before commit 7: ActivityCompleted"),
            std::string::npos)
      << found.what();
}

TEST(Explore, SaysWhenTheUsualOrderFails) {
  const OrderFound found = find({}, [](Env&) { throw WrongOrder("always"); });
  EXPECT_TRUE(found.env().script.empty());
  const std::string text = found.what();
  EXPECT_NE(text.find("in the usual order"), std::string::npos) << text;
  EXPECT_NE(text.find("  reprise::testing::Env env;\n"), std::string::npos) << text;
}

TEST(Explore, KeepsASeedThatMatters) {
  const auto random_of = [](Env& env) {
    env.implement(trip, [](Context& ctx) { return std::to_string(ctx.random() % 4); });
    return env.start(trip()).result();
  };
  Env usual;
  const std::string lucky = random_of(usual);
  const OrderFound found =
      find({.env = {.replay = Replay::kOff, .last_attempt = 7}}, [&](Env& env) {
        if (random_of(env) != lucky) throw WrongOrder("an unlucky number");
      });
  EXPECT_TRUE(found.env().script.empty());
  EXPECT_NE(found.env().seed, 1U);
  const std::string text = found.what();
  EXPECT_NE(text.find("      .replay = reprise::testing::Replay::kOff,\n      .seed = " +
                      std::to_string(found.env().seed) + ",\n      .last_attempt = 7,\n"),
            std::string::npos)
      << text;
}

TEST(Explore, SaysHowMuchItHasSeen) {
  const auto seen = explore({.seeds = 30}, [](Env& env) {
    env.implement(trip, [](Context& ctx) {
      auto flight = ctx.start(book("flight"));
      auto hotel = ctx.start(book("hotel"));
      return flight.get() + hotel.get();
    });
    env.stub(book, [](const std::string& what) { return what; });
    EXPECT_EQ(env.start(trip()).result(), "flighthotel");
  });
  EXPECT_EQ(seen.orders, 31);
  EXPECT_GE(seen.different, 3);
}

TEST(Explore, RunsTheUsualOrderOnceWhenNothingIsToBeDecided) {
  const auto seen = explore({.seeds = 5}, [](Env& env) {
    env.implement(trip, [](Context&) { return std::string(); });
    env.start(trip()).result();
  });
  EXPECT_EQ(seen.orders, 6);
  EXPECT_EQ(seen.different, 1);
}

TEST(Explore, StopsShrinkingWhenItHasRunOften) {
  int runs = 0;
  const OrderFound found = find({.shrinking_runs = 3}, [&](Env& env) {
    ++runs;
    test_racing_trip(env);
  });
  EXPECT_FALSE(found.env().script.empty());
  EXPECT_THROW(
      {
        Env again(found.env());
        test_racing_trip(again);
      },
      ApplicationFailure);
}

TEST(Explore, RefusesFewerThanNoSeeds) {
  EXPECT_THROW((void)explore({.seeds = -1}, [](Env&) {}), UsageError);
}

void expect_a_trip(Env& env) {
  env.implement(trip, [](Context& ctx) {
    auto flight = ctx.start(book("flight"));
    auto hotel = ctx.start(book("hotel"));
    return ctx.first_of(flight, hotel) == 0 ? std::string("flight") : std::string("hotel");
  });
  env.stub(book, [](const std::string& what) { return what; });
  EXPECT_EQ(env.start(trip()).result(), "flight");
}

TEST(Explore, TakesExpectationsOfGoogleTest) {
  EXPECT_NONFATAL_FAILURE(explore_expectations(expect_a_trip),
                          "{reprise::testing::Choice::kAttempt, 1, 1},");
  explore_expectations({.seeds = 20}, [](Env& env) {
    env.implement(trip, [](Context&) { return std::string("flight"); });
    ASSERT_EQ(env.start(trip()).result(), "flight");
  });
}

}  // namespace
}  // namespace reprise::testing::env_explore_test
