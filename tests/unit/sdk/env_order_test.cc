// The order in which attempts are executed and results reach their runs: the usual one, one from a
// seed, one from a script.
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "proto/history.pb.h"

namespace reprise::testing::env_order_test {
namespace {

using namespace std::chrono_literals;

constexpr Workflow<std::string()> main_workflow{"main"};
constexpr Activity<std::string(std::string)> echo{"echo"};

// The order in which activities have completed, as the run sees it.
std::string run_three(Context& ctx) {
  std::vector<Pending<std::string>> pending;
  for (const char* name : {"a", "b", "c"}) pending.push_back(ctx.start(echo(name)));
  std::string order;
  while (!pending.empty()) {
    const std::size_t first = ctx.first_of(pending);
    order += pending[first].get();
    pending.erase(pending.begin() + static_cast<std::ptrdiff_t>(first));
  }
  return order;
}

struct Seen {
  std::string executed;
  std::string completed;
  Script script;
};

Seen run_in(const EnvOptions& options) {
  Seen seen;
  Env env(options);
  env.implement(main_workflow, run_three);
  env.stub(echo, [&](const std::string& name) {
    seen.executed += name;
    return name;
  });
  seen.completed = env.start(main_workflow()).result();
  seen.script = env.script();
  return seen;
}

TEST(Order, IsThatOfTheQueueUsually) {
  const Seen seen = run_in({});
  EXPECT_EQ(seen.executed, "abc");
  EXPECT_EQ(seen.completed, "abc");
  EXPECT_TRUE(seen.script.empty());
}

TEST(Order, ShuffledIsEveryOrderSoonerOrLater) {
  std::set<std::string> executed;
  std::set<std::string> completed;
  int otherwise = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Seen seen = run_in({.order = Order::kShuffled, .seed = seed});
    executed.insert(seen.executed);
    completed.insert(seen.completed);
    if (seen.executed != seen.completed) ++otherwise;
  }
  EXPECT_EQ(executed.size(), 6U);
  EXPECT_EQ(completed.size(), 6U);
  EXPECT_GT(otherwise, 0) << "results overtake one another";
}

TEST(Order, OfASeedIsAlwaysTheSame) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const EnvOptions options{.crash = Crash::kEveryCommit, .order = Order::kShuffled, .seed = seed};
    const Seen once = run_in(options);
    const Seen again = run_in(options);
    EXPECT_EQ(once.executed, again.executed);
    EXPECT_EQ(once.completed, again.completed);
    EXPECT_EQ(once.script, again.script);
  }
}

TEST(Order, OfAScriptIsThatOfTheTestItComesFrom) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Seen once =
        run_in({.crash = Crash::kEveryCommit, .order = Order::kShuffled, .seed = seed});
    const Seen again = run_in({.seed = seed, .script = once.script});
    EXPECT_EQ(once.executed, again.executed);
    EXPECT_EQ(once.completed, again.completed);
    EXPECT_EQ(once.script, again.script);
  }
}

TEST(Order, OfAScriptIsWhatItSays) {
  EXPECT_EQ(run_in({.script = {{Choice::kAttempt, 1, 2}}}).executed, "cab");
  // All three are executed before a result is delivered, and then the last comes first.
  const Seen late = run_in({.script = {{Choice::kActivitiesFirst, 1, 1},
                                       {Choice::kActivitiesFirst, 2, 1},
                                       {Choice::kResult, 1, 2}}});
  EXPECT_EQ(late.executed, "abc");
  EXPECT_EQ(late.completed, "cab");
}

TEST(Order, OfAScriptThatDoesNotFitIsTheUsualOne) {
  const Seen seen = run_in({.script = {{Choice::kAttempt, 1, 17},
                                       {Choice::kAttempt, 99, 1},
                                       {Choice::kResult, 1, -3},
                                       {Choice::kCrash, 0, 1}}});
  EXPECT_EQ(seen.completed, "abc");
  EXPECT_TRUE(seen.script.empty());
}

TEST(Order, BringsSeveralResultsInOneTurn) {
  const auto turns = [](const EnvOptions& options) {
    Env env(options);
    env.implement(main_workflow, run_three);
    env.stub(echo, [](const std::string& name) { return name; });
    const auto run = env.start(main_workflow());
    run.result();
    return run.history().data().turns_size();
  };
  EXPECT_EQ(turns({}), 4);  // the start, and one for each result
  EXPECT_EQ(turns({.script = {{Choice::kActivitiesFirst, 1, 1},
                              {Choice::kActivitiesFirst, 2, 1},
                              {Choice::kSameTurn, 1, 1},
                              {Choice::kSameTurn, 2, 1}}}),
            2);
}

TEST(Order, LeavesTimeAlone) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Env env({.order = Order::kShuffled, .seed = seed});
    env.implement(main_workflow, [](Context& ctx) -> std::string {
      const Time start = ctx.now();
      auto slow = ctx.timer(1h);
      auto fast = ctx.start(echo("a"));
      if (ctx.first_of(slow, fast) == 0) return "the timer was first";
      slow.get();
      return ctx.now() - start == 1h ? "exact" : "not exact";
    });
    env.stub(echo, [](const std::string& name) { return name; });
    EXPECT_EQ(env.start(main_workflow()).result(), "exact") << "seed " << seed;
  }
}

TEST(Order, SurvivesNewCodeWhileAttemptsWait) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Env env({.order = Order::kShuffled, .seed = seed});
    env.implement(main_workflow, run_three);
    bool changed = false;
    env.stub(echo, [&](const std::string& name) {
      if (!changed) env.stub(echo, [](const std::string& later) { return later + "'"; });
      changed = true;
      return name;
    });
    EXPECT_EQ(env.start(main_workflow()).result().size(), 5U) << "seed " << seed;
  }
}

TEST(Order, IsPrintedAsCpp) {
  EXPECT_EQ(to_cpp(Script{}), "{}");
  EXPECT_EQ(to_cpp(Script{{Choice::kCrash, 3, 2, "it dies"}, {Choice::kAttempt, 1, 1}}, 2),
            "{\n"
            "      {reprise::testing::Choice::kCrash, 3, 2},  // it dies\n"
            "      {reprise::testing::Choice::kAttempt, 1, 1},\n"
            "  }");
}

}  // namespace
}  // namespace reprise::testing::env_order_test
