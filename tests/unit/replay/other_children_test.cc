// Code that does something else with children than the log says.
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/replay/child_runs.h"

namespace reprise::testing::other_children_test {
namespace {

using replay::CancelMode;
using replay::StartedChild;
using replay::TurnEnd;
using Kind = replay::Mismatch::Kind;

struct Other {
  std::string name;
  std::function<void(Execution&)> now;
  Kind kind;
};

TEST(ChildrenReplay, CodeThatStartsSomethingElseIsParked) {
  const Other others[] = {
      {"another id", [](Execution& e) { (void)start_child(e, "d"); }, Kind::kOtherReceiver},
      {"an id of its own", [](Execution& e) { (void)start_child(e, ""); }, Kind::kOtherReceiver},
      {"another workflow",
       [](Execution& e) { (void)start_child(e, "c", CancelMode::kWait, "other"); },
       Kind::kOtherName},
      {"an activity", [](Execution& e) { (void)schedule(e, "child"); }, Kind::kOtherKind},
      {"nothing", [](Execution&) {}, Kind::kMissing},
  };
  for (const Other& other : others) {
    SCOPED_TRACE(other.name);
    ScriptedRun run([](Execution& e) {
      (void)start_child(e);
      wait_for(e, "never");
      return ends_with("");
    });
    run.start();
    run.change_code([&](Execution& e) {
      other.now(e);
      wait_for(e, "never");
      return ends_with("");
    });
    EXPECT_EQ(run.replay(), TurnEnd::kParked);
    EXPECT_EQ(run.execution().trouble().mismatch->kind, other.kind);
  }
}

// A mode is no part of the log: it shows in what a cancellation does.
TEST(ChildrenReplay, ACancellationThatIsMissingOrNewIsFound) {
  const auto code = [](bool cancels, CancelMode mode) -> Body {
    return [cancels, mode](Execution& e) {
      const StartedChild child = start_child(e, "c", mode);
      if (cancels) e.cancel(*child.end, at(20));
      wait_for(e, "never");
      return ends_with("");
    };
  };
  struct Case {
    Body recorded;
    Body now;
    Kind kind;
  };
  const Case cases[] = {
      {code(true, CancelMode::kWait), code(false, CancelMode::kWait), Kind::kMissing},
      {code(true, CancelMode::kTry), code(true, CancelMode::kAbandon), Kind::kMissing},
      {code(false, CancelMode::kWait), code(true, CancelMode::kWait), Kind::kExtra},
      {code(true, CancelMode::kAbandon), code(true, CancelMode::kTry), Kind::kExtra},
  };
  for (const Case& each : cases) {
    ScriptedRun run(each.recorded);
    run.start();
    run.turn({child_started()});
    run.change_code(each.now);
    EXPECT_EQ(run.replay(), TurnEnd::kParked);
    EXPECT_EQ(run.execution().trouble().mismatch->kind, each.kind);
    // start, the child, then its beginning: the command in question is the fourth event
    EXPECT_EQ(run.execution().trouble().mismatch->event, 4U);
  }
}

TEST(ChildrenReplay, InStrictModeArgumentsAndOptionsCount) {
  const auto code = [](const std::function<void(proto::ChildScheduled&)>& change) -> Body {
    return [change](Execution& e) {
      proto::ChildScheduled child;
      child.set_workflow("child");
      change(child);
      return ends_with(outcome(e, e.start_child(as(child), CancelMode::kWait, at(7)).end));
    };
  };
  const std::function<void(proto::ChildScheduled&)> changes[] = {
      [](auto& child) { child.set_input("other"); },
      [](auto& child) { child.set_task_queue("other"); },
      [](auto& child) { child.set_on_parent_close(proto::ChildScheduled::ABANDON); },
      [](auto& child) { child.set_id_reuse(proto::ChildScheduled::REJECT); },
      [](auto& child) { child.set_id_conflict(proto::ChildScheduled::USE_RUNNING); },
      [](auto& child) { child.set_run_timeout_ms(7); },
      [](auto& child) { child.add_settings()->set_name("stage"); },
  };
  for (const auto& change : changes) {
    for (const bool strict : {false, true}) {
      ScriptedRun run(code([](auto&) {}), {.strict = strict});
      run.start();
      run.change_code(code(change));
      EXPECT_EQ(run.replay(), strict ? TurnEnd::kParked : TurnEnd::kBlocked);
      if (!strict) continue;
      EXPECT_EQ(run.execution().trouble().mismatch->kind, Kind::kChangedInput);
    }
  }
}

}  // namespace
}  // namespace reprise::testing::other_children_test
