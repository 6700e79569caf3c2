// Suggestions of verify(): edits that keep runs going, and the state of each change.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sdk/verify_fixture.h"

namespace reprise::verify_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::SizeIs;

struct Change {
  std::string name;
  Code before;
  Code after;
  std::string edit;  // a part of it
};

int value_of(Context&, const int& value) {
  return value;
}

const Change kChanges[] = {
    {"Added", [](Context& ctx, const int&) { return wait_for_go(ctx); },
     [](Context& ctx, const int& value) {
       ctx.call(charge(value));
       return wait_for_go(ctx);
     },
     "if (ctx.patched(\"add-charge\")) {\n  // the new call: activity 'charge' "
     "(sdk/verify_"},
    {"AddedBeforeAnother", run_order,
     [](Context& ctx, const int& value) {
       ctx.call(charge(value));
       return run_order(ctx, value);
     },
     "if (ctx.patched(\"change-pick\")) {\n  // the code as it is: activity 'charge'"},
    {"Removed", run_order,
     [](Context& ctx, const int& value) {
       ctx.call(ship(value));
       return wait_for_go(ctx);
     },
     "if (!ctx.patched(\"remove-pick\")) {\n  // the old call: activity 'pick'"},
    {"RemovedBeforeAWait", run_order,
     [](Context& ctx, const int& value) {
       ctx.call(pick(value));
       return wait_for_go(ctx);
     },
     "if (!ctx.patched(\"remove-ship\")) {\n  // the old call: activity 'ship'"},
    {"EndsEarlier", run_order, value_of,
     "if (!ctx.patched(\"remove-pick\")) {\n  // the old call: activity 'pick'"},
    {"Timer", [](Context& ctx, const int&) { return wait_for_go(ctx); },
     [](Context& ctx, const int&) {
       ctx.sleep(24h);
       return wait_for_go(ctx);
     },
     "if (ctx.patched(\"add-timer\")) {\n  // the new call: TimerStarted 24h"},
    {"TheNameIsTaken",
     [](Context& ctx, const int&) {
       ctx.patched("add-charge");
       return wait_for_go(ctx);
     },
     [](Context& ctx, const int& value) {
       ctx.patched("add-charge");
       ctx.call(charge(value));
       return wait_for_go(ctx);
     },
     "if (ctx.patched(\"add-charge-2\"))"},
    {"MarkerRemoved",
     [](Context& ctx, const int& value) {
       ctx.patched("fees");
       return run_order(ctx, value);
     },
     run_order, "ctx.deprecate_patch(\"fees\");"},
    {"DeprecatedTooEarly", run_order,
     [](Context& ctx, const int& value) {
       ctx.deprecate_patch("fees");
       ctx.call(charge(value));
       return run_order(ctx, value);
     },
     "if (ctx.patched(\"fees\")) {\n  // the code as it is: activity 'charge'"},
};

class VerifyEdits : public VerifyTest, public ::testing::WithParamInterface<Change> {};

TEST_P(VerifyEdits, SayWhatKeepsTheRunGoing) {
  const Change& change = GetParam();
  leave(change.before);
  const VerifyReport report = check(change.after);
  ASSERT_THAT(report.groups, SizeIs(1));
  EXPECT_THAT(report.groups[0].edit, HasSubstr(change.edit));
  EXPECT_THAT(report.groups[0].edit_at, HasSubstr("sdk/verify_"));
}

// A run was cancelled while it waited for an activity, and now a Shield is around that: no call of
// the code has given the activity up, so there is no place for an edit.
TEST_F(VerifyTest, NoEditIsProposedForWhatACancellationGaveUp) {
  const Code before = [](Context& ctx, const int&) {
    try {
      ctx.sleep(1h);
    } catch (const CancelledFailure&) {
    }
    const Shield shield(ctx);
    return wait_for_go(ctx);
  };
  {
    Shop shop(store_, before, "default");
    const auto run = shop.start(1, "cancelled");
    run.cancel("by a test");
    shop.settle();
  }
  const VerifyReport report = check([](Context& ctx, const int&) {
    const Shield shield(ctx);
    ctx.sleep(1h);
    return wait_for_go(ctx);
  });
  ASSERT_THAT(report.groups, SizeIs(1));
  EXPECT_EQ(report.groups[0].edit, "");
  EXPECT_EQ(report.groups[0].edit_at, "");
  EXPECT_THAT(report.groups[0].note, HasSubstr("no edit is known"));
}

INSTANTIATE_TEST_SUITE_P(All, VerifyEdits, ::testing::ValuesIn(kChanges), [](const auto& row) {
  return row.param.name;
});

// ---- how far changes are ----------------------------------------------------------------------

class VerifyPatches : public VerifyTest {
 protected:
  // The only change, with the code of this stage.
  VerifyPatch fees(const Code& code) {
    const VerifyReport report = check(code);
    EXPECT_THAT(report.patches, SizeIs(1));
    return report.patches.empty() ? VerifyPatch{} : report.patches[0];
  }
};

TEST_F(VerifyPatches, RunsOnTheOldBranchKeepIt) {
  leave(run_order, 2);
  leave(run_patched, 3, "default", "new-");
  const VerifyPatch patch = fees(run_patched);
  EXPECT_EQ(patch.change_id, "fees");
  EXPECT_EQ(patch.workflow, "order");
  EXPECT_EQ(patch.old_branch, 2U);
  EXPECT_EQ(patch.advice(), "keep both branches: the old one is taken by 2 runs");
  EXPECT_THAT(fees(run_deprecated).advice(), HasSubstr("too early: go back to"));
}

TEST_F(VerifyPatches, WithoutOneTheOldBranchCanGo) {
  leave(run_patched, 3);
  const VerifyPatch patch = fees(run_patched);
  EXPECT_EQ(patch.old_branch, 0U);
  EXPECT_EQ(patch.new_branch, 3U);
  EXPECT_THAT(patch.advice(), HasSubstr("the old branch can go"));
  EXPECT_THAT(fees(run_deprecated).advice(),
              HasSubstr("keep ctx.deprecate_patch(\"fees\"): 3 runs"));
  EXPECT_THAT(fees(run_removed).advice(), HasSubstr("put ctx.deprecate_patch(\"fees\") back"));
}

TEST_F(VerifyPatches, ADeprecatedOneCanBeRemoved) {
  leave(run_deprecated, 3);
  const VerifyPatch patch = fees(run_deprecated);
  EXPECT_EQ(patch.deprecated, 3U);
  EXPECT_THAT(patch.advice(), HasSubstr("can be removed"));
  EXPECT_EQ(check(run_removed).safe, 3U);
  EXPECT_EQ(fees(run_removed).advice(), "removed, and no run misses it");
  EXPECT_EQ(check(run_patched).safe, 3U);
}

TEST_F(VerifyPatches, RunsThatAreNotThereYetDoNotKeepTheOldBranch) {
  const Code late = [](Context& ctx, const int& value) {
    const int first = wait_for_go(ctx);
    if (ctx.patched("fees")) ctx.call(charge(value));
    return first + wait_for_go(ctx);
  };
  {
    Shop shop(store_, late, "default");
    shop.start(0, "not-there");
    const auto sent = shop.start(1, "there").submit_signal(go(1));
    shop.settle();
    sent.delivered();
  }
  const VerifyPatch patch = fees(late);
  EXPECT_EQ(patch.new_branch, 1U);
  EXPECT_EQ(patch.unmarked, 1U);
  EXPECT_THAT(patch.advice(), HasSubstr("the old branch can go"));
}

}  // namespace
}  // namespace reprise::verify_test
