// Map, race, channels, locks and sagas in processes that die at their commits, with results in any
// order: the outcome is that of a process that lives.
#include <algorithm>
#include <mutex>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace reprise::strands_crash_test {
namespace {

using namespace std::chrono_literals;
using testing::Crash;
using testing::Env;
using testing::EnvOptions;
using testing::Order;

constexpr Workflow<std::string()> main_workflow{"main"};
constexpr Activity<int(int)> twice{"twice"};
constexpr Activity<void(int)> give_back{"give_back"};

// Calls `check` with an Env that crashes at every commit, and with some that also change the order.
template <class Check>
void in_every_weather(Check check) {
  for (std::uint64_t seed = 0; seed <= 40; ++seed) {
    EnvOptions options{.crash = Crash::kEveryCommit};
    if (seed > 0) options.order = Order::kShuffled, options.seed = seed;
    Env env(options);
    env.stub(twice, [](int value) {
      if (value < 0) throw ApplicationFailure("No", "less than nothing", false);
      return 2 * value;
    });
    SCOPED_TRACE("seed " + std::to_string(seed));
    check(env);
  }
}

TEST(StrandsCrash, MapGivesTheSameResults) {
  in_every_weather([](Env& env) {
    env.implement(main_workflow, [](Context& ctx) {
      std::string seen;
      for (const int value : ctx.map(
               {1, 2, 3, 4, 5}, [&](int item) { return ctx.call(twice(item)); }, {.at_most = 2})) {
        seen += std::to_string(value) + " ";
      }
      return seen;
    });
    EXPECT_EQ(env.start(main_workflow()).result(), "2 4 6 8 10 ");
  });
}

TEST(StrandsCrash, MapFailsOnceEverythingHasEnded) {
  in_every_weather([](Env& env) {
    env.implement(main_workflow, [](Context& ctx) -> std::string {
      int under_way = 0;
      try {
        ctx.map({1, -2, 3}, [&](int item) {
          ++under_way;
          try {
            ctx.call(twice(item));
            ctx.sleep(1h);
          } catch (const Failure&) {
            const Shield shield(ctx);
            ctx.sleep(1min);
            --under_way;
            throw;
          }
        });
      } catch (const ActivityFailure&) {
        return "failed, " + std::to_string(under_way) + " under way";
      }
      return "ended";
    });
    EXPECT_EQ(env.start(main_workflow()).result(), "failed, 0 under way");
  });
}

TEST(StrandsCrash, RaceHasOneWinner) {
  in_every_weather([](Env& env) {
    env.implement(main_workflow, [](Context& ctx) {
      const auto wait = [&ctx](Duration duration) {
        return [&ctx, duration] { ctx.sleep(duration); };
      };
      std::vector<Pending<void>> racers;
      for (const auto duration : {3h, 1h, 2h}) racers.push_back(ctx.spawn(wait(duration)));
      return std::to_string(ctx.race(racers));
    });
    const Time before = env.now();
    EXPECT_EQ(env.start(main_workflow()).result(), "1");
    EXPECT_EQ(env.now() - before, 1h);
  });
}

TEST(StrandsCrash, ChannelsAndLocksKeepTheirOrder) {
  in_every_weather([](Env& env) {
    env.implement(main_workflow, [](Context& ctx) {
      Channel<int> channel(ctx, 1);
      Mutex mutex(ctx);
      auto sending = ctx.spawn([&] {
        ctx.map({0, 1, 2, 3}, [&](int item) {
          const std::lock_guard lock(mutex);
          ctx.sleep(1s);
          channel.send(ctx.call(twice(item)));
        });
        channel.close();
      });
      std::string seen;
      while (const auto value = channel.receive().get()) seen += std::to_string(*value);
      return seen;
    });
    EXPECT_EQ(env.start(main_workflow()).result(), "0246");
  });
}

TEST(StrandsCrash, ASagaUndoesEachStepOnceInReverse) {
  for (const bool cancelled : {false, true}) {
    in_every_weather([cancelled](Env& env) {
      std::vector<int> given_back;
      env.implement(give_back, [&](ActivityContext&, int leg) {
        if (std::find(given_back.begin(), given_back.end(), leg) == given_back.end()) {
          given_back.push_back(leg);
        }
      });
      env.implement(main_workflow, [cancelled](Context& ctx) -> std::string {
        Saga saga(ctx);
        saga.run([&] {
          for (const int leg : {1, 2, 3}) {
            const int seat = ctx.call(twice(leg));
            saga.undo_with([&ctx, seat] { ctx.call(give_back(seat)); });
          }
          if (!cancelled) ctx.call(twice(-1));
          ctx.sleep(24h);
        });
        return "travelled";
      });
      const auto handle = env.start(main_workflow());
      env.skip(12h);
      if (cancelled) handle.cancel("stays at home");
      EXPECT_THROW(handle.result(), Failure);
      EXPECT_EQ(handle.describe().status, cancelled ? RunStatus::kCancelled : RunStatus::kFailed);
      EXPECT_EQ(given_back, (std::vector<int>{6, 4, 2}));
    });
  }
}

}  // namespace
}  // namespace reprise::strands_crash_test
