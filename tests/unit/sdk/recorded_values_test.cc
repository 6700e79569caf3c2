// Values that would differ from one execution to the next, and are recorded or derived instead.
#include <reprise/reprise.h>
#include <reprise/testing/env.h>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "proto/history.pb.h"

namespace reprise::recorded_values_test {
namespace {

using namespace std::chrono_literals;
using testing::Env;

constexpr Workflow<std::string()> main_workflow{"main"};

std::vector<proto::Event> commands_of(const RunHandle& run) {
  std::vector<proto::Event> commands;
  const History history = run.history();
  for (const proto::Turn& turn : history.data().turns()) {
    commands.insert(commands.end(), turn.commands().begin(), turn.commands().end());
  }
  return commands;
}

TEST(SideEffect, IsComputedOnce) {
  Env env;
  int computed = 0;
  env.implement(main_workflow, [&](Context& ctx) {
    const int value = ctx.side_effect([&] { return ++computed; });
    ctx.side_effect([] {});
    ctx.sleep(1h);
    return std::to_string(value);
  });
  EXPECT_EQ(env.start(main_workflow()).result(), "1");
  EXPECT_EQ(computed, 1);
}

TEST(SideEffect, IsComputedAgainWhenItsExceptionParkedTheRun) {
  Env env;
  bool configured = false;
  const auto code = [&](Context& ctx) -> std::string {
    return ctx.side_effect([&]() -> std::string {
      if (!configured) throw std::runtime_error("no configuration");
      return "configured";
    });
  };
  env.implement(main_workflow, code);
  auto run = env.start(main_workflow());
  EXPECT_THROW(run.result(), ParkedError);
  configured = true;
  env.implement(main_workflow, code);
  EXPECT_EQ(run.result(), "configured");
}

TEST(Random, IsTheSameAgainOnReplayAndDiffersByRun) {
  std::set<std::string> seen;
  Env env;
  env.implement(main_workflow, [&](Context& ctx) {
    const std::string id = ctx.uuid();
    const std::string text = id + " " + std::to_string(ctx.random());
    ctx.sleep(1h);
    EXPECT_EQ(id.size(), 36U);
    EXPECT_EQ(id[14], '4');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
    EXPECT_NE(ctx.random(), ctx.random());
    return text;
  });
  for (int i = 0; i < 5; ++i) seen.insert(env.start(main_workflow()).result());
  EXPECT_EQ(seen.size(), 5U);
  Env again;
  again.implement(main_workflow, [&](Context& ctx) { return ctx.uuid(); });
  EXPECT_EQ(seen.count(again.start(main_workflow()).result()), 0U);
}

TEST(Random, IsTheSameForTheSameSeed) {
  const auto draw = [](std::uint64_t seed) {
    Env env({.seed = seed});
    env.implement(main_workflow, [](Context& ctx) { return ctx.uuid(); });
    return env.start(main_workflow()).result();
  };
  EXPECT_EQ(draw(1), draw(1));
  EXPECT_NE(draw(1), draw(2));
}

TEST(Info, IsThatOfTheRun) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    const RunInfo info = ctx.info();
    return info.workflow_id + " " + info.workflow + " " + info.task_queue + " " + info.run_id;
  });
  auto run = env.start(main_workflow(), {.id = "order-7", .task_queue = "shop"});
  EXPECT_EQ(run.result(), "order-7 main shop " + run.run_id());
}

TEST(Log, IsSilentOnReplay) {
  std::vector<std::string> lines;
  // Without the guard, which says in a sanitizer's build what it cannot do.
  Env env({.guard = Guard::kOff, .logger = [&](LogLevel level, std::string_view line) {
             if (level == LogLevel::kInfo) lines.emplace_back(line);
           }});
  int executed = 0;
  env.implement(main_workflow, [&](Context& ctx) {
    ++executed;
    ctx.log().info("before");
    ctx.step("s", [&] { ctx.log().info("in the step"); });
    ctx.sleep(1h);
    ctx.log().info("after");
    return std::string();
  });
  env.start(main_workflow(), {.id = "order-7"}).result();
  EXPECT_GT(executed, 1);
  EXPECT_EQ(lines, (std::vector<std::string>{"main order-7: before", "main order-7: in the step",
                                             "main order-7: after"}));
}

TEST(Patched, IsTrueForNewRunsAndFalseForThoseUnderWay) {
  Env env;
  env.implement(main_workflow, [](Context& ctx) {
    ctx.sleep(1h);
    ctx.sleep(1h);
    return std::string("old");
  });
  auto old_run = env.start(main_workflow());
  env.skip(90min);
  const auto changed = [](Context& ctx) {
    if (!ctx.patched("no-second-sleep")) {
      ctx.sleep(1h);
      ctx.sleep(1h);
      return std::string("old");
    }
    ctx.sleep(1h);
    EXPECT_TRUE(ctx.patched("no-second-sleep"));
    return std::string("new");
  };
  env.implement(main_workflow, changed);
  auto new_run = env.start(main_workflow());
  EXPECT_EQ(old_run.result(), "old");
  EXPECT_EQ(new_run.result(), "new");
}

TEST(CallSites, AreRecordedWithEveryCommand) {
  constexpr Activity<int(int)> twice{"twice"};
  Env env;
  env.stub(twice, [](int value) { return 2 * value; });
  std::vector<int> lines;
  env.implement(main_workflow, [&](Context& ctx) {
    lines.clear();
    ctx.call(twice(1)), lines.push_back(__LINE__);
    ctx.sleep(1s), lines.push_back(__LINE__);
    ctx.step("s", [] { return 1; }), lines.push_back(__LINE__);
    ctx.side_effect([] { return 1; }), lines.push_back(__LINE__);
    (void)ctx.wait_until([] { return false; }, 1s), lines.push_back(__LINE__);
    ctx.patched("p"), lines.push_back(__LINE__);
    ctx.deprecate_patch("q"), lines.push_back(__LINE__);
    ctx.timer(1s).cancel(), lines.push_back(__LINE__), lines.push_back(__LINE__);
    return std::string();
  });
  auto run = env.start(main_workflow());
  run.result();
  auto commands = commands_of(run);
  commands.pop_back();  // that the run completed
  ASSERT_EQ(commands.size(), lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(commands[i].call_site().file(), "sdk/recorded_values_test.cc");
    EXPECT_EQ(static_cast<int>(commands[i].call_site().line()), lines[i])
        << commands[i].DebugString();
  }
}

}  // namespace
}  // namespace reprise::recorded_values_test
