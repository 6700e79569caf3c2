// Children that are not started.
#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sdk/families.h"

namespace reprise::refused_children_test {
namespace {

using namespace families;
using namespace std::chrono_literals;
using testing::Crash;
using ::testing::HasSubstr;

// ---- starts that are refused ------------------------------------------------------------------

// What becomes of a second child with an id.
std::string second_with(const ChildOptions& second, bool first_has_ended = false) {
  Family family(
      [&](Context& ctx, const std::string&) {
        auto first = ctx.start(child("first"), {.id = "c"});
        first.started();
        if (first_has_ended) {
          first.signal(finish("first"));
          (void)first.get();
        }
        std::string got;
        const std::string cause = cause_of([&] {
          auto again = ctx.start(child("second"), second);
          again.started();
          ctx.external("c").signal(finish("second"));
          got = again.get();
        });
        return cause == "none" ? got : cause;
      },
      [](Context& ctx, const std::string& which) {
        return which + " got " + wait_for_finish(ctx, which);
      });
  return family.run();
}

TEST(RefusedChildren, AnIdThatIsTaken) {
  EXPECT_EQ(second_with({.id = "c"}), "refused RP3004");
  EXPECT_EQ(second_with({.id = "c", .id_conflict = IdConflict::kUseExisting}), "first got second");
  EXPECT_EQ(second_with({.id = "c", .id_conflict = IdConflict::kTerminateExisting}),
            "second got second");
  EXPECT_EQ(second_with({.id = "c"}, true), "second got second");
  EXPECT_EQ(second_with({.id = "c", .id_reuse = IdReuse::kReject}, true), "refused RP3004");
  EXPECT_EQ(second_with({.id = "c", .id_reuse = IdReuse::kAllowUnlessCompleted}, true),
            "refused RP3004");
}

// Each would wait for the other's end, and that for the start.
TEST(RefusedChildren, RunsThatWouldReplaceEachOther) {
  for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
    Family family(
        [](Context& ctx, const std::string& other) {
          (void)ctx.inbox(go).next().get();
          auto again =
              ctx.start(child(""), {.id = other, .id_conflict = IdConflict::kTerminateExisting});
          return cause_of([&] { again.started(); });
        },
        echo, {.crash = crash});
    const auto a = family.env.start(parent("b"), {.id = "a"});
    const auto b = family.env.start(parent("a"), {.id = "b"});
    const auto itself = family.env.start(parent("c"), {.id = "c"});
    itself.signal(go(""));
    EXPECT_EQ(itself.result(), "refused RP3004");
    auto submitted = a.submit_signal(go(""));
    b.signal(go(""));
    submitted.delivered();
    family.env.skip(1s);
    EXPECT_NE(a.describe().status, RunStatus::kRunning);
    EXPECT_NE(b.describe().status, RunStatus::kRunning);
  }
}

TEST(RefusedChildren, AClosedRunThatIsUsedGivesItsResult) {
  Family family(
      [](Context& ctx, const std::string&) {
        (void)ctx.call(child("one"), {.id = "c"});
        return ctx.call(child("two"), {.id = "c", .id_reuse = IdReuse::kUseExisting});
      },
      echo);
  EXPECT_EQ(family.run(), "one");
}

TEST(RefusedChildren, OneThatExistedIsNotTouchedByTheEndOfTheOther) {
  Family family(
      [](Context& ctx, const std::string&) {
        auto used = ctx.start(child(""), {.id = "c", .id_conflict = IdConflict::kUseExisting});
        used.started();
        return used.run_id();
      },
      wait_for_finish);
  const auto existing = family.env.start(child(""), {.id = "c"});
  EXPECT_EQ(family.run(), existing.run_id());
  EXPECT_EQ(existing.describe().status, RunStatus::kRunning);
  EXPECT_EQ(existing.describe().parent_workflow_id, "");
  existing.signal(finish("fine"));
  EXPECT_EQ(existing.result(), "fine");
}

// Its parent ends when it is known whether it has begun, and it would begin when that has ended.
TEST(RefusedChildren, OneThatWouldReplaceItsParent) {
  Family family(
      [](Context& ctx, const std::string&) {
        return cause_of([&] {
          (void)ctx.call(child(""), {.id = "p", .id_conflict = IdConflict::kTerminateExisting});
        });
      },
      echo);
  EXPECT_EQ(family.run(), "refused RP3004");
}

TEST(RefusedChildren, AWorkflowThatNobodyImplements) {
  Env env;
  env.implement(parent, [](Context& ctx, const std::string&) {
    auto unknown = ctx.start(child(""), {.id = "c"});
    return cause_of([&] { unknown.started(); }) + ", " + cause_of([&] { (void)unknown.run_id(); }) +
           ", " + cause_of([&] { unknown.signal(go("x")); }) + ", " +
           cause_of([&] { (void)unknown.get(); });
  });
  EXPECT_EQ(env.start(parent(""), {.id = "p"}).result(),
            "refused RP2003, refused RP2003, refused RP2003, refused RP2003");
}

TEST(RefusedChildren, TooManyRunsAboveOne) {
  Env env;
  env.implement(child, [](Context& ctx, const std::string& depth) -> std::string {
    try {
      return ctx.call(child(std::to_string(std::stoi(depth) + 1)));
    } catch (const ChildFailure& failure) {
      if (failure.cause_as<StartRefusedFailure>() == nullptr) throw;
      return depth + ": " + failure.what();
    }
  });
  EXPECT_THAT(env.start(child("0")).result(),
              ::testing::AllOf(::testing::StartsWith("32: "), HasSubstr("child_depth = 32")));
}

TEST(RefusedChildren, BadOptionsAreThrownBeforeAnythingIsRecorded) {
  Family family(
      [](Context& ctx, const std::string&) {
        const auto code_of = [&](const ChildOptions& options) -> std::string {
          try {
            (void)ctx.start(child(""), options);
            return "taken";
          } catch (const Error& error) {
            return std::string(error.code());
          }
        };
        std::string codes;
        codes += code_of({.id = std::string(kMaxIdBytes + 1, 'x')}) + " ";
        codes += code_of({.id = "\xff"}) + " ";
        const std::string long_queue(kMaxIdBytes + 1, 'q');
        codes += code_of({.task_queue = long_queue}) + " ";
        codes += code_of({.run_timeout = -1ms}) + " ";
        codes += code_of({.execution_timeout = -1ms}) + " ";
        codes += code_of({.retry = RetryPolicy{.backoff_coefficient = 0.5}}) + " ";
        codes += code_of({.settings = {Value<int>("")(1)}}) + " ";
        try {
          (void)ctx.start(child(std::string(kMaxPayloadBytes, 'x')));
        } catch (const Error& error) {
          codes += error.code();
        }
        return codes;
      },
      echo);
  EXPECT_EQ(family.run(), "RP3003 RP3003 RP3003 RP3010 RP3010 RP3010 RP3003 RP3002");
  EXPECT_EQ(count(family.env.client().attach(parent, "p").history(), "ChildScheduled"), 0);
}

TEST(RefusedChildren, SettingsBeyondTheLimitsRefuseTheStart) {
  Family family(
      [](Context& ctx, const std::string&) {
        ChildOptions options{.id = "c"};
        options.settings.push_back(Value<std::string>("much")(std::string(70'000, 'x')));
        return cause_of([&] { (void)ctx.call(child(""), options); });
      },
      echo);
  EXPECT_EQ(family.run(), "refused RP3010");
}

}  // namespace
}  // namespace reprise::refused_children_test
