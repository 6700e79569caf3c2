// Replays on other memory: what they find, and what they do not.
#include <cstdint>
#include <map>
#include <memory>
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/sanitizers.h"

namespace reprise::testing::env_shake_test {
namespace {

using namespace std::chrono_literals;

constexpr Workflow<std::string()> main_workflow{"main"};
constexpr Activity<int(std::int64_t)> take{"take"};
constexpr Activity<int(std::vector<std::uint8_t>)> take_bytes{"take_bytes"};

struct Item {
  int number = 0;
};

// Each test of this file has a deliberate bug, which the sanitizers and Valgrind find by themselves
// and in their own way; their allocators fill and place memory as they like.
class Shake : public ::testing::Test {
 protected:
  void SetUp() override {
    if (base::kSanitized) GTEST_SKIP() << "reads memory that was never written";
    env.stub(take, [](std::int64_t) { return 0; });
    env.stub(take_bytes, [](const std::vector<std::uint8_t>&) { return 0; });
  }

  // What is found in `run`; empty: nothing.
  template <class Run>
  std::string report_of(Run run) {
    env.implement(main_workflow, [run](Context& ctx) {
      run(ctx);
      return std::string();
    });
    try {
      env.start(main_workflow()).result();
    } catch (const NondeterminismError& error) {
      EXPECT_EQ(error.code(), "RP2001");
      return error.what();
    }
    return {};
  }

  Env env{{.replay = Replay::kShake}};
};

void expect_both_sides(const std::string& report) {
  for (const char* part : {"the log says", "the code now does", "env_shake_test.cc:", "in the log",
                           "in the replay", "shaken", "filled with"}) {
    EXPECT_NE(report.find(part), std::string::npos) << "no '" << part << "' in:\n" << report;
  }
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

[[gnu::noinline]] int never_written_on_the_stack() {
  volatile int values[64];
  return values[7];
}

TEST_F(Shake, FindsAVariableThatWasNeverWritten) {
  const std::string report =
      report_of([](Context& ctx) { ctx.call(take(never_written_on_the_stack())); });
  ASSERT_FALSE(report.empty());
  expect_both_sides(report);
}

struct Sold {
  char kind;  // and padding behind it
  std::int64_t cents;
  std::int64_t never_written;
};

TEST_F(Shake, FindsAMemberThatWasNeverWritten) {
  const std::string report = report_of([](Context& ctx) {
    const std::unique_ptr<Sold> order(new Sold);
    order->cents = 900;
    ctx.call(take(order->never_written));
  });
  ASSERT_FALSE(report.empty());
  expect_both_sides(report);
}

TEST_F(Shake, FindsPaddingInAPayload) {
  const std::string report = report_of([](Context& ctx) {
    const std::unique_ptr<Sold> order(new Sold);
    order->kind = 'a';
    order->cents = 900;
    order->never_written = 1;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(order.get());
    ctx.call(take_bytes(std::vector<std::uint8_t>(bytes, bytes + sizeof(Sold))));
  });
  ASSERT_FALSE(report.empty());
  expect_both_sides(report);
}

#pragma GCC diagnostic pop

template <class Items>
void call_in_order(Context& ctx, const Items& items) {
  for (const Item* item : items) ctx.call(take(item->number));
}

std::vector<std::unique_ptr<Item>> some_items() {
  std::vector<std::unique_ptr<Item>> items;
  for (int i = 0; i < 4; ++i) items.push_back(std::make_unique<Item>(Item{i}));
  return items;
}

TEST_F(Shake, FindsTheOrderOfASetOfPointers) {
  const std::string report = report_of([](Context& ctx) {
    const auto items = some_items();
    std::set<const Item*> by_address;
    for (const auto& item : items) by_address.insert(item.get());
    call_in_order(ctx, by_address);
  });
  ASSERT_FALSE(report.empty());
  expect_both_sides(report);
}

TEST_F(Shake, FindsTheOrderOfAMapByPointers) {
  const std::string report = report_of([](Context& ctx) {
    const auto items = some_items();
    std::map<const Item*, int> by_address;
    for (const auto& item : items) by_address[item.get()] = item->number;
    for (const auto& [item, number] : by_address) ctx.call(take(number));
  });
  EXPECT_FALSE(report.empty());
}

TEST_F(Shake, FindsTheComparisonOfTwoPointers) {
  const std::string report = report_of([](Context& ctx) {
    const auto first = std::make_unique<Item>();
    const auto second = std::make_unique<Item>();
    if (std::less<>()(first.get(), second.get())) {
      ctx.call(take(1));
    } else {
      ctx.sleep(1h);
    }
  });
  EXPECT_FALSE(report.empty());
}

TEST_F(Shake, FindsTheHashOfAPointer) {
  const std::string report = report_of([](Context& ctx) {
    const auto item = std::make_unique<Item>();
    ctx.call(take(static_cast<std::int64_t>(std::hash<const Item*>()(item.get()) % 1009)));
  });
  ASSERT_FALSE(report.empty());
  expect_both_sides(report);
}

TEST_F(Shake, FindsTheAddressOfALocalVariable) {
  const std::string report = report_of([](Context& ctx) {
    int local = 0;
    ctx.call(take(static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(&local) >> 4)));
  });
  EXPECT_FALSE(report.empty());
}

TEST_F(Shake, FindsWhatBelongsToAThread) {
  const auto test_thread = std::this_thread::get_id();
  const std::string report = report_of(
      [=](Context& ctx) { ctx.call(take(std::this_thread::get_id() == test_thread ? 1 : 2)); });
  ASSERT_FALSE(report.empty());
  expect_both_sides(report);
}

TEST_F(Shake, FindsResultsOfRuns) {
  env.implement(main_workflow, [](Context&) {
    const auto item = std::make_unique<Item>();
    return std::to_string(reinterpret_cast<std::uintptr_t>(item.get()));
  });
  EXPECT_THROW(env.start(main_workflow()), NondeterminismError);
}

TEST_F(Shake, FindsOptionsAndTextsOfFailures) {
  const auto throws = [&](auto run) {
    Env other({.replay = Replay::kShake});
    other.implement(main_workflow, [run](Context& ctx) {
      run(ctx,
          static_cast<int>(reinterpret_cast<std::uintptr_t>(std::make_unique<Item>().get()) >> 4 &
                           0xffffff));
      return std::string();
    });
    other.stub(take, [](std::int64_t) { return 0; });
    EXPECT_THROW(other.start(main_workflow()), NondeterminismError);
  };
  throws([](Context& ctx, int random) {
    ctx.call(take(1), {.retry = {.initial_interval = Duration(random)}});
  });
  throws([](Context& ctx, int random) { ctx.call(take(1), {.start_to_close = Duration(random)}); });
  throws([](Context& ctx, int random) {
    ctx.step("s", [] {}, {.retry = {.maximum_attempts = random}});
  });
  throws([](Context&, int random) {
    throw ApplicationFailure("Type", "text " + std::to_string(random), false);
  });
}

// As in Clean below, the run goes on: what was found is about its code, not about its log.
TEST_F(Shake, ThrowsOnceForARunAndLetsItGoOn) {
  const auto test_thread = std::this_thread::get_id();
  env.implement(main_workflow, [=](Context& ctx) {
    for (int i = 0; i < 3; ++i) ctx.call(take(std::this_thread::get_id() == test_thread ? 1 : 2));
    return std::string("done");
  });
  const auto run = env.client().submit(main_workflow());
  EXPECT_THROW(run.started(), NondeterminismError);
  EXPECT_EQ(run.result(), "done");
}

// Everything that code may do with memory, and nothing that it may not. Under the sanitizers too.
TEST(ShakeClean, FindsNothingInCodeThatIsRight) {
  Env env({.replay = Replay::kShake});
  env.stub(take, [](std::int64_t value) { return static_cast<int>(value); });
  env.stub(take_bytes, [](const std::vector<std::uint8_t>&) { return 0; });
  env.implement(main_workflow, [](Context& ctx) {
    const auto items = some_items();
    std::set<int> by_value;
    std::unordered_set<const Item*> unordered;
    for (const auto& item : items) {
      by_value.insert(item->number);
      unordered.insert(item.get());
    }
    for (const int value : by_value) ctx.call(take(value));
    for (const auto& item : items) ctx.call(take(unordered.count(item.get())));
    std::vector<std::uint8_t> bytes(100);
    std::string text(5000, 'x');
    ctx.call(take_bytes(bytes));
    auto spawned = ctx.spawn([&] { ctx.sleep(1h); });
    ctx.step("s", [&] { return static_cast<int>(text.size()); });
    (void)ctx.side_effect([] { return std::string("random"); });
    spawned.get();
    try {
      ctx.call(take(static_cast<std::int64_t>(ctx.random() % 10)));
      throw ApplicationFailure("A", "b");
    } catch (const ApplicationFailure& failure) {
      return text.substr(0, 3) + failure.what();
    }
  });
  EXPECT_EQ(env.start(main_workflow()).result(), "xxxb");
}

TEST(ShakeClean, GoesTogetherWithCrashesAndOtherOrders) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Env env({.replay = Replay::kShake,
             .crash = Crash::kEveryCommit,
             .order = Order::kShuffled,
             .seed = seed});
    env.stub(take, [](std::int64_t value) { return static_cast<int>(value); });
    env.implement(main_workflow, [](Context& ctx) {
      auto first = ctx.start(take(1));
      auto second = ctx.start(take(2));
      return std::to_string(first.get() + second.get());
    });
    EXPECT_EQ(env.start(main_workflow()).result(), "3");
  }
}

}  // namespace
}  // namespace reprise::testing::env_shake_test
