// What an observer of a replay is told, in which order, on which stack, and how it ends the replay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "event/text.h"
#include "replay/strand.h"
#include "tests/support/scripted_run.h"

namespace reprise::testing::execution_observed_test {
namespace {

using replay::TurnEnd;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Writes everything down; "*" stands before what happened on a strand.
class Notes final : public replay::ReplayObserver {
 public:
  void applying(std::uint64_t event, const proto::Event& input) override {
    note(std::to_string(event) + " " + event::describe(input));
  }
  bool resumed() override { return note("resumed"); }
  bool asks(std::uint64_t event, const proto::Event& command) override {
    return note(std::to_string(event) + " " + event::describe(command));
  }
  void throws(const std::string& what) override { note("throws " + what); }
  void differs(const replay::Trouble& trouble) override {
    note("differs " + base::to_string(trouble.code));
  }
  bool settled() override { return note("settled"); }

  std::vector<std::string> lines;
  std::size_t leave_after = 1'000;  // lines

 private:
  bool note(const std::string& line) {
    lines.push_back((replay::Strand::current() != nullptr ? "*" : "") + line);
    return lines.size() < leave_after;
  }
};

Outcome a_then_b(Execution& run) {
  const std::string first = call(run, "a");
  return Outcome::success(first + call(run, "b"));
}

class ObservedTest : public ::testing::Test {
 protected:
  static void record_a_then_b(ScriptedRun& run) {
    run.start();
    run.turn({activity_completed(1), signal("nobody's")});
    run.turn({activity_completed(2)});
  }
  replay::ExecutionOptions options() { return {.observer = &notes_}; }
  Notes notes_;
};

// On the stack that it is thrown on, before anything of it is gone.
TEST_F(ObservedTest, IsToldOfAnExceptionWhereItIsThrown) {
  ScriptedRun run(
      [](Execution& e) -> Outcome {
        e.wait(*e.next_signal("go"));
        throw std::out_of_range("index 7");
      },
      options());
  run.start();
  run.defer({signal("go")});
  run.replay();
  notes_.lines.clear();
  EXPECT_EQ(run.execution().rehearse(), TurnEnd::kParked);
  EXPECT_THAT(notes_.lines,
              ElementsAre("2 SignalReceived go", "*resumed", "*throws std::out_of_range: index 7",
                          "*differs RP2002", "settled"));
}

TEST_F(ObservedTest, IsToldOfEveryEventWhereItHappens) {
  ScriptedRun run(a_then_b, options());
  record_a_then_b(run);
  EXPECT_THAT(notes_.lines, IsEmpty()) << "live turns are not observed";
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  EXPECT_THAT(notes_.lines,
              ElementsAre("1 RunStarted test", "*resumed", "*2 ActivityScheduled a", "settled",
                          "3 ActivityCompleted #1", "*resumed", "*5 ActivityScheduled b", "settled",
                          "4 SignalReceived nobody's", "settled",  // wakes no strand
                          "6 ActivityCompleted #2", "*resumed", "*7 RunCompleted", "settled"));
}

TEST_F(ObservedTest, LeavesWhereverItIsAsked) {
  ScriptedRun run(a_then_b);
  record_a_then_b(run);
  // It cannot leave while an input is being applied.
  const std::vector<std::size_t> leaving = {2, 3, 4, 6, 7, 8, 10, 12, 13, 14};
  for (const std::size_t after : leaving) {
    Notes notes;
    notes.leave_after = after;
    int destroyed = 0;
    ScriptedRun again(
        [&destroyed](Execution& e) {
          struct Counts {
            int& count;
            ~Counts() { ++count; }
          } const counts{destroyed};
          try {
            return a_then_b(e);
          } catch (...) {  // swallows what unwinds it, once
            return a_then_b(e);
          }
        },
        {.observer = &notes});
    again.history() = run.history();
    EXPECT_EQ(again.replay(), TurnEnd::kLeft) << after;
    EXPECT_EQ(notes.lines.size(), after) << "asked again after it had left";
    again.drop();
    // Left at the very start, the function has not been called.
    EXPECT_EQ(destroyed, after == 2 ? 0 : 1) << after;
  }
}

TEST_F(ObservedTest, CommandsAreToldBeforeTheyAreCompared) {
  ScriptedRun run(a_then_b, options());
  record_a_then_b(run);
  run.change_code([](Execution& e) { return Outcome::success(call(e, "other")); });
  EXPECT_EQ(run.replay(), TurnEnd::kParked);
  EXPECT_THAT(notes_.lines,
              ElementsAre("1 RunStarted test", "*resumed", "*2 ActivityScheduled other",
                          "*differs RP2001", "settled"));
}

TEST_F(ObservedTest, WhatIsMissingDiffersBehindTheTurn) {
  ScriptedRun run(
      [](Execution& e) {
        const auto a = schedule(e, "a");
        const auto b = schedule(e, "b");
        (void)e.wait(*a);
        return Outcome::success({});
      },
      options());
  run.start();
  run.change_code([](Execution& e) {
    (void)call(e, "a");
    return Outcome::success({});
  });
  EXPECT_EQ(run.replay(), TurnEnd::kParked);
  EXPECT_EQ(notes_.lines.back(), "differs RP2001");
}

TEST_F(ObservedTest, DeferredInputsKeepTheirNumbers) {
  ScriptedRun run(a_then_b, options());
  run.start();
  run.defer({signal("x"), signal("y")});
  run.defer({signal("z")});
  run.turn({activity_completed(1)});
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_THAT(notes_.lines,
              ElementsAre("1 RunStarted test", "*resumed", "*2 ActivityScheduled a", "settled",
                          "3 SignalReceived x", "settled", "4 SignalReceived y", "settled",
                          "5 SignalReceived z", "settled", "6 ActivityCompleted #1", "*resumed",
                          "*7 ActivityScheduled b", "settled"));
}

TEST_F(ObservedTest, ConditionsAndSideEffectsAndStepsAreSeen) {
  ScriptedRun run(
      [](Execution& e) {
        bool heard = false;
        e.on_signal("go", [&heard](const auto&) { heard = true; });
        (void)e.wait_until([&heard] { return heard; }, nullptr, at(1));
        (void)e.side_effect([] { return std::string("v"); }, at(2));
        (void)e.run_step([](proto::StepScheduled& step) { step.set_name("s"); },
                         [] { return Outcome::success({}); }, at(3));
        return Outcome::success({});
      },
      options());
  run.start();
  run.turn({signal("go")});
  run.turn({step_completed(1)});
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  EXPECT_THAT(notes_.lines,
              ElementsAre("1 RunStarted test", "*resumed", "*resumed",  // to look at its condition
                          "settled", "2 SignalReceived go", "*resumed",
                          "*resumed",  // the handler; the condition
                          "*3 SideEffectRecorded", "*4 StepScheduled s", "settled",
                          "5 StepCompleted #1", "*resumed", "*6 RunCompleted", "settled"));
}

TEST_F(ObservedTest, ACancellationAsksForEveryStrand) {
  ScriptedRun run(a_then_b, options());
  run.start();
  run.turn({cancel_requested()});
  EXPECT_NE(run.replay(), TurnEnd::kParked);
  EXPECT_THAT(std::vector(notes_.lines.begin() + 4, notes_.lines.begin() + 7),
              ElementsAre("3 CancelRequested", "4 ActivityCancelRequested #1", "*resumed"));
}

}  // namespace
}  // namespace reprise::testing::execution_observed_test
