// Children that are cancelled, and children whose parent ends.
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sdk/families.h"

namespace reprise::ended_children_test {
namespace {

using namespace families;
using namespace std::chrono_literals;
using testing::Crash;
using ::testing::HasSubstr;

// ---- cancellation -----------------------------------------------------------------------------

TEST(CancelledChildren, TheScopeOfTheRunCancelsThemAsTheirModeSays) {
  for (const CancelMode mode : {CancelMode::kWait, CancelMode::kTry, CancelMode::kAbandon}) {
    for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
      SCOPED_TRACE(static_cast<int>(mode));
      Family family(
          [&](Context& ctx, const std::string&) {
            auto sleeps =
                ctx.start(child(""),
                          {.id = "c", .on_parent_close = ParentClose::kAbandon, .on_cancel = mode});
            return cause_of([&] { (void)sleeps.get(); });
          },
          sleep_long, {.crash = crash});
      const auto run = family.env.start(parent(""), {.id = "p"});
      run.cancel("enough");
      EXPECT_EQ(run.result(), mode == CancelMode::kWait ? "cancelled" : "cancelled itself");
      family.env.skip(1h);
      EXPECT_EQ(family.of_child().status,
                mode == CancelMode::kAbandon ? RunStatus::kRunning : RunStatus::kCancelled);
    }
  }
}

TEST(CancelledChildren, ARunThatEndsBecauseItsChildWasCancelledIsCancelledToo) {
  Family family(
      [](Context& ctx, const std::string&) { return ctx.call(child("nest"), {.id = "c"}); },
      [](Context& ctx, const std::string& how) {
        return how == "nest" ? ctx.call(child(""), {.id = "d"}) : sleep_long(ctx, how);
      });
  const auto run = family.env.start(parent(""), {.id = "p"});
  run.cancel("enough");
  EXPECT_EQ(run.describe().status, RunStatus::kCancelled);
  EXPECT_EQ(family.of_child("c").status, RunStatus::kCancelled);
  EXPECT_EQ(family.of_child("d").status, RunStatus::kCancelled);
}

TEST(CancelledChildren, AResultThatIsOnItsWayCounts) {
  Family family(
      [](Context& ctx, const std::string&) {
        auto runs = ctx.start(child(""), {.id = "c"});
        ctx.sleep(1min);
        runs.cancel();
        return runs.get();
      },
      [](Context& ctx, const std::string&) {
        try {
          ctx.sleep(1h);
        } catch (const CancelledFailure&) {
        }
        return std::string("finished all the same");
      });
  EXPECT_EQ(family.run(), "finished all the same");
}

TEST(CancelledChildren, NothingIsStartedInACancelledScope) {
  Family family(
      [](Context& ctx, const std::string&) {
        try {
          ctx.sleep(1h);
        } catch (const CancelledFailure&) {
        }
        return cause_of([&] { (void)ctx.start(child("")); });
      },
      echo);
  const auto run = family.env.start(parent(""), {.id = "p"});
  run.cancel("enough");
  EXPECT_EQ(run.result(), "cancelled itself");
}

TEST(CancelledChildren, RaceCancelsTheLosers) {
  Family family(
      [](Context& ctx, const std::string&) {
        auto fast = ctx.start(child("1"), {.id = "fast"});
        auto slow = ctx.start(child("20"), {.id = "slow"});
        const std::size_t first = ctx.race(fast, slow);
        return std::to_string(first) + " " + cause_of([&] { (void)slow.get(); });
      },
      [](Context& ctx, const std::string& hours) {
        ctx.sleep(std::chrono::hours(std::stoi(hours)));
        return hours;
      });
  EXPECT_EQ(family.run(), "0 cancelled");
}

// ---- the end of the parent --------------------------------------------------------------------

TEST(OrphanedChildren, EveryEndOfTheParentCounts) {
  using End = std::function<void(Env&, const Handle<std::string>&)>;
  const std::vector<std::pair<std::string, End>> ends = {
      {"return", [](Env&, const auto&) {}},
      {"fail", [](Env&, const auto&) {}},
      {"continue", [](Env&, const auto&) {}},
      {"wait", [](Env&, const auto& run) { run.cancel("enough"); }},
      {"wait", [](Env&, const auto& run) { run.terminate("enough"); }},
      {"wait", [](Env& env, const auto&) { env.skip(3h); }},  // run_timeout
  };
  for (const auto& [how, end] : ends) {
    for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
      SCOPED_TRACE(how);
      Family family(
          [](Context& ctx, const std::string& ending) -> std::string {
            if (ending == "continued") return "over";
            (void)ctx.start(child(""), {.id = "c", .on_cancel = CancelMode::kAbandon});
            if (ending == "fail") throw ApplicationFailure("Broken", "as it was told");
            if (ending == "continue") ctx.continue_as_new(parent("continued"));
            if (ending == "wait") ctx.sleep(24h);
            return "over";
          },
          sleep_long, {.crash = crash});
      const auto run = family.env.start(parent(how), {.id = "p", .run_timeout = 2h});
      end(family.env, run);
      family.env.skip(1s);
      EXPECT_EQ(family.of_child().status, RunStatus::kTerminated);
      EXPECT_EQ(count(family.env.client().attach(child, "c").history(), "RunTerminated"), 1);
    }
  }
}

TEST(OrphanedChildren, TheWholeTreeEnds) {
  Family family([](Context& ctx, const std::string&) { return ctx.call(child("4")); },
                [](Context& ctx, const std::string& depth) {
                  if (depth == "0") return sleep_long(ctx, depth);
                  return ctx.call(child(std::to_string(std::stoi(depth) - 1)));
                },
                {.crash = Crash::kEveryCommit});
  const auto run = family.env.start(parent(""), {.id = "p"});
  EXPECT_EQ(family.env.client().list({.workflow = "child"}).size(), 5U);
  run.terminate("enough");
  family.env.skip(1min);
  EXPECT_EQ(family.env.client().list({.status = RunStatus::kTerminated}).size(), 6U);
}

}  // namespace
}  // namespace reprise::ended_children_test
