// A process that dies at its commits: what a test's clients see, and what activities do.
#include <algorithm>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace reprise::testing::env_crash_test {
namespace {

using namespace std::chrono_literals;

constexpr Workflow<std::string()> main_workflow{"main"};
constexpr Workflow<int(int)> sum_workflow{"sum"};
constexpr Activity<int(int)> twice{"twice"};
constexpr Signal<int> number{"number"};
constexpr Signal<int> stop{"stop"};
constexpr Query<int()> total{"total"};
constexpr Update<int(int)> add{"add"};

int count(const Script& script, Choice choice) {
  return static_cast<int>(
      std::count_if(script.begin(), script.end(),
                    [&](const Decision& decision) { return decision.choice == choice; }));
}

// Adds up what it is sent until it is stopped.
int run_sum(Context& ctx, int start) {
  int sum = start;
  const auto q = ctx.answer(total, [&] { return sum; });
  const auto u = ctx.accept(add, [&](int value) {
    ctx.sleep(1h);
    return sum += value;
  });
  auto end = ctx.inbox(stop).next();
  while (true) {
    auto next = ctx.inbox(number).next();
    if (ctx.first_of(next, end) == 1) return sum;
    sum += next.get();
  }
}

TEST(Crash, LosesWhatIsInMemoryAtEveryCommit) {
  Env env({.replay = Replay::kOff, .crash = Crash::kEveryCommit});
  int executions = 0;
  env.implement(main_workflow, [&](Context& ctx) {
    ++executions;
    for (int i = 0; i < 3; ++i) ctx.sleep(1h);
    return std::string("done");
  });
  const Time before = env.now();
  EXPECT_EQ(env.start(main_workflow()).result(), "done");
  EXPECT_EQ(env.now() - before, 3h);
  // The start, and each timer: a commit, after which the code runs from the beginning.
  EXPECT_EQ(count(env.script(), Choice::kCrash), 4);
  EXPECT_EQ(executions, 4);
}

TEST(Crash, KeepsTimersExact) {
  Env env({.crash = Crash::kEveryCommit});
  std::vector<Duration> woke;
  env.implement(main_workflow, [&](Context& ctx) {
    const Time start = ctx.now();
    ctx.sleep(90min);
    if (!ctx.replaying()) woke.push_back(ctx.now() - start);
    ctx.sleep(30min);
    if (!ctx.replaying()) woke.push_back(ctx.now() - start);
    return std::string();
  });
  const auto run = env.start(main_workflow());
  env.skip(89min);
  EXPECT_TRUE(woke.empty());
  run.result();
  EXPECT_EQ(woke, (std::vector<Duration>{90min, 120min}));
}

TEST(Crash, MakesAttemptsUnderWayAgain) {
  Env env({.crash = Crash::kEveryCommit});
  env.implement(main_workflow, [](Context& ctx) {
    std::vector<Pending<int>> results;
    for (int i = 0; i < 4; ++i) results.push_back(ctx.start(twice(i)));
    int sum = 0;
    for (const int result : ctx.all(results)) sum += result;
    return std::to_string(sum);
  });
  env.stub(twice, [](int value) { return 2 * value; });
  EXPECT_EQ(env.start(main_workflow()).result(), "12");
  // All begin at once; when the first result is durable the other three are lost, each once.
  EXPECT_EQ(env.calls(twice), 4 + 3);
}

TEST(Crash, LosesAnAttemptOnceAtMost) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Env env({.crash = Crash::kEveryCommit, .order = Order::kShuffled, .seed = seed});
    env.implement(main_workflow, [](Context& ctx) {
      std::vector<Pending<int>> results;
      for (int i = 0; i < 4; ++i) {
        results.push_back(ctx.start(twice(i), {.retry = {.maximum_attempts = 2}}));
      }
      ctx.step("s", [] {}, {.retry = {.maximum_attempts = 2}});
      ctx.step("t", [] {}, {.retry = {.maximum_attempts = 2}, .on = StepOn::kShard});
      int sum = 0;
      for (const int result : ctx.all(results)) sum += result;
      return std::to_string(sum);
    });
    env.stub(twice, [](int value) { return 2 * value; });
    EXPECT_EQ(env.start(main_workflow()).result(), "12") << "seed " << seed;
  }
}

TEST(Crash, UsesUpAnAttempt) {
  Env env({.crash = Crash::kEveryCommit});
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    auto first = ctx.start(twice(1));
    auto second = ctx.start(twice(2), {.retry = {.maximum_attempts = 1}});
    first.get();
    try {
      second.get();
    } catch (const ActivityFailure& failure) {
      return failure.what();
    }
    return "made again";
  });
  env.stub(twice, [](int value) { return value; });
  const std::string text = env.start(main_workflow()).result();
  EXPECT_NE(text.find("RP4003"), std::string::npos) << text;
}

TEST(Crash, DoublesAndLosesNoRequest) {
  for (std::uint64_t seed = 0; seed <= 60; ++seed) {
    EnvOptions options{.crash = Crash::kEveryCommit};
    if (seed > 0) options.order = Order::kShuffled, options.seed = seed;
    Env env(options);
    env.implement(sum_workflow, run_sum);
    const auto run = env.start(sum_workflow(1), {.id = "sum"});
    EXPECT_THROW(env.start(sum_workflow(1), {.id = "sum"}), AlreadyStarted);
    std::vector<SentSignal> sent;
    // Alike, and several on their way at a time.
    for (int i = 0; i < 5; ++i) sent.push_back(run.submit_signal(number(10)));
    for (const SentSignal& signal : sent) signal.delivered();
    EXPECT_EQ(run.query(total()), 51) << "seed " << seed;
    EXPECT_EQ(run.update(add(100)), 151) << "seed " << seed;
    EXPECT_EQ(run.update(add(100)), 251) << "seed " << seed;
    run.signal(number(1000));
    run.signal(stop(0));
    EXPECT_EQ(run.result(), 1251) << "seed " << seed;
    EXPECT_THROW(run.signal(stop(0)), RunClosed);
    EXPECT_EQ(run.describe().status, RunStatus::kCompleted);
    EXPECT_EQ(env.client().list().size(), 1U);
  }
}

TEST(Crash, LeavesCancellationAndTerminationExact) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Env env({.crash = Crash::kEveryCommit, .order = Order::kShuffled, .seed = seed});
    env.implement(sum_workflow, run_sum);
    const auto cancelled = env.start(sum_workflow(1));
    cancelled.cancel("enough");
    EXPECT_THROW(cancelled.result(), CancelledFailure);
    const auto terminated = env.start(sum_workflow(1));
    terminated.terminate("enough");
    EXPECT_THROW(terminated.result(), TerminatedFailure);
    EXPECT_THROW(terminated.terminate("enough"), RunClosed);
  }
}

TEST(Crash, EndsAnUpdateWhoseRunEndsFirst) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Env env({.crash = Crash::kEveryCommit, .order = Order::kShuffled, .seed = seed});
    env.implement(main_workflow, [](Context& ctx) {
      const auto u = ctx.accept(add, [&](int value) {
        ctx.sleep(2h);
        return value;
      });
      ctx.sleep(1h);
      return std::string("over");
    });
    const auto run = env.start(main_workflow());
    EXPECT_THROW(run.update(add(1)), RunClosed) << "seed " << seed;
    EXPECT_EQ(run.result(), "over");
  }
}

TEST(Crash, KeepsWatchesOfRunsThatOthersStarted) {
  Env env({.crash = Crash::kEveryCommit});
  env.implement(sum_workflow, run_sum);
  env.start(sum_workflow(1), {.id = "sum"});
  const auto run = env.client().attach(sum_workflow, "sum");
  EXPECT_FALSE(run.result_for(1h).has_value());
  env.start(sum_workflow(5), {.id = "other"}).signal(stop(0));
  run.signal(stop(0));
  EXPECT_EQ(run.result(), 1);
}

TEST(Crash, FindsCodeThatDependsOnMemory) {
  Env env({.crash = Crash::kEveryCommit});
  int executions = 0;
  env.implement(main_workflow, [&](Context& ctx) {
    ctx.sleep(++executions * 1h);
    return std::string();
  });
  EXPECT_THROW(env.start(main_workflow()).result(), NondeterminismError);
}

// The last turn of a run is not followed by one that replays it.
TEST(Crash, FindsItInTheLastTurnToo) {
  Env env({.crash = Crash::kEveryCommit});
  int executions = 0;
  env.implement(main_workflow, [&](Context&) { return std::to_string(++executions); });
  EXPECT_THROW(env.start(main_workflow()).result(), NondeterminismError);
}

TEST(Crash, FindsAnActivityThatMayNotBeRepeated) {
  Env env({.script = {{Choice::kCrash, 2, 2}}});
  env.implement(main_workflow, [](Context& ctx) { return std::to_string(ctx.call(twice(1))); });
  int withdrawn = 0;
  env.stub(twice, [&](int value) { return withdrawn += value; });
  EXPECT_EQ(env.start(main_workflow()).result(), "2") << "the account is charged twice";
  EXPECT_EQ(env.calls(twice), 2);
}

TEST(Crash, LetsAnActivityBeAClient) {
  Env env({.crash = Crash::kEveryCommit});
  env.implement(sum_workflow, run_sum);
  env.implement(main_workflow, [](Context& ctx) { return std::to_string(ctx.call(twice(1))); });
  env.stub(twice, [&](int value) {
    const auto run = env.start(sum_workflow(value), {.id_conflict = IdConflict::kUseExisting});
    run.signal(stop(0));
    return run.result();
  });
  EXPECT_EQ(env.start(main_workflow()).result(), "1");
}

TEST(Crash, StartsOnce) {
  Env env({.crash = Crash::kEveryCommit});
  env.implement(sum_workflow, run_sum);
  for (int i = 0; i < 5; ++i) {
    const auto run = env.start(sum_workflow(1), {.id = "one", .id_reuse = IdReuse::kUseExisting});
    if (i == 0) run.signal(stop(0));
    run.result();
  }
  EXPECT_EQ(env.client().list().size(), 1U);
}

TEST(Crash, SaysWhatARunWaitsFor) {
  Env env({.crash = Crash::kEveryCommit});
  env.implement(sum_workflow, run_sum);
  try {
    env.start(sum_workflow(1)).result();
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("signal number"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace reprise::testing::env_crash_test
