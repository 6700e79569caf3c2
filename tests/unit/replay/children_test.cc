// Child workflows: what is recorded, what becomes of a child whichever of its inputs come, and that
// a run does not end before its children have begun.
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/replay/child_runs.h"

namespace reprise::testing::replay_children_test {
namespace {

using replay::CancelMode;
using replay::StartedChild;
using replay::TurnEnd;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = replay::Mismatch::Kind;

constexpr std::array kModes = {CancelMode::kWait, CancelMode::kTry, CancelMode::kAbandon};

// ---- starts and ends --------------------------------------------------------------------------

TEST(ChildrenReplay, AreRecordedAndAwaited) {
  ScriptedRun run([](Execution& e) {
    const StartedChild child = start_child(e);
    EXPECT_EQ(child.workflow_id, "c");
    return ends_with(outcome(e, child.end));
  });
  EXPECT_EQ(turn(run, {started()}), TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(), ElementsAre("ChildScheduled child as c"));
  const proto::Event& command = run.last().commands(0);
  EXPECT_EQ(command.child_scheduled().id(), 1U);
  EXPECT_EQ(command.child_scheduled().run_id().size(), 16U);
  EXPECT_EQ(command.child_scheduled().input(), "payload");
  EXPECT_EQ(command.call_site().line(), 7U);
  EXPECT_THAT(run.execution().waiting_for(), ElementsAre(HasSubstr("child as c")));
  EXPECT_EQ(turn(run, {child_started()}), TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(), IsEmpty());
  EXPECT_EQ(turn(run, {child_completed()}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "done");
}

TEST(ChildrenReplay, WithoutAnIdAreNamedAfterTheirParentAndTheOperation) {
  ScriptedRun run([](Execution& e) {
    call(e, "first");
    const StartedChild one = start_child(e, "");
    const StartedChild two = start_child(e, "");
    return ends_with(one.workflow_id + " " + two.workflow_id + outcome(e, two.end));
  });
  run.start();
  EXPECT_EQ(turn(run, {activity_completed(1)}), TurnEnd::kBlocked);
  const std::string parent = base::RunId().to_string();
  const auto& one = run.last().commands(0).child_scheduled();
  const auto& two = run.last().commands(1).child_scheduled();
  EXPECT_EQ(one.workflow_id(), parent + "_2");
  EXPECT_EQ(two.workflow_id(), parent + "_3");
  EXPECT_NE(one.run_id(), two.run_id());
}

// A turn that was not recorded because the process died is made again.
TEST(ChildrenReplay, HaveTheSameRunIdWhenTheirTurnIsMadeAgain) {
  const Body code = [](Execution& e) { return ends_with(outcome(e, start_child(e).end)); };
  ScriptedRun once(code);
  ScriptedRun again(code);
  once.start();
  again.start();
  EXPECT_EQ(once.last().SerializeAsString(), again.last().SerializeAsString());
}

// It is decided in the command, so that it can be made in another way some day.
TEST(ChildrenReplay, HaveTheRunIdThatTheLogSays) {
  std::string seen;
  ScriptedRun run([&](Execution& e) {
    const StartedChild child = start_child(e);
    seen = outcome(e, child.start);
    return ends_with(outcome(e, child.end));
  });
  run.start();
  run.history()[0].mutable_commands(0)->mutable_child_scheduled()->set_run_id(std::string(16, 'x'));
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(turn(run, {child_completed()}), TurnEnd::kClosed);
  EXPECT_EQ(seen, std::string(16, 'x'));
}

struct Ending {
  std::vector<proto::Event> inputs;
  std::string start;  // "log": the run id of the command
  std::string end;
};

TEST(ChildrenReplay, EndWithOrWithoutABeginning) {
  const Ending endings[] = {
      {{child_started(), child_completed()}, kRunOfChild, "done"},
      {{child_completed()}, "log", "done"},
      {{child_started(), child_failed()}, kRunOfChild, "failed: broken"},
      {{child_failed()}, "log", "failed: broken"},
      {{child_failed(1, true)}, "failed: taken", "failed: taken"},
      // What came first counts.
      {{child_completed(), child_started(), child_failed(1, true)}, "log", "done"},
      {{child_failed(1, true), child_started(), child_completed()},
       "failed: taken",
       "failed: taken"},
      {{child_started(), child_started(), child_completed(), child_completed(1, "twice")},
       kRunOfChild,
       "done"},
  };
  for (const Ending& ending : endings) {
    for (const bool in_one_turn : {false, true}) {
      SCOPED_TRACE(ending.start + ", " + ending.end);
      std::string start;
      ScriptedRun run([&](Execution& e) {
        const StartedChild child = start_child(e);
        start = outcome(e, child.start);
        const std::string end = outcome(e, child.end);
        wait_for(e, "stop");
        return ends_with(end);
      });
      run.start();
      if (in_one_turn) {
        EXPECT_EQ(turn(run, ending.inputs), TurnEnd::kBlocked);
      } else {
        for (const auto& input : ending.inputs) EXPECT_EQ(turn(run, {input}), TurnEnd::kBlocked);
      }
      EXPECT_EQ(turn(run, {signal("stop")}), TurnEnd::kClosed);
      EXPECT_EQ(result_of(run), ending.end);
      const std::string in_log = run.history()[0].commands(0).child_scheduled().run_id();
      EXPECT_EQ(start, ending.start == "log" ? in_log : ending.start);
    }
  }
}

TEST(ChildrenReplay, TheEarlierOneInTheLogWins) {
  ScriptedRun run([](Execution& e) {
    const StartedChild one = start_child(e, "c1");
    const StartedChild two = start_child(e, "c2");
    replay::Operation* const all[] = {one.end.get(), two.end.get(), one.start.get()};
    return ends_with(std::to_string(*e.wait_first(all)));
  });
  run.start();
  EXPECT_EQ(turn(run, {child_failed(2), child_started(1), child_completed(1)}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "1");
}

TEST(ChildrenReplay, KnowTheirParent) {
  for (const std::string& id : {std::string("order-7"), std::string()}) {
    ScriptedRun run([](Execution& e) { return ends_with(e.info().parent_workflow_id); });
    proto::Event start = started();
    auto* parent = start.mutable_run_started()->mutable_parent();
    parent->set_run_id(kRunOfChild);
    parent->set_workflow_id(id);
    EXPECT_EQ(turn(run, {start}), TurnEnd::kClosed);
    const auto run_id = base::RunId::from_bytes(kRunOfChild);
    EXPECT_EQ(result_of(run), id.empty() ? run_id->to_string() : id);
    EXPECT_EQ(run.execution().info().parent_run_id, *run_id);
  }
}

// ---- the end of the run -----------------------------------------------------------------------

TEST(ChildrenReplay, ARunEndsWhenAllOfThemHaveBegun) {
  for (const bool fails : {false, true}) {
    ScriptedRun run([&](Execution& e) {
      for (const char* id : {"a", "b", "c"}) (void)start_child(e, id);
      proto::Failure failure;
      failure.set_message("broken");
      return fails ? Outcome::failed(failure) : ends_with("over");
    });
    run.start();
    EXPECT_EQ(turn(run, {child_failed(2, true)}), TurnEnd::kBlocked);
    EXPECT_EQ(turn(run, {child_completed(3)}), TurnEnd::kBlocked);
    EXPECT_EQ(turn(run, {child_started(1)}), TurnEnd::kClosed);
    EXPECT_THAT(run.commands(), ElementsAre(fails ? "RunFailed" : "RunCompleted"));
  }
}

TEST(ChildrenReplay, ThoseThatHaveBegunDoNotHoldItUp) {
  ScriptedRun run([](Execution& e) {
    (void)outcome(e, start_child(e).start);
    return ends_with("over");
  });
  run.start();
  EXPECT_EQ(turn(run, {child_started()}), TurnEnd::kClosed);
}

TEST(ChildrenReplay, WhileTheRunEndsNoOtherCodeRuns) {
  int ran = 0;
  ScriptedRun run([&](Execution& e) {
    StartedChild child;
    const auto other = e.spawn([&] {
      (void)outcome(e, child.end);
      ++ran;
    });
    const auto handler = e.spawn([&] {
      wait_for(e, "go");
      ++ran;
    });
    child = start_child(e);
    return ends_with("over");
  });
  run.start();
  EXPECT_EQ(turn(run, {signal("go"), child_completed()}), TurnEnd::kClosed);
  EXPECT_EQ(ran, 0);
}

// The child is asked when it has begun, and the run ends when it has got that.
TEST(ChildrenReplay, ACancellationThatIsDueIsSentWhileTheRunEnds) {
  for (const CancelMode mode : {CancelMode::kWait, CancelMode::kTry}) {
    ScriptedRun run([&](Execution& e) {
      for (const char* id : {"a", "b"}) e.cancel(*start_child(e, id, mode).end, at(20));
      return ends_with("over");
    });
    EXPECT_EQ(turn(run, {started()}), TurnEnd::kBlocked);
    EXPECT_THAT(run.commands(),
                ElementsAre("ChildScheduled child as a", "ChildScheduled child as b"));
    EXPECT_EQ(turn(run, {child_started(1)}), TurnEnd::kBlocked);
    EXPECT_THAT(run.commands(), ElementsAre("CancelSent to a"));
    EXPECT_EQ(turn(run, {child_started(2), delivered(3)}), TurnEnd::kBlocked);
    EXPECT_THAT(run.commands(), ElementsAre("CancelSent to b"));
    EXPECT_EQ(turn(run, {delivered(4)}), TurnEnd::kClosed);
    EXPECT_THAT(run.commands(), ElementsAre("RunCompleted"));
  }
}

TEST(ChildrenReplay, ACancellationOfTheRunWhileItEndsDoesNotReachThem) {
  ScriptedRun run([](Execution& e) -> Outcome {
    (void)start_child(e);
    proto::RunContinuedAsNew next;
    next.set_workflow("next");
    e.continue_as_new(as(next), at(9));
  });
  run.start();
  EXPECT_EQ(turn(run, {signal("late"), cancel_requested()}), TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(), IsEmpty());
  EXPECT_EQ(run.turn({child_started()}), TurnEnd::kClosed);
  EXPECT_THAT(run.commands(), ElementsAre("RunContinuedAsNew next"));
  const auto unread = run.execution().take_unread().inputs;
  ASSERT_EQ(unread.size(), 2U);
  EXPECT_TRUE(unread[0].has_signal_received());
  EXPECT_TRUE(unread[1].has_cancel_requested());
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(ChildrenReplay, ATerminatedRunIsOverAtOnce) {
  for (const CancelMode mode : kModes) {
    ScriptedRun run([&](Execution& e) {
      const StartedChild child = start_child(e, "c", mode);
      e.cancel(*child.end, at(20));
      wait_for(e, "never");
      return ends_with("");
    });
    run.start();
    proto::Event terminated;
    terminated.mutable_run_terminated();
    EXPECT_EQ(turn(run, {terminated, child_started()}), TurnEnd::kClosed);
    EXPECT_EQ(run.last().inputs_size(), 1) << "what comes after the end is not recorded";
    EXPECT_THAT(run.commands(), IsEmpty());
  }
}

// ---- inputs that nothing asked for ------------------------------------------------------------

TEST(ChildrenReplay, AnInputForAChildThatWasNeverMadeParksTheRun) {
  for (const std::uint32_t id : {0U, 2U, 4'000'000'000U}) {
    for (const proto::Event& input :
         {child_started(id), child_completed(id), child_failed(id), child_failed(id, true)}) {
      ScriptedRun run([](Execution& e) { return ends_with(outcome(e, start_child(e).end)); });
      run.start();
      EXPECT_EQ(run.turn({input}), TurnEnd::kParked);
      EXPECT_EQ(run.execution().trouble().code, base::ErrorCode::kNondeterminism);
      EXPECT_EQ(run.execution().trouble().mismatch->kind, Kind::kOrphanInput);
    }
  }
}

TEST(ChildrenReplay, AnInputForAnotherOperationIsIgnored) {
  ScriptedRun run([](Execution& e) { return ends_with(call(e, "work")); });
  run.start();
  EXPECT_EQ(turn(run, {child_started(), child_failed(1, true), child_completed()}),
            TurnEnd::kBlocked);
  EXPECT_EQ(turn(run, {activity_completed(1, "worked")}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "worked");
}

// ---- limits -----------------------------------------------------------------------------------

TEST(ChildrenReplay, CountAsPendingThoughTheCodeHasGivenThemUp) {
  for (const bool given_up : {false, true}) {
    const Body three = [given_up](Execution& e) {
      for (const char* id : {"a", "b", "c"}) {
        const StartedChild child = start_child(e, id, CancelMode::kAbandon);
        if (given_up) e.cancel(*child.end, at(20));
      }
      return ends_with("over");
    };
    ScriptedRun run(three, {.pending_operations = 2});
    EXPECT_EQ(run.start(), TurnEnd::kParked);
    EXPECT_EQ(run.execution().trouble().code, base::ErrorCode::kRunLimit);
    EXPECT_THAT(run.execution().trouble().report, HasSubstr("pending_operations = 2"));
    ScriptedRun enough(three, {.pending_operations = 3});
    EXPECT_EQ(enough.start(), TurnEnd::kBlocked);
    enough.change_options(
        [](replay::ExecutionOptions& options) { options.pending_operations = 1; });
    EXPECT_EQ(enough.replay(), TurnEnd::kBlocked) << "what was recorded stays valid";
  }
}

TEST(ChildrenReplay, CountNoMoreWhenTheyHaveEnded) {
  ScriptedRun run(
      [](Execution& e) {
        for (int i = 0; i < 5; ++i) {
          const StartedChild child = start_child(e, "c", CancelMode::kAbandon);
          e.cancel(*child.end, at(20));
          wait_for(e, "go");
        }
        return ends_with("over");
      },
      {.pending_operations = 1});
  run.start();
  for (std::uint32_t id = 1; id < 5; ++id) {
    EXPECT_EQ(turn(run, {child_completed(id), signal("go")}), TurnEnd::kBlocked);
  }
  EXPECT_EQ(turn(run, {child_completed(5), signal("go")}), TurnEnd::kClosed);
}

TEST(ChildrenReplay, TheirArgumentsCountAsBytesOfTheTurn) {
  const Body code = [](Execution& e) {
    proto::ChildScheduled child;
    child.set_workflow("child");
    child.set_input(std::string(1'000, 'x'));
    return ends_with(outcome(e, e.start_child(as(child), CancelMode::kWait, at(7)).end));
  };
  ScriptedRun small(code, {.turn_bytes = 1'000});
  EXPECT_EQ(small.start(), TurnEnd::kParked);
  EXPECT_EQ(small.execution().trouble().code, base::ErrorCode::kRunLimit);
  ScriptedRun enough(code, {.turn_bytes = 2'000});
  EXPECT_EQ(enough.start(), TurnEnd::kBlocked);
}

}  // namespace
}  // namespace reprise::testing::replay_children_test
