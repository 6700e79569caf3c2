#include <new>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replay/strand.h"
#include "tests/support/scripted_run.h"

namespace reprise::testing::execution_test {
namespace {

using replay::TurnEnd;
using replay::Waited;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Outcome done(std::string result) {
  return Outcome::success(std::move(result));
}

// Two statements: within one expression compilers are free to make the second call first.
Outcome a_then_b(Execution& e) {
  const std::string a = call(e, "a");
  return done(a + call(e, "b"));
}

TEST(Execution, RunsToItsFirstWaitAndOn) {
  ScriptedRun run(a_then_b);
  EXPECT_EQ(run.start(), TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(), ElementsAre("ActivityScheduled a"));
  EXPECT_EQ(run.turn({activity_completed(1, "x")}), TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(), ElementsAre("ActivityScheduled b"));
  EXPECT_EQ(run.turn({activity_completed(2, "y")}), TurnEnd::kClosed);
  EXPECT_EQ(run.last().commands(0).run_completed().result(), "xy");
}

TEST(Execution, RecordsWhereACommandWasAskedFor) {
  ScriptedRun run([](Execution& e) { return done(call(e, "a", 17)); });
  run.start();
  EXPECT_EQ(run.last().commands(0).call_site().file(), "tests/workflow.cc");
  EXPECT_EQ(run.last().commands(0).call_site().line(), 17u);
}

// The facts for the report of a crash in the code.
TEST(Execution, AStrandKnowsItsNumberAndItsLastCall) {
  std::vector<replay::Strand::Label> labels;
  const auto look = [&labels] { labels.push_back(replay::Strand::current()->label()); };
  ScriptedRun run([&](Execution& e) {
    look();
    const auto child = e.spawn([&] {
      call(e, "b", 23);
      look();
    });
    call(e, "a", 17);
    look();
    e.wait(*child);
    return done("");
  });
  run.start();
  run.turn({activity_completed(2), activity_completed(1)});
  ASSERT_EQ(labels.size(), 3u);
  EXPECT_EQ(labels[0].number, 1u);
  EXPECT_EQ(labels[0].last_call.line, 0u);
  EXPECT_EQ(labels[1].number, 2u);
  EXPECT_EQ(labels[1].last_call.line, 23u);
  EXPECT_EQ(labels[2].number, 1u);
  EXPECT_EQ(labels[2].last_call.line, 17u);
}

TEST(Execution, ReplayReachesTheSameStateWithoutNewCommands) {
  ScriptedRun run(a_then_b);
  run.start();
  run.turn({activity_completed(1, "x")});
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({activity_completed(2, "y")}), TurnEnd::kClosed);
  EXPECT_EQ(run.last().commands(0).run_completed().result(), "xy");
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Execution, AFailureReturnedByTheCodeFailsTheRun) {
  ScriptedRun run([](Execution&) {
    proto::Failure failure;
    failure.set_kind(proto::Failure::APPLICATION);
    failure.set_type("Declined");
    return Outcome::failed(failure);
  });
  EXPECT_EQ(run.start(), TurnEnd::kClosed);
  EXPECT_EQ(run.last().commands(0).run_failed().failure().type(), "Declined");
}

TEST(Execution, AnyOtherExceptionParksTheRun) {
  ScriptedRun run([](Execution& e) -> Outcome {
    call(e, "a");
    throw std::out_of_range("index 7");
  });
  run.start();
  EXPECT_EQ(run.turn({activity_completed(1)}), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().code, base::ErrorCode::kWorkflowBug);
  EXPECT_THAT(run.execution().trouble().report, HasSubstr("std::out_of_range: index 7"));
}

// Memory that user code asked for is the user's matter...
TEST(Execution, AnAllocationOfTheCodeThatFailsParksTheRun) {
  ScriptedRun run([](Execution& e) -> Outcome {
    call(e, "a");
    throw std::bad_alloc();
  });
  run.start();
  EXPECT_EQ(run.turn({activity_completed(1)}), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().code, base::ErrorCode::kWorkflowBug);
}

TEST(Execution, AnAllocationOfASideEffectThatFailsParksTheRun) {
  ScriptedRun run([](Execution& e) {
    e.side_effect([]() -> std::string { throw std::bad_alloc(); }, at(1));
    return Outcome();
  });
  EXPECT_EQ(run.start(), TurnEnd::kParked);
}

// ...but a half-made command must not reach code that catches exceptions, nor the log.
TEST(ExecutionDeathTest, AnAllocationOfADurableCallThatFailsEndsTheProcess) {
  ScriptedRun run([](Execution& e) {
    try {
      e.schedule_activity([](proto::ActivityScheduled&) { throw std::bad_alloc(); }, at(1));
    } catch (const std::exception&) {
      call(e, "instead");
    }
    return Outcome();
  });
  EXPECT_EXIT(run.start(), ::testing::ExitedWithCode(71), "out of memory");
}

TEST(Execution, AParkedRunGoesOnWithFixedCode) {
  ScriptedRun run([](Execution& e) -> Outcome {
    call(e, "a");
    throw std::logic_error("bug");
  });
  run.start();
  EXPECT_EQ(run.turn({activity_completed(1, "x")}), TurnEnd::kParked);
  run.defer({activity_completed(1, "x")});  // what the engine does: nothing is lost
  run.change_code([](Execution& e) { return done(call(e, "a")); });
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({}), TurnEnd::kClosed);
  EXPECT_EQ(run.last().commands(0).run_completed().result(), "x");
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

// A timer fired while the code could not run, and the clock was set back before it could again.
TEST(Execution, CodeNeverSeesATimeBeforeOneThatIsRecorded) {
  ScriptedRun run([](Execution& e) {
    e.wait(*e.start_timer(base::Duration(9'000), at(1)));
    return Outcome::success(std::to_string(base::to_ms(e.now())));
  });
  run.start();
  proto::Turn fired;
  fired.set_time_ms(10'000);
  fired.set_without_code(true);
  *fired.add_inputs() = timer_fired(1);
  (void)run.execution().replay_turn(fired);
  run.history().push_back(fired);
  ASSERT_EQ(run.turn({}), TurnEnd::kClosed);  // at 3,000
  EXPECT_EQ(run.last().commands(0).run_completed().result(), "10000");
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Execution, DeferredInputsComeBeforeTheTurnsOwn) {
  ScriptedRun run([](Execution& e) {
    const auto first = e.next_signal("s");
    const auto second = e.next_signal("s");
    e.wait(*first);
    e.wait(*second);
    return done(first->outcome().payload() + second->outcome().payload());
  });
  run.start();
  run.defer({signal("s", "1")});
  EXPECT_EQ(run.turn({signal("s", "2")}), TurnEnd::kClosed);
  EXPECT_EQ(run.last().commands(0).run_completed().result(), "12");
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

// It may have to stay in memory for a while, when a step is under way on one of its stacks.
TEST(Execution, AParkedExecutionAnswersNoQueries) {
  std::string state = "recorded";  // as a member of a workflow class: it outlives the strand
  ScriptedRun run([&state](Execution& e) -> Outcome {
    e.answer("state", [&](std::string_view) -> base::Result<std::string> { return state; });
    e.wait(*e.next_signal("go"));
    state = "not recorded";
    throw std::logic_error("a bug");
  });
  run.start();
  EXPECT_EQ(*run.execution().query("state", {}), "recorded");
  EXPECT_EQ(run.turn({signal("go")}), TurnEnd::kParked);
  const auto answer = run.execution().query("state", {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::ErrorCode::kWorkflowBug);
}

TEST(Execution, InputsBehindTheEndAreNotPartOfTheTurn) {
  ScriptedRun run([](Execution& e) {
    const auto s = e.next_signal("go");
    e.wait(*s);
    return done("");
  });
  run.start();
  EXPECT_EQ(run.turn({signal("go"), signal("late")}), TurnEnd::kClosed);
  EXPECT_EQ(run.last().inputs_size(), 1);
}

// ---- waiting ----------------------------------------------------------------------------------

TEST(Execution, FirstOfIsDecidedByTheLogNotByPolling) {
  ScriptedRun run([](Execution& e) {
    const auto a = schedule(e, "a");
    const auto b = schedule(e, "b");
    const auto last = schedule(e, "c");
    e.wait(*last);  // both others complete meanwhile
    replay::Operation* const both[] = {a.get(), b.get()};
    return done(std::to_string(*e.wait_first(both)));
  });
  run.start();
  run.turn({activity_completed(2), activity_completed(1), activity_completed(3)});
  EXPECT_EQ(run.last().commands(0).run_completed().result(), "1");
}

TEST(Execution, ASignalThatWaitedCompletesByItsArrival) {
  ScriptedRun run([](Execution& e) {
    const auto a = schedule(e, "a");
    const auto gate = schedule(e, "gate");
    e.wait(*gate);
    const auto s = e.next_signal("s");
    replay::Operation* const both[] = {a.get(), s.get()};
    return done(std::to_string(*e.wait_first(both)));
  });
  run.start();
  run.turn({signal("s"), activity_completed(1), activity_completed(2)});
  EXPECT_EQ(run.last().commands(0).run_completed().result(), "1");
}

TEST(Execution, SignalsKeepTheirOrder) {
  ScriptedRun run([](Execution& e) {
    std::string all;
    for (int i = 0; i < 3; ++i) {
      const auto s = e.next_signal("s");
      e.wait(*s);
      all += s->take_outcome().payload();
    }
    return done(all);
  });
  run.turn({started(), signal("s", "1"), signal("s", "2")});
  EXPECT_EQ(run.turn({signal("s", "3")}), TurnEnd::kClosed);
  EXPECT_EQ(run.last().commands(0).run_completed().result(), "123");
}

TEST(Execution, ASignalHandedOutAndNotReadGoesBack) {
  ScriptedRun run([](Execution& e) {
    { const auto unread = e.next_signal("s"); }
    const auto s = e.next_signal("s");
    e.wait(*s);
    return done(s->take_outcome().payload());
  });
  EXPECT_EQ(run.turn({started(), signal("s", "1")}), TurnEnd::kClosed);
  EXPECT_EQ(run.last().commands(0).run_completed().result(), "1");
}

TEST(Execution, ASignalThatIsGivenBackGoesToWhoWaits) {
  std::string order;
  ScriptedRun run([&order](Execution& e) {
    auto unread = e.next_signal("s");
    const auto other = e.spawn([&] {
      const auto mine = e.next_signal("s");
      e.wait(*mine);
      order += mine->take_outcome().payload();
    });
    call(e, "a");
    unread = {};
    call(e, "b");
    return done("");
  });
  run.start();
  run.turn({signal("s", "1")});
  run.turn({activity_completed(1)});
  EXPECT_EQ(order, "1");
}

TEST(Execution, WaitUntilSeesWhatOtherStrandsDo) {
  ScriptedRun run([](Execution& e) {
    int count = 0;
    const auto other = e.spawn([&] {
      call(e, "a");
      ++count;
      call(e, "b");
      ++count;
    });
    e.wait_until([&] { return count == 2; }, nullptr, {});
    return done(std::to_string(count));
  });
  run.start();
  EXPECT_EQ(run.turn({activity_completed(1)}), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({activity_completed(2)}), TurnEnd::kClosed);
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Execution, ConditionsMayDependOnEachOther) {
  ScriptedRun run([](Execution& e) {
    bool first = false;
    bool second = false;
    bool third = false;
    const auto c = e.spawn([&] {
      e.wait_until([&] { return second; }, nullptr, {});
      third = true;
    });
    const auto b = e.spawn([&] {
      e.wait_until([&] { return first; }, nullptr, {});
      second = true;
    });
    call(e, "a");
    first = true;
    e.wait_until([&] { return third; }, nullptr, {});
    return done("");
  });
  run.start();
  EXPECT_EQ(run.turn({activity_completed(1)}), TurnEnd::kClosed);
}

TEST(Execution, WaitUntilTimesOutByTheLog) {
  ScriptedRun run([](Execution& e) {
    const auto limit = e.start_timer(base::Duration(5), {});
    const Waited waited = e.wait_until([] { return false; }, limit.get(), {});
    return done(waited == Waited::kTimedOut ? "timed out" : "?");
  });
  run.start();
  EXPECT_EQ(run.turn({timer_fired(1)}), TurnEnd::kClosed);
  EXPECT_EQ(run.last().commands(0).run_completed().result(), "timed out");
}

TEST(Execution, WaitUntilCancelsItsTimerWhenItIsNotNeeded) {
  ScriptedRun run([](Execution& e) {
    const auto limit = e.start_timer(base::Duration(5), {});
    bool arrived = false;
    const auto other = e.spawn([&] {
      call(e, "a");
      arrived = true;
    });
    e.wait_until([&] { return arrived; }, limit.get(), {});
    return done("");
  });
  run.start();
  run.turn({activity_completed(2)});
  EXPECT_THAT(run.commands(), ElementsAre("TimerCancelled #1", "RunCompleted"));
}

// ---- strands ----------------------------------------------------------------------------------

TEST(Execution, DroppingASpawnedStrandUnwindsItAtOnce) {
  std::string trace;
  ScriptedRun run([&trace](Execution& e) {
    struct Note {
      std::string& to;
      ~Note() { to += "unwound;"; }
    };
    {
      const auto child = e.spawn([&] {
        const Note note{trace};
        call(e, "never");
      });
      call(e, "a");
    }
    trace += "after;";
    return done("");
  });
  run.start();
  run.turn({activity_completed(1)});
  EXPECT_EQ(trace, "unwound;after;");
}

TEST(Execution, AStepWhoseStrandIsDroppedIsAbandonedInTheLog) {
  std::vector<std::uint32_t> abandoned;
  replay::ExecutionOptions options;
  options.step_abandoned = [&](std::uint32_t id) { abandoned.push_back(id); };
  ScriptedRun run(
      [](Execution& e) {
        {
          const auto child = e.spawn([&] {
            proto::StepScheduled step;
            step.set_name("s");
            e.run_step(as(step), [] { return Outcome(); }, {});
          });
          call(e, "a");
        }
        call(e, "b");
        return done("");
      },
      options);
  run.start();
  EXPECT_THAT(run.commands(), ElementsAre("ActivityScheduled a", "StepScheduled s"));
  EXPECT_TRUE(run.execution().step_body(2).has_value());
  // Its result comes too late, in the very turn that drops the strand.
  run.turn({activity_completed(1), step_completed(2)});
  EXPECT_THAT(run.commands(), ElementsAre("StepAbandoned #2", "ActivityScheduled b"));
  EXPECT_FALSE(run.execution().step_body(2).has_value());
  EXPECT_THAT(abandoned, ElementsAre(2u));
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
}

TEST(Execution, AStepStaysPendingWhenTheRunLeavesMemory) {
  ScriptedRun run([](Execution& e) {
    proto::StepScheduled step;
    step.set_name("s");
    return e.run_step(as(step), [] { return Outcome(); }, {});
  });
  run.start();
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_TRUE(run.execution().step_body(1).has_value());
  EXPECT_EQ(run.turn({step_completed(1, "r")}), TurnEnd::kClosed);
}

TEST(Execution, LeavingMemoryRunsDestructorsInReverse) {
  std::string trace;
  ScriptedRun run([&trace](Execution& e) {
    struct Note {
      std::string& to;
      const char* what;
      ~Note() { to += what; }
    };
    const Note parent{trace, "parent;"};
    const auto child = e.spawn([&] {
      const Note note{trace, "child;"};
      call(e, "b");
    });
    call(e, "a");
    return done("");
  });
  run.start();
  run.drop();
  EXPECT_EQ(trace, "child;parent;");
}

TEST(Execution, ASwallowedEvictionIsThrownAgain) {
  int swallowed = 0;
  ScriptedRun run([&swallowed](Execution& e) {
    for (int i = 0; i < 3; ++i) {
      try {
        call(e, "a");
      } catch (...) {
        ++swallowed;
      }
    }
    return done("");
  });
  run.start();
  run.drop();
  EXPECT_EQ(swallowed, 3);
}

TEST(Execution, WaitsInsideACatchBlock) {
  ScriptedRun run([](Execution& e) {
    try {
      if (call(e, "a") == "failed: no") throw std::runtime_error("no");
    } catch (const std::runtime_error& error) {
      call(e, "undo");
      return done(std::string(error.what()) + (std::current_exception() ? " current" : ""));
    }
    return done("");
  });
  run.start();
  run.turn({activity_failed(1, "no")});
  EXPECT_THAT(run.commands(), ElementsAre("ActivityScheduled undo"));
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  run.turn({activity_completed(2)});
  EXPECT_EQ(run.last().commands(0).run_completed().result(), "no current");
}

// ---- cancellation -----------------------------------------------------------------------------

TEST(Execution, CancellingARunCancelsWhatItWaitsFor) {
  ScriptedRun run([](Execution& e) {
    const auto timer = e.start_timer(base::Duration(60'000), {});
    const std::string result = call(e, "a");
    proto::Failure failure;
    failure.set_kind(proto::Failure::CANCELLED);
    return result == "cancelled" ? Outcome::failed(failure) : done(result);
  });
  run.start();
  EXPECT_EQ(run.turn({cancel_requested()}), TurnEnd::kClosed);
  EXPECT_THAT(run.commands(),
              ElementsAre("TimerCancelled #1", "ActivityCancelRequested #2", "RunCancelled"));
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Execution, AShieldStopsCancellation) {
  ScriptedRun run([](Execution& e) {
    std::string result;
    {
      const auto shield = e.enter_scope(replay::Scope::Kind::kShielded);
      result = call(e, "cleanup");
      e.leave_scope(shield);
    }
    return done(result + (e.cancelled() ? " then cancelled" : ""));
  });
  run.start();
  EXPECT_EQ(run.turn({cancel_requested()}), TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(), IsEmpty());
  run.turn({activity_completed(1, "ok")});
  EXPECT_EQ(run.last().commands(0).run_completed().result(), "ok then cancelled");
}

TEST(Execution, AScopeCancelsOnlyWhatIsInIt) {
  ScriptedRun run([](Execution& e) {
    const auto outside = schedule(e, "outside");
    const auto scope = e.enter_scope(replay::Scope::Kind::kCancellable);
    const auto inside = schedule(e, "inside");
    e.cancel_scope(scope);
    e.leave_scope(scope);
    e.wait(*outside);
    return done(inside->state() == replay::Operation::State::kCancelled ? "cancelled" : "?");
  });
  run.start();
  EXPECT_THAT(run.commands(), ElementsAre("ActivityScheduled outside", "ActivityScheduled inside",
                                          "ActivityCancelRequested #2"));
  EXPECT_EQ(run.turn({activity_completed(1)}), TurnEnd::kClosed);
}

TEST(Execution, ALateResultOfACancelledActivityChangesNothing) {
  ScriptedRun run([](Execution& e) {
    const auto a = schedule(e, "a");
    e.cancel(*a, {});
    call(e, "b");
    return done("");
  });
  run.start();
  EXPECT_EQ(run.turn({activity_completed(1, "late")}), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({activity_completed(2)}), TurnEnd::kClosed);
}

TEST(Execution, AStepIsNotAbandonedByCancellation) {
  replay::ExecutionOptions options;
  options.step_unwanted = [](std::uint32_t) { return false; };  // a thread executes it
  ScriptedRun run(
      [](Execution& e) {
        proto::StepScheduled step;
        step.set_name("s");
        const Outcome outcome = e.run_step(as(step), [] { return Outcome(); }, {});
        return done(outcome.payload() + (e.cancelled() ? " cancelled" : ""));
      },
      options);
  run.start();
  EXPECT_EQ(run.turn({cancel_requested()}), TurnEnd::kBlocked);
  run.turn({step_completed(1, "result")});
  EXPECT_EQ(run.last().commands(0).run_completed().result(), "result cancelled");
}

}  // namespace
}  // namespace reprise::testing::execution_test
