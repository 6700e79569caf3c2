// What a cancellation does to an activity in each mode and at each moment, and the order in which a
// scope cancels what was started in it.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/replay/child_runs.h"

namespace reprise::testing::cancelled_activities_test {
namespace {

using replay::CancelMode;
using replay::OperationRef;
using replay::Scope;
using replay::TurnEnd;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

OperationRef schedule(Execution& e, CancelMode mode, const std::string& name = "a") {
  proto::ActivityScheduled activity;
  activity.set_name(name);
  if (mode == CancelMode::kWait) activity.set_on_cancel(proto::ActivityScheduled::WAIT);
  if (mode == CancelMode::kAbandon) activity.set_on_cancel(proto::ActivityScheduled::ABANDON);
  return e.schedule_activity(as(activity), at(7));
}

proto::Event activity_cancelled(std::uint32_t id) {
  proto::Event event;
  event.mutable_activity_failed()->set_id(id);
  event.mutable_activity_failed()->mutable_failure()->set_kind(proto::Failure::CANCELLED);
  event.mutable_activity_failed()->mutable_failure()->set_message("it has stopped");
  return event;
}

proto::Event attempt_failed() {
  proto::Event event;
  event.mutable_attempt_failed()->set_id(1);
  event.mutable_attempt_failed()->set_attempt(1);
  event.mutable_attempt_failed()->mutable_failure()->set_message("busy");
  return event;
}

// A turn for each letter: C the code cancels the activity, E it has completed, F failed, X stopped
// as asked; A an attempt has failed.
proto::Event input_of(char letter) {
  switch (letter) {
    case 'C':
      return signal("cancel");
    case 'E':
      return activity_completed(1, "done");
    case 'F':
      return activity_failed(1, "broken");
    case 'X':
      return activity_cancelled(1);
    default:
      return attempt_failed();
  }
}

struct Moment {
  CancelMode mode;
  std::string_view turns;
  std::string_view result;
};

constexpr std::string_view kGivenUp = "failed: activity a was cancelled";

constexpr Moment kMoments[] = {
    // not at all
    {CancelMode::kWait, "E", "done"},
    {CancelMode::kTry, "AF", "failed: broken"},
    {CancelMode::kAbandon, "E", "done"},
    // before the first attempt, or while one is made
    {CancelMode::kWait, "CX", "failed: it has stopped"},
    {CancelMode::kWait, "CF", "failed: broken"},
    {CancelMode::kWait, "CE", "done"},
    {CancelMode::kTry, "C", kGivenUp},
    {CancelMode::kAbandon, "C", kGivenUp},
    // between two attempts
    {CancelMode::kWait, "ACX", "failed: it has stopped"},
    {CancelMode::kTry, "AC", kGivenUp},
    {CancelMode::kAbandon, "AC", kGivenUp},
    // when it has ended
    {CancelMode::kWait, "EC", "done"},
    {CancelMode::kWait, "FC", "failed: broken"},
    {CancelMode::kTry, "EC", "done"},
    {CancelMode::kAbandon, "FC", "failed: broken"},
    // twice
    {CancelMode::kWait, "CCX", "failed: it has stopped"},
    {CancelMode::kWait, "CCE", "done"},
    {CancelMode::kTry, "CC", kGivenUp},
    {CancelMode::kAbandon, "CC", kGivenUp},
    // its outcome comes too late
    {CancelMode::kTry, "CEC", kGivenUp},
    {CancelMode::kAbandon, "CEC", kGivenUp},
    {CancelMode::kAbandon, "CFC", kGivenUp},
    {CancelMode::kAbandon, "CXC", kGivenUp},
};

std::string command_of(CancelMode mode) {
  switch (mode) {
    case CancelMode::kWait:
      return "ActivityCancelAwaited #1";
    case CancelMode::kTry:
      return "ActivityCancelRequested #1";
    case CancelMode::kAbandon:
      break;
  }
  return {};
}

TEST(CancelledActivities, ACancellationDoesWhatTheModeSaysAtEachMoment) {
  for (const Moment& moment : kMoments) {
    SCOPED_TRACE(std::to_string(static_cast<int>(moment.mode)) + " " + std::string(moment.turns));
    const auto cancels = std::count(moment.turns.begin(), moment.turns.end(), 'C');
    ScriptedRun run([&](Execution& e) {
      const OperationRef activity = schedule(e, moment.mode);
      for (auto i = cancels; i > 0; --i) {
        wait_for(e, "cancel");
        e.cancel(*activity, at(20));
      }
      return ends_with(outcome(e, activity));
    });
    run.start();
    std::vector<std::string> asked;
    for (std::size_t i = 0; i < moment.turns.size(); ++i) {
      const bool is_last = i + 1 == moment.turns.size();
      ASSERT_EQ(turn(run, {input_of(moment.turns[i])}),
                is_last ? TurnEnd::kClosed : TurnEnd::kBlocked)
          << "turn " << i + 1;
      for (const auto& command : run.last().commands()) {
        if (!command.has_run_completed()) asked.push_back(event::describe(command));
      }
    }
    const std::size_t cancelled = moment.turns.find('C');
    const bool ended_before = moment.turns.find_first_of("EFX") < cancelled;
    const bool asks =
        cancelled != std::string_view::npos && !ended_before && moment.mode != CancelMode::kAbandon;
    EXPECT_EQ(asked, asks ? std::vector{command_of(moment.mode)} : std::vector<std::string>());
    EXPECT_EQ(result_of(run), moment.result);
  }
}

// The same by the cancellation of the run, while the code waits.
TEST(CancelledActivities, ACancelledScopeCancelsThem) {
  const auto waiting = [](CancelMode mode) -> Body {
    return [mode](Execution& e) { return ends_with(outcome(e, schedule(e, mode))); };
  };
  ScriptedRun tried(waiting(CancelMode::kTry));
  tried.start();
  EXPECT_EQ(turn(tried, {cancel_requested()}), TurnEnd::kClosed);
  EXPECT_THAT(tried.commands(), ElementsAre("ActivityCancelRequested #1", "RunCompleted"));
  EXPECT_EQ(result_of(tried), "cut short");

  ScriptedRun abandoned(waiting(CancelMode::kAbandon));
  abandoned.start();
  EXPECT_EQ(turn(abandoned, {cancel_requested()}), TurnEnd::kClosed);
  EXPECT_THAT(abandoned.commands(), ElementsAre("RunCompleted"));

  ScriptedRun awaited(waiting(CancelMode::kWait));
  awaited.start();
  EXPECT_EQ(turn(awaited, {cancel_requested()}), TurnEnd::kBlocked);
  EXPECT_THAT(awaited.commands(), ElementsAre("ActivityCancelAwaited #1"));
  EXPECT_THAT(awaited.execution().waiting_for(),
              ElementsAre(HasSubstr("activity a at tests/workflow.cc:7 (cancel requested)")));
  EXPECT_EQ(turn(awaited, {cancel_requested(), attempt_failed()}), TurnEnd::kBlocked);
  EXPECT_THAT(awaited.commands(), IsEmpty());
  EXPECT_EQ(turn(awaited, {activity_completed(1, "done")}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(awaited), "done") << "the result on its way wins";
}

// Both in one turn: the order of the log decides.
TEST(CancelledActivities, AnOutcomeInTheTurnOfTheCancellation) {
  for (const CancelMode mode : {CancelMode::kWait, CancelMode::kTry, CancelMode::kAbandon}) {
    for (const bool cancelled_first : {false, true}) {
      ScriptedRun run([&](Execution& e) { return ends_with(outcome(e, schedule(e, mode))); });
      run.start();
      std::vector<proto::Event> inputs{activity_completed(1, "done"), cancel_requested()};
      if (cancelled_first) std::swap(inputs[0], inputs[1]);
      EXPECT_EQ(turn(run, inputs), TurnEnd::kClosed);
      const bool too_late = cancelled_first && mode != CancelMode::kWait;
      EXPECT_EQ(result_of(run), too_late ? "cut short" : "done");
    }
  }
}

TEST(CancelledActivities, AShieldKeepsTheCancellationOut) {
  for (const CancelMode mode : {CancelMode::kWait, CancelMode::kTry, CancelMode::kAbandon}) {
    ScriptedRun run([&](Execution& e) {
      const auto shield = e.enter_scope(Scope::Kind::kShielded);
      const std::string end = outcome(e, schedule(e, mode));
      e.leave_scope(shield);
      return ends_with(end);
    });
    run.start();
    EXPECT_EQ(turn(run, {cancel_requested()}), TurnEnd::kBlocked);
    EXPECT_THAT(run.commands(), IsEmpty());
    EXPECT_EQ(turn(run, {activity_completed(1, "done")}), TurnEnd::kClosed);
    EXPECT_EQ(result_of(run), "done");
  }
}

// Those that the code has abandoned are under way, so they count.
TEST(CancelledActivities, ThoseThatAreAbandonedCountAsUnderWay) {
  const auto loop = [](Execution& e) {
    for (int i = 0; i < 4; ++i) e.cancel(*schedule(e, CancelMode::kAbandon), at(9));
    return ends_with("");
  };
  ScriptedRun run(loop, {.pending_operations = 3});
  EXPECT_EQ(run.start(), TurnEnd::kParked);
  EXPECT_THAT(run.execution().trouble().report, HasSubstr("pending_operations = 3"));
  ScriptedRun enough(loop, {.pending_operations = 4});
  EXPECT_EQ(enough.start(), TurnEnd::kClosed);
}

// Options of activities that are under way are those of their commands, whatever the code says now.
TEST(CancelledActivities, TheModeIsThatOfTheLog) {
  const auto waiting = [](CancelMode mode) -> Body {
    return [mode](Execution& e) { return ends_with(outcome(e, schedule(e, mode))); };
  };
  ScriptedRun run(waiting(CancelMode::kWait));
  run.start();
  run.change_code(waiting(CancelMode::kTry));
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(turn(run, {cancel_requested()}), TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(), ElementsAre("ActivityCancelAwaited #1"));
  EXPECT_EQ(turn(run, {activity_cancelled(1)}), TurnEnd::kClosed);

  run.change_options([](replay::ExecutionOptions& options) { options.strict = true; });
  EXPECT_EQ(run.replay(), TurnEnd::kParked) << "strict mode compares it";
}

// ---- the order --------------------------------------------------------------------------------

// One of each kind that can be cancelled, started on two strands: asked in the order in which they
// were started, whatever their kind and wherever they are waited for.
TEST(CancelledScopes, CancelInTheOrderOfStarting) {
  ScriptedRun run([](Execution& e) {
    const auto scope = e.enter_scope(Scope::Kind::kCancellable);
    const auto one = schedule(e, CancelMode::kWait, "one");  // 1
    const auto two = minute(e);                              // 2
    const auto three = start_child(e, "three");              // 3
    std::string step = "(waits)";
    const auto strand = e.spawn([&] {
      const auto four = schedule(e, CancelMode::kTry, "four");  // 5
      e.wait(*four);
      wait_for(e, "never");
    });
    const auto five = schedule(e, CancelMode::kTry, "five");  // 4
    wait_for(e, "go");
    const auto six = start_child(e, "six", CancelMode::kTry);  // 6
    const auto seven = schedule(e, CancelMode::kAbandon, "seven");
    const auto eight = minute(e);                              // 8
    const auto nine = schedule(e, CancelMode::kWait, "nine");  // 9
    const auto shield = e.enter_scope(Scope::Kind::kShielded);
    const auto ten = minute(e);
    e.wait(*six.start);
    wait_for(e, "cancel");
    e.cancel_scope(scope);
    e.leave_scope(shield);
    e.leave_scope(scope);
    wait_for(e, "end");
    return ends_with("");
  });
  run.start();
  EXPECT_EQ(turn(run, {child_started(3), signal("go"), child_started(6)}), TurnEnd::kBlocked);
  EXPECT_EQ(turn(run, {signal("cancel")}), TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(),
              ElementsAre("ActivityCancelAwaited #1", "TimerCancelled #2", "CancelSent to three",
                          "ActivityCancelRequested #4", "ActivityCancelRequested #5",
                          "CancelSent to six", "TimerCancelled #8", "ActivityCancelAwaited #9"));
}

// The host is told of steps in that order too: each of these fails by an input of its own.
TEST(CancelledScopes, CancelStepsInTheOrderOfStarting) {
  std::vector<std::uint32_t> asked;
  replay::ExecutionOptions options;
  options.step_unwanted = [&](std::uint32_t id) {
    asked.push_back(id);
    return true;
  };
  ScriptedRun run(
      [](Execution& e) {
        std::vector<OperationRef> strands;
        for (int i = 0; i < 3; ++i) {
          strands.push_back(e.spawn([&e] {
            proto::StepScheduled step;
            step.set_name("step");
            e.run_step(
                as(step), [] { return Outcome(); }, at(1));
          }));
        }
        for (const OperationRef& strand : strands) e.wait(*strand);
        return ends_with("");
      },
      options);
  run.start();
  run.turn({cancel_requested()});
  ASSERT_GE(asked.size(), 3U);  // more when the strands are dropped
  asked.resize(3);
  EXPECT_THAT(asked, ElementsAre(1U, 2U, 3U));
}

}  // namespace
}  // namespace reprise::testing::cancelled_activities_test
