// Continuing as a new run: what is recorded, what goes along, and what replay makes of other code.
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_run.h"

namespace reprise::testing::continue_test {
namespace {

using replay::TurnEnd;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = replay::Mismatch::Kind;

[[noreturn]] void continue_as(Execution& e,
                              const std::string& workflow,
                              const std::string& input = {},
                              std::uint32_t line = 7) {
  proto::RunContinuedAsNew next;
  next.set_workflow(workflow);
  next.set_input(input);
  e.continue_as_new(as(next), at(line));
}

std::string text_of(const proto::Event& input) {
  if (input.has_signal_received()) {
    return input.signal_received().name() + " " + input.signal_received().input();
  }
  if (input.has_update_received()) return "update " + input.update_received().update_id();
  return event::describe(input);
}

// What goes along; "| n": of these, so many are recorded nowhere.
std::vector<std::string> unread_of(ScriptedRun& run) {
  const replay::UnreadInputs unread = run.execution().take_unread();
  std::vector<std::string> texts;
  for (const proto::Event& input : unread.inputs) texts.push_back(text_of(input));
  if (unread.unrecorded > 0) texts.push_back("| " + std::to_string(unread.unrecorded));
  return texts;
}

void take(Execution& e, const std::string& name) {
  const auto signal = e.next_signal(name);
  e.wait(*signal);
  (void)signal->take_outcome();
}

Outcome after_go(Execution& e) {
  take(e, "go");
  continue_as(e, "next");
}

TEST(Continue, EndsTheRunWithItsCommand) {
  ScriptedRun run([](Execution& e) -> Outcome {
    (void)call(e, "charge");
    continue_as(e, "next", "input");
  });
  EXPECT_EQ(run.start(), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({activity_completed(1)}), TurnEnd::kClosed);
  EXPECT_THAT(run.commands(), ElementsAre("RunContinuedAsNew next"));
  const proto::Event& end = run.last().commands(0);
  EXPECT_EQ(end.call_site().line(), 7U);
  EXPECT_EQ(end.run_continued_as_new().input(), "input");
  const auto id = base::RunId::from_bytes(end.run_continued_as_new().run_id());
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->to_string().substr(0, 13), "00000000-07d0") << "the time of its turn";
  EXPECT_TRUE(run.execution().closed());
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Continue, TheIdOfTheNextRunIsTheSameInEachExecution) {
  const auto next_of = [](std::int64_t deferred) {
    ScriptedRun run(after_go);
    run.start();
    for (; deferred > 0; --deferred) run.defer({});
    run.turn({signal("go")});
    return run.last().commands(0).run_continued_as_new().run_id();
  };
  EXPECT_EQ(next_of(0), next_of(0));
  EXPECT_NE(next_of(0), next_of(1)) << "another time";
}

// Another version may make other ids: what is recorded counts.
TEST(Continue, ARecordedIdIsAccepted) {
  for (const bool strict : {false, true}) {
    ScriptedRun run(after_go, {.strict = strict});
    run.start();
    run.turn({signal("go")});
    proto::Event* const end = run.history().back().mutable_commands(0);
    end->mutable_run_continued_as_new()->set_run_id("sixteen bytes...");
    EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  }
}

// ---- what goes along --------------------------------------------------------------------------

TEST(Continue, EverythingUnreadGoesAlongInOrder) {
  ScriptedRun run([](Execution& e) -> Outcome {
    e.accept("u", [&e](std::string_view) {
      (void)call(e, "for ever");
      return Outcome();
    });
    take(e, "s");
    const auto handed = e.next_signal("s");
    const auto kept = e.spawn([&e] {
      const auto also = e.next_signal("s");
      (void)call(e, "for ever");
      (void)also->take_outcome();
    });
    take(e, "go");
    e.on_signal("late",
                [](const Execution::HandedSignal&) { FAIL() << "its strand never begins"; });
    continue_as(e, "next");
  });
  run.start();
  run.turn({signal("s", "1"), signal("s", "2"), update("a", "u"), signal("late", "3")});
  run.turn({signal("s", "4"), update("b", "unknown"), signal("s", "5")});
  EXPECT_THAT(run.commands(), ElementsAre("UpdateCompleted b"));
  EXPECT_EQ(run.turn({signal("other", "6"), signal("go"), signal("s", "7"), timer_fired(9),
                      cancel_requested(), update("c", "u")}),
            TurnEnd::kClosed);
  EXPECT_EQ(run.last().inputs_size(), 2);
  EXPECT_THAT(unread_of(run), ElementsAre("s 2", "update a", "late 3", "s 4", "s 5", "other 6",
                                          "s 7", "CancelRequested", "| 2"));
  const auto untaken = run.execution().take_untaken();
  ASSERT_EQ(untaken.size(), 1U) << "the next run checks it";
  EXPECT_EQ(text_of(untaken.front().event), "update c");
  EXPECT_THAT(unread_of(run), IsEmpty()) << "once";
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  EXPECT_THAT(unread_of(run), IsEmpty()) << "the next run has them";
}

TEST(Continue, DeferredInputsThatTheCodeDidNotReachGoAlong) {
  ScriptedRun run(after_go);
  run.start();
  run.defer({signal("go"), signal("s", "1"), cancel_requested(), activity_completed(7)});
  run.defer({signal("s", "2")});
  EXPECT_EQ(run.turn({signal("s", "3")}), TurnEnd::kClosed);
  EXPECT_EQ(run.last().inputs_size(), 0);
  EXPECT_THAT(unread_of(run), ElementsAre("s 1", "CancelRequested", "s 2", "s 3", "| 1"));
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Continue, WhatWasGivenToASignalsHandlerStaysThere) {
  ScriptedRun run([](Execution& e) -> Outcome {
    e.on_signal("s", [&e](const Execution::HandedSignal&) { (void)call(e, "for ever"); });
    return after_go(e);
  });
  run.start();
  run.turn({signal("s", "1")});
  EXPECT_EQ(run.turn({signal("go")}), TurnEnd::kClosed);
  EXPECT_THAT(unread_of(run), IsEmpty());
}

TEST(Continue, OtherEndsTakeNothingAlong) {
  ScriptedRun run([](Execution& e) -> Outcome {
    take(e, "go");
    return ends_with("done");
  });
  run.start();
  EXPECT_EQ(run.turn({signal("s"), signal("go"), signal("s")}), TurnEnd::kClosed);
  EXPECT_THAT(unread_of(run), IsEmpty());
}

TEST(Continue, TooMuchUnreadParksTheRunAndLosesNothing) {
  ScriptedRun run(after_go, {.turn_bytes = 1'000});
  run.start();
  run.turn({signal("s", std::string(600, 'x'))});
  EXPECT_EQ(run.turn({signal("go"), signal("s", std::string(600, 'x'))}), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().code, base::ErrorCode::kRunLimit);
  EXPECT_THAT(run.execution().trouble().report, HasSubstr("EngineLimits::turn_bytes = 1000"));
  run.change_limit(10'000);
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({signal("go"), signal("s", std::string(600, 'x'))}), TurnEnd::kClosed);
}

// ---- unwinding --------------------------------------------------------------------------------

TEST(Continue, CodeThatCatchesItContinues) {
  ScriptedRun run([](Execution& e) -> Outcome {
    try {
      continue_as(e, "next");
    } catch (...) {
    }
    return ends_with("swallowed");
  });
  EXPECT_EQ(run.start(), TurnEnd::kClosed);
  EXPECT_THAT(run.commands(), ElementsAre("RunContinuedAsNew next"));
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Continue, CodeThatCatchesItForEverIsParked) {
  ScriptedRun run([](Execution& e) -> Outcome {
    while (true) {
      try {
        continue_as(e, "next");
      } catch (...) {
      }
    }
  });
  EXPECT_EQ(run.start(), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().code, base::ErrorCode::kUnwindSwallowed);
}

TEST(Continue, InACancelledRunToo) {
  ScriptedRun run([](Execution& e) -> Outcome {
    (void)call(e, "charge");
    continue_as(e, e.cancelled() ? "cancelled" : "not");
  });
  run.start();
  EXPECT_EQ(run.turn({cancel_requested()}), TurnEnd::kClosed);
  EXPECT_THAT(run.commands(),
              ElementsAre("ActivityCancelRequested #1", "RunContinuedAsNew cancelled"));
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

// A strand that waits for a step whose closure is executed holds up the frame that drops it.
TEST(Continue, WaitsForAClosureThatRefersToTheFrames) {
  ScriptedRun run(
      [](Execution& e) -> Outcome {
        const auto strand = e.spawn([&e] {
          const auto fill = [](proto::StepScheduled& step) { step.set_name("s"); };
          const auto body = [] { return Outcome(); };
          (void)e.run_step(fill, body, at(1));
        });
        return after_go(e);
      },
      {.step_unwanted = [](std::uint32_t) { return false; }});
  run.start();
  EXPECT_EQ(run.turn({signal("go")}), TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(), IsEmpty());
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({signal("s", "1"), step_completed(1)}), TurnEnd::kClosed);
  EXPECT_THAT(run.commands(), ElementsAre("RunContinuedAsNew next"));
  EXPECT_THAT(unread_of(run), ElementsAre("s 1"));
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

// ---- the length of the history ----------------------------------------------------------------

TEST(Continue, TheHistoryIsCountedUpToTheInput) {
  std::vector<std::uint64_t> seen;
  ScriptedRun run([&seen](Execution& e) -> Outcome {
    while (true) {
      seen.push_back(e.history_events());
      take(e, "go");
      (void)schedule(e, "a");
    }
  });
  run.start();
  run.turn({signal("go"), signal("other"), signal("go")});
  run.defer({signal("go"), signal("go")});
  run.turn({signal("go")});
  const std::vector<std::uint64_t> live = std::exchange(seen, {});
  EXPECT_THAT(live, ElementsAre(1, 2, 4, 7, 8, 9));
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(seen, live);
}

// ---- what differs -----------------------------------------------------------------------------

struct Change {
  std::string name;
  Body recorded;
  Body now;
  Kind kind;
  bool only_strict = false;
};

void PrintTo(const Change& change, std::ostream* out) {
  *out << change.name;
}

Body continuing(const std::string& workflow, const std::string& input = {}) {
  return [=](Execution& e) -> Outcome {
    take(e, "go");
    continue_as(e, workflow, input);
  };
}

const Body kReturns = [](Execution& e) {
  take(e, "go");
  return ends_with("done");
};

const Body kGoesOn = [](Execution& e) {
  take(e, "go");
  return ends_with(call(e, "charge"));
};

const Body kWaits = [](Execution& e) {
  e.wait(*e.next_signal("never"));
  return Outcome();
};

const Change kChanges[] = {
    {"OtherWorkflow", continuing("a"), continuing("b"), Kind::kOtherName},
    {"OtherInput", continuing("a", "1"), continuing("a", "2"), Kind::kChangedInput, true},
    {"ReturnsNow", continuing("a"), kReturns, Kind::kOtherKind},
    {"ReturnedThen", kReturns, continuing("a"), Kind::kOtherKind},
    {"GoesOnNow", continuing("a"), kGoesOn, Kind::kOtherKind},
    {"WentOnThen", kGoesOn, continuing("a"), Kind::kLeftOver},
    {"WaitsNow", continuing("a"), kWaits, Kind::kMissing},
    {"WaitedThen", kWaits, continuing("a"), Kind::kExtra},
};

class ContinuedOtherwise : public ::testing::TestWithParam<Change> {};

TEST_P(ContinuedOtherwise, IsFound) {
  const Change& change = GetParam();
  for (const bool strict : {false, true}) {
    ScriptedRun run(change.recorded, {.strict = strict});
    run.start();
    run.turn({signal("go")});
    ASSERT_NE(run.replay(), TurnEnd::kParked);
    run.change_code(change.now);
    if (change.only_strict && !strict) {
      EXPECT_EQ(run.replay(), TurnEnd::kClosed);
      continue;
    }
    ASSERT_EQ(run.replay(), TurnEnd::kParked);
    const replay::Mismatch& found = *run.execution().trouble().mismatch;
    EXPECT_EQ(found.kind, change.kind) << to_string(found.kind);
  }
}

INSTANTIATE_TEST_SUITE_P(All,
                         ContinuedOtherwise,
                         ::testing::ValuesIn(kChanges),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace reprise::testing::continue_test
