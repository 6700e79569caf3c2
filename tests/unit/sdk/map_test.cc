// Context::map(): the same for many items.
#include <algorithm>
#include <list>
#include <map>
#include <memory>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "proto/history.pb.h"
#include "tests/unit/sdk/one_workflow.h"

namespace reprise::map_test {
namespace {

using namespace std::chrono_literals;
using one_workflow::main_workflow;
using one_workflow::run;
using testing::Env;

constexpr Activity<int(int)> twice{"twice"};

std::string joined(const std::vector<int>& values) {
  std::string text;
  for (const int value : values) text += std::to_string(value) + " ";
  return text;
}

TEST(Map, ReturnsResultsInTheOrderOfItems) {
  for (const std::size_t at_most : {0, 1, 2, 3, 100}) {
    Env env;
    env.stub(twice, [](int value) { return 2 * value; });
    EXPECT_EQ(run(env,
                  [at_most](Context& ctx) {
                    const auto slow_ones_first = [&](int value) {
                      ctx.sleep(std::chrono::seconds(10 - value));
                      return ctx.call(twice(value));
                    };
                    const std::vector<int> items{1, 2, 3, 4, 5};
                    return joined(ctx.map(items, slow_ones_first, {.at_most = at_most}));
                  }),
              "2 4 6 8 10 ")
        << at_most;
  }
}

TEST(Map, CallsAtMostThisManyAtATime) {
  for (const int at_most : {1, 3, 7}) {
    Env env;
    const Time before = env.now();
    EXPECT_EQ(run(env,
                  [at_most](Context& ctx) {
                    int under_way = 0;
                    int most = 0;
                    const auto count = [&](int) {
                      most = std::max(most, ++under_way);
                      ctx.sleep(1s);
                      --under_way;
                    };
                    ctx.map(std::vector<int>(10), count,
                            {.at_most = static_cast<std::size_t>(at_most)});
                    return std::to_string(most);
                  }),
              std::to_string(at_most));
    EXPECT_EQ(env.now() - before, std::chrono::seconds((10 + at_most - 1) / at_most));
  }
}

TEST(Map, TakesAllSortsOfRanges) {
  Env env;
  EXPECT_EQ(
      run(env,
          [](Context& ctx) {
            const auto same = [](int value) { return value; };
            const std::set<int> sorted{3, 1, 2};
            std::list<int> list{4, 5};
            const int array[] = {6, 7};
            std::string text = joined(ctx.map(sorted, same)) + joined(ctx.map(list, same)) +
                               joined(ctx.map(array, same)) + joined(ctx.map({8, 9}, same));
            const std::map<std::string, int> pairs{{"a", 1}, {"b", 2}};
            for (const auto& name : ctx.map(pairs, [](const auto& pair) { return pair.first; }))
              text += name;
            const std::vector<bool> flags{true, false};
            for (const bool flag : ctx.map(flags, [](bool on) { return !on; }))
              text += flag ? "1" : "0";
            std::vector<std::unique_ptr<int>> owned;
            owned.push_back(std::make_unique<int>(7));
            for (const auto& made : ctx.map(std::move(owned), [](const auto& value) {
                   return std::make_unique<int>(*value + 1);
                 }))
              text += std::to_string(*made);
            static_assert(std::is_void_v<decltype(ctx.map(list, [](int) {}))>);
            return text;
          }),
      "1 2 3 4 5 6 7 8 9 ab018");
}

TEST(Map, OfNothingIsNothing) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  const std::vector<int> none;
                  ctx.map(none, [](int) { FAIL(); });
                  return std::to_string(ctx.map(none, [](int value) { return value; }).size());
                }),
            "0");
  EXPECT_EQ(
      env.client().handle(env.client().list().front().workflow_id).history().data().turns_size(),
      1);
}

TEST(Map, OwnsItsItems) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  std::vector<int> items{1, 2, 3};
                  auto changing = ctx.spawn([&] { items.assign(100, 9); });
                  const auto wait = [&](const int& value) {
                    ctx.sleep(1s);
                    return value;
                  };
                  return joined(ctx.map(items, wait, {.at_most = 1}));
                }),
            "1 2 3 ");
}

// The item `fails` fails after that many seconds; the others take an hour and clean up for a
// minute.
std::string failing_map(Context& ctx, int fails, std::size_t at_most) {
  std::string seen;
  const auto call = [&](int item) {
    try {
      ctx.sleep(item == fails ? 1s : 1h);
    } catch (const CancelledFailure&) {
      const Shield shield(ctx);
      ctx.sleep(1min);
      seen += std::to_string(item);
      throw;
    }
    if (item == fails) throw ApplicationFailure("No", "item " + std::to_string(item), false);
    return item;
  };
  try {
    ctx.map({0, 1, 2, 3}, call, {.at_most = at_most});
  } catch (const ApplicationFailure& failure) {
    return std::string(failure.what()) + ", ended: " + seen;
  }
  return "no failure";
}

TEST(Map, ThrowsTheFirstFailureWhenTheOthersHaveEnded) {
  const std::string others[] = {"123", "023", "013", "012"};
  for (const int fails : {0, 1, 2, 3}) {
    Env env;
    const Time before = env.now();
    EXPECT_EQ(run(env, [fails](Context& ctx) { return failing_map(ctx, fails, 0); }),
              "item " + std::to_string(fails) + ", ended: " + others[fails]);
    EXPECT_EQ(env.now() - before, 61s);
  }
}

TEST(Map, BeginsNoMoreAfterAFailure) {
  Env env;
  EXPECT_EQ(run(env, [](Context& ctx) { return failing_map(ctx, 1, 2); }), "item 1, ended: 0");
}

TEST(Map, FailsByTheOrderOfTheLog) {
  Env env;
  env.stub(twice,
           [](int value) -> int { throw ApplicationFailure(std::to_string(value), "no", false); });
  EXPECT_EQ(run(env,
                [](Context& ctx) -> std::string {
                  try {
                    ctx.map({1, 2, 3}, [&](int item) {
                      ctx.sleep(item == 2 ? 1s : 2s);
                      return ctx.call(twice(item));
                    });
                  } catch (const ActivityFailure& failure) {
                    return std::string(failure.cause_as<ApplicationFailure>()->type());
                  }
                  return "none";
                }),
            "2");
  EXPECT_EQ(env.calls(twice), 1);
}

TEST(Map, PassesOnWhatIsNotAFailure) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) -> std::string {
    ctx.map({1, 2}, [&](int item) {
      ctx.sleep(1s);
      if (item == 2) throw std::logic_error("a bug in an item");
    });
    return "ended";
  });
  try {
    env.start(main_workflow()).result();
    FAIL();
  } catch (const ParkedError& error) {
    EXPECT_NE(std::string(error.what()).find("a bug in an item"), std::string::npos);
  }
}

TEST(Map, IsCancelledFromOutside) {
  for (const std::size_t at_most : {0, 1, 2}) {
    Env env;
    std::string seen;
    env.implement(main_workflow, [&seen, at_most](Context& ctx) -> std::string {
      seen.clear();
      const auto call = [&](int item) {
        seen += std::to_string(item);
        const Shield shield(ctx);  // goes on until it is done
        ctx.sleep(2h);
        seen += "-";
      };
      ctx.map({0, 1, 2, 3}, call, {.at_most = at_most});
      return "ended";
    });
    const auto handle = env.start(main_workflow());
    env.skip(1h);
    handle.cancel("enough");
    EXPECT_THROW(handle.result(), CancelledFailure);
    EXPECT_EQ(seen, at_most == 0 ? "0123----" : at_most == 1 ? "0-" : "01--");
    EXPECT_EQ(handle.describe().status, RunStatus::kCancelled);
  }
}

TEST(Map, StartsNothingInACancelledScope) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) -> std::string {
                  CancelScope scope(ctx);
                  scope.cancel();
                  try {
                    ctx.map({1}, [](int) { FAIL(); });
                  } catch (const CancelledFailure&) {
                    return "cancelled";
                  }
                  return "ended";
                }),
            "cancelled");
}

TEST(Map, NestsAndTakesManyItems) {
  Env env({.replay = testing::Replay::kOff});
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  std::vector<int> rows(50);
                  int sum = 0;
                  ctx.map(rows,
                          [&](int) {
                            ctx.map(std::vector<int>(40, 1), [&](int one) {
                              ctx.sleep(1s);
                              sum += one;
                            });
                          },
                          {.at_most = 5});
                  return std::to_string(sum);
                }),
            "2000");
}

TEST(Map, StopsWithTheStrandThatCalledIt) {
  struct Leaving {
    int& left;
    ~Leaving() { ++left; }
  };
  Env env({.replay = testing::Replay::kOff});
  int left = 0;
  EXPECT_EQ(run(env,
                [&left](Context& ctx) {
                  {
                    auto mapping = ctx.spawn([&] {
                      ctx.map({1, 2, 3}, [&](int) {
                        const Leaving leaving{left};
                        ctx.sleep(1h);
                      });
                    });
                    ctx.sleep(1s);
                  }
                  return std::to_string(left);
                }),
            "3");
}

// Code that takes every exception for a failure, the private one of its unwinding too.
TEST(Map, StopsCallsThatTranslateWhateverIsThrown) {
  Env env({.replay = testing::Replay::kOff});
  int left = 0;
  EXPECT_EQ(run(env,
                [&left](Context& ctx) {
                  {
                    auto mapping = ctx.spawn([&] {
                      ctx.map({1, 2, 3}, [&](int) {
                        try {
                          ctx.sleep(1h);
                        } catch (...) {
                          ++left;
                          throw ApplicationFailure("Translated", "something was thrown");
                        }
                      });
                    });
                    ctx.sleep(1s);
                  }
                  return std::to_string(left);
                }),
            "3");
}

TEST(Map, IsForWorkflowCodeOnly) {
  Env env;
  EXPECT_EQ(run(env,
                [](Context& ctx) {
                  return ctx.step("elsewhere", [&]() -> std::string {
                    try {
                      ctx.map({1}, [](int) {});
                    } catch (const UsageError& error) {
                      return std::string(error.code());
                    }
                    return "called";
                  });
                }),
            "RP2004");
}

}  // namespace
}  // namespace reprise::map_test
