// Checkpoints: what is recorded, what prevents one, what goes along, and what a fresh execution
// begins with.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replay/strand.h"
#include "tests/support/scripted_run.h"
#include "tests/unit/replay/child_runs.h"
#include "tests/unit/replay/segmented_run.h"

namespace reprise::testing::checkpoint_test {
namespace {

using replay::TurnEnd;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = replay::Mismatch::Kind;

// Counts one, at each "go".
Outcome counts(Execution& e, const std::string& input) {
  take(e, "go");
  if (input.size() == 3) return ends_with(input);
  e.checkpoint(input + "i", at(7));
}

std::vector<std::string> inputs_of(const proto::Turn& turn) {
  std::vector<std::string> texts;
  for (const proto::Event& input : turn.inputs()) {
    texts.push_back(event::describe(input));
    if (input.has_signal_received()) texts.back() += " " + input.signal_received().input();
  }
  return texts;
}

// ---- what is recorded -------------------------------------------------------------------------

TEST(Checkpoint, EndsTheTurnAndTheExecutionButNotTheRun) {
  SegmentedRun run(counts);
  EXPECT_EQ(run.start(), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({signal("go")}), TurnEnd::kCheckpoint);
  EXPECT_THAT(run.commands(), ElementsAre("Checkpoint"));
  const proto::Event& command = run.last().commands(0);
  EXPECT_EQ(command.call_site().line(), 7U);
  EXPECT_EQ(command.checkpoint().input(), "i");
  EXPECT_TRUE(run.execution().at_checkpoint());
  EXPECT_EQ(run.replay(), TurnEnd::kCheckpoint);
}

TEST(Checkpoint, TheCodeGoesOnAsAFreshCall) {
  for (const bool strict : {false, true}) {
    SegmentedRun run(counts, {.strict = strict});
    run.start();
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(run.turn({signal("go")}), TurnEnd::kCheckpoint);
      run.go_on();
      EXPECT_EQ(run.turn({}), TurnEnd::kBlocked);
    }
    EXPECT_EQ(run.turn({signal("go")}), TurnEnd::kClosed);
    EXPECT_EQ(result_of(run), "iii");
    EXPECT_EQ(run.replay(), TurnEnd::kClosed) << "each segment";
    EXPECT_EQ(run.replay_last(), TurnEnd::kClosed);
  }
}

TEST(Checkpoint, AtTheVeryBeginning) {
  SegmentedRun run([](Execution& e, const std::string& input) -> Outcome {
    if (input == "x") return ends_with("done");
    e.checkpoint("x", {});
  });
  EXPECT_EQ(run.start(), TurnEnd::kCheckpoint);
  run.go_on();
  EXPECT_EQ(run.turn({}), TurnEnd::kClosed);
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Checkpoint, EventsAreNumberedOnAndCountedAnew) {
  std::vector<std::uint64_t> seen;
  SegmentedRun run([&](Execution& e, const std::string& input) -> Outcome {
    seen.push_back(e.history_events());
    take(e, "go");
    seen.push_back(e.history_events());
    if (input == "x") return ends_with("done");
    e.checkpoint("x", {});
  });
  run.start();
  run.turn({signal("go")});
  EXPECT_EQ(run.execution().events(), 3U);
  run.go_on();
  run.turn({});
  EXPECT_EQ(run.execution().events(), 4U);
  run.turn({signal("go")});
  EXPECT_EQ(run.execution().events(), 6U);
  EXPECT_THAT(seen, ElementsAre(1, 2, 1, 2));
  seen.clear();
  EXPECT_EQ(run.replay_last(), TurnEnd::kClosed);
  EXPECT_EQ(run.execution().events(), 6U);
  EXPECT_THAT(seen, ElementsAre(1, 2));
}

TEST(Checkpoint, IdsAndRandomNumbersGoOn) {
  std::vector<std::uint64_t> numbers;
  SegmentedRun run([&](Execution& e, const std::string& input) -> Outcome {
    numbers.push_back(e.random());
    (void)call(e, "a");
    numbers.push_back(e.random());
    if (input == "x") return ends_with("done");
    e.checkpoint("x", {});
  });
  run.start();
  EXPECT_EQ(run.turn({activity_completed(1)}), TurnEnd::kCheckpoint);
  run.go_on();
  run.turn({});
  EXPECT_EQ(run.last().commands(0).activity_scheduled().id(), 2U);
  EXPECT_EQ(run.turn({activity_completed(2)}), TurnEnd::kClosed);
  const std::vector<std::uint64_t> live = numbers;
  ASSERT_EQ(live.size(), 4U);
  EXPECT_NE(live[0], live[2]) << "values of one run do not repeat";
  numbers.clear();
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  EXPECT_EQ(numbers, live);
  numbers.clear();
  EXPECT_EQ(run.replay_last(), TurnEnd::kClosed);
  EXPECT_THAT(numbers, ElementsAre(live[2], live[3]));
}

TEST(Checkpoint, ALateAnswerToWhatWasGivenUpBeforeIsIgnored) {
  SegmentedRun run([&](Execution& e, const std::string& input) -> Outcome {
    if (input.empty()) {
      const auto activity = schedule(e, "slow");
      take(e, "go");
      e.cancel(*activity, {});
      e.checkpoint("x", {});
    }
    take(e, "go");
    return ends_with("done");
  });
  run.start();
  EXPECT_EQ(run.turn({signal("go")}), TurnEnd::kCheckpoint);
  run.go_on();
  EXPECT_EQ(run.turn({activity_completed(1)}), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({signal("go")}), TurnEnd::kClosed);
  EXPECT_EQ(run.replay_last(), TurnEnd::kClosed);
}

TEST(Checkpoint, AnAnswerToWhatWasNeverAskedIsAMismatch) {
  SegmentedRun run(counts);
  run.start();
  run.turn({signal("go")});
  run.go_on();
  EXPECT_EQ(run.turn({activity_completed(1)}), TurnEnd::kParked);
}

TEST(Checkpoint, PatchedAnswersBeginAnew) {
  std::vector<bool> answers;
  const auto code = [&](bool with_patch) {
    return [&, with_patch](Execution& e, const std::string& input) -> Outcome {
      if (with_patch) answers.push_back(e.patched("change", {}));
      take(e, "go");
      if (input == "x") return ends_with("done");
      e.checkpoint("x", {});
    };
  };
  SegmentedRun run(code(false));
  run.start();
  run.turn({signal("go")});
  run.go_on();
  run.change_to(code(true));
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  run.turn({});
  EXPECT_THAT(answers, ElementsAre(false, true)) << "before the checkpoint, and after it";
  EXPECT_EQ(run.turn({signal("go")}), TurnEnd::kClosed);
  EXPECT_EQ(run.replay_last(), TurnEnd::kClosed);
}

TEST(Checkpoint, ACancellationGoesAlong) {
  SegmentedRun run([](Execution& e, const std::string& input) -> Outcome {
    if (input == "x") return ends_with(e.cancelled() ? "cancelled" : "not cancelled");
    take(e, "go");
    e.checkpoint("x", {});
  });
  run.start();
  EXPECT_EQ(run.turn({cancel_requested()}), TurnEnd::kCheckpoint) << "it no longer waits";
  run.go_on();
  EXPECT_EQ(run.turn({}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "cancelled");
  EXPECT_EQ(run.replay_last(), TurnEnd::kClosed);
}

TEST(Checkpoint, WhatTheRunPublishesStays) {
  std::vector<bool> published;
  SegmentedRun run([&](Execution& e, const std::string& input) -> Outcome {
    published.push_back(e.setting_type("done").has_value());
    e.set("done", "1", proto::SettingRecorded::INT64, {});
    take(e, "go");
    if (input == "x") return ends_with("done");
    e.checkpoint("x", {});
  });
  run.start();
  run.turn({signal("go")});
  run.go_on([](proto::CheckpointTaken& taken) {
    auto* setting = taken.mutable_start()->add_settings();
    setting->set_name("done");
    setting->set_value("1");
    setting->set_type(proto::SettingRecorded::INT64);
  });
  run.turn({});
  EXPECT_THAT(published, ElementsAre(false, true));
}

// ---- what goes along --------------------------------------------------------------------------

TEST(Checkpoint, UnreadSignalsGoAlongInOrder) {
  SegmentedRun run([](Execution& e, const std::string& input) -> Outcome {
    if (input.empty()) {
      take(e, "s");
      const auto handed = e.next_signal("s");
      take(e, "go");
      e.on_signal("late",
                  [](const Execution::HandedSignal&) { FAIL() << "its strand never begins"; });
      e.checkpoint("x", {});
    }
    std::string got;
    for (int i = 0; i < 3; ++i) {
      const auto next = e.next_signal("s");
      e.wait(*next);
      got += next->take_outcome().payload();
    }
    return ends_with(got);
  });
  run.start();
  run.turn({signal("s", "1"), signal("s", "2"), signal("late", "3"), signal("s", "4")});
  EXPECT_EQ(run.turn({signal("other", "5"), signal("go"), signal("s", "6"), cancel_requested()}),
            TurnEnd::kCheckpoint);
  EXPECT_EQ(run.last().inputs_size(), 2) << "the rest comes after the checkpoint";
  run.go_on();
  EXPECT_THAT(inputs_of(run.last()),
              ElementsAre("CheckpointTaken", "SignalReceived s 2", "SignalReceived late 3",
                          "SignalReceived s 4", "SignalReceived other 5", "SignalReceived s 6",
                          "CancelRequested"));
  EXPECT_EQ(run.turn({}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "246");
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  EXPECT_EQ(run.replay_last(), TurnEnd::kClosed);
}

TEST(Checkpoint, DeferredInputsThatTheCodeDidNotReachGoAlong) {
  SegmentedRun run(counts);
  run.start();
  run.defer({signal("go"), signal("s", "1"), cancel_requested()});
  run.defer({signal("s", "2")});
  EXPECT_EQ(run.turn({signal("s", "3")}), TurnEnd::kCheckpoint);
  run.go_on();
  EXPECT_THAT(inputs_of(run.last()),
              ElementsAre("CheckpointTaken", "SignalReceived s 1", "CancelRequested",
                          "SignalReceived s 2", "SignalReceived s 3"));
  EXPECT_EQ(run.turn({}), TurnEnd::kCheckpoint) << "the cancellation ends its wait";
  EXPECT_EQ(run.replay(), TurnEnd::kCheckpoint);
}

TEST(Checkpoint, UpdatesAreKnownAfterIt) {
  SegmentedRun run([](Execution& e, const std::string& input) -> Outcome {
    e.accept("u", [](std::string_view) { return Outcome(); });
    take(e, "go");
    if (input == "x") return ends_with("done");
    e.checkpoint("x", {});
  });
  run.start();
  run.turn({update("a", "u")});
  run.turn({signal("go"), update("b", "u")});
  auto untaken = run.execution().take_untaken();
  ASSERT_EQ(untaken.size(), 1U) << "the next turn checks it";
  EXPECT_EQ(untaken.front().why, replay::UntakenUpdate::Why::kTooEarly);
  run.go_on([](proto::CheckpointTaken& taken) {
    taken.mutable_start()->add_known_updates(base::hash64("a"));
  });
  run.turn({update("a", "u"), update("b", "u")});
  EXPECT_THAT(run.commands(), ElementsAre("UpdateCompleted b"));
  untaken = run.execution().take_untaken();
  ASSERT_EQ(untaken.size(), 1U);
  EXPECT_EQ(untaken.front().why, replay::UntakenUpdate::Why::kAnswered);
}

TEST(Checkpoint, MoreThanATurnMayHaveParksTheRun) {
  SegmentedRun run(counts, {.turn_bytes = 1'000});
  run.start();
  run.turn({signal("s", std::string(2'000, 'x'))});
  EXPECT_EQ(run.turn({signal("go")}), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().code, base::ErrorCode::kRunLimit);
  EXPECT_THAT(run.execution().trouble().report, HasSubstr("ctx.checkpoint() takes"));
}

// ---- what prevents it -------------------------------------------------------------------------

struct Busy {
  const char* what;
  std::function<void(Execution&)> begin;
  std::function<void(Execution&)> end;
  std::vector<proto::Event> first{};
  std::vector<proto::Event> last{};
};

// Each is named while it is under way, and no longer when it has ended.
TEST(Checkpoint, WhatIsUnderWayIsNamed) {
  replay::OperationRef operation;
  const auto drop = [&](Execution&) { operation = {}; };
  proto::ChildScheduled child;
  child.set_workflow("member");
  child.set_workflow_id("m");
  proto::SignalSent sent;
  sent.set_name("hello");
  sent.set_workflow_id("other");
  proto::Event delivered;
  delivered.mutable_message_delivered()->set_id(1);
  const std::vector<Busy> all = {
      {"activity charge (#1)",
       [&](Execution& e) { operation = schedule(e, "charge"); },
       drop,
       {},
       {activity_completed(1)}},
      {"timer 60000ms (#1)",
       [&](Execution& e) { operation = minute(e); },
       drop,
       {},
       {timer_fired(1)}},
      {"message hello to other (#1)",
       [&](Execution& e) { operation = e.send_signal(as(sent), {}); },
       drop,
       {},
       {delivered}},
      {"child member as m (#1)",
       [&](Execution& e) {
         operation = e.start_child(as(child), replay::CancelMode::kAbandon, {}).end;
       },
       drop,
       {},
       {child_completed()}},
      {"spawned function (strand 2, tests/workflow.cc:9)",
       [&](Execution& e) { operation = e.spawn([&e] { take(e, "end"); }, at(9)); },
       drop,
       {},
       {signal("end")}},
      {"update u (a)", [](Execution&) {}, [](Execution&) {}, {update("a", "u")}, {signal("end")}},
      {"the handler of signal h",
       [](Execution&) {},
       [](Execution&) {},
       {signal("h")},
       {signal("end")}},
  };
  for (const Busy& busy : all) {
    std::vector<std::string> found;
    SegmentedRun run([&](Execution& e, const std::string& input) -> Outcome {
      e.accept("u", [&e](std::string_view) {
        take(e, "end");
        return Outcome();
      });
      e.on_signal("h", [&e](const Execution::HandedSignal&) { take(e, "end"); });
      if (input == "x") return ends_with("done");
      busy.begin(e);
      take(e, "look");
      found.push_back(e.under_way().value_or("nothing"));
      take(e, "look");
      found.push_back(e.under_way().value_or("nothing"));
      busy.end(e);
      e.checkpoint("x", {});
    });
    run.start();
    std::vector<proto::Event> inputs = busy.first;
    inputs.push_back(signal("look"));
    run.turn(inputs);
    inputs = busy.last;
    inputs.push_back(signal("look"));
    EXPECT_EQ(run.turn(inputs), TurnEnd::kCheckpoint) << busy.what;
    EXPECT_THAT(found, ElementsAre(busy.what, "nothing"));
    EXPECT_EQ(run.replay(), TurnEnd::kCheckpoint) << busy.what;
    operation = {};
  }
}

// A child that the code has let go still has an end to come.
TEST(Checkpoint, AChildThatWasGivenUpIsUnderWay) {
  proto::ChildScheduled child;
  child.set_workflow("member");
  child.set_workflow_id("m");
  std::string found;
  SegmentedRun run([&](Execution& e, const std::string&) -> Outcome {
    const auto started = e.start_child(as(child), replay::CancelMode::kAbandon, {});
    take(e, "go");
    e.cancel(*started.end, {});
    found = e.under_way().value_or("nothing");
    return ends_with("done");
  });
  run.start();
  run.turn({signal("go")});
  EXPECT_EQ(found, "child member as m (#1)");
}

// One with kAbandon goes on, and one with kWait has an end that is waited for.
TEST(Checkpoint, ActivitiesThatWereCancelledAndHaveNotEndedAreUnderWay) {
  const auto found_after_cancelling = [](proto::ActivityScheduled::OnCancel mode) {
    proto::ActivityScheduled activity;
    activity.set_name("work");
    activity.set_on_cancel(mode);
    std::vector<std::string> found;
    SegmentedRun run([&](Execution& e, const std::string&) -> Outcome {
      const auto work = e.schedule_activity(as(activity), {});
      take(e, "go");
      e.cancel(*work, {});
      found.push_back(e.under_way().value_or("nothing"));
      take(e, "go");
      found.push_back(e.under_way().value_or("nothing"));
      return ends_with("done");
    });
    run.start();
    run.turn({signal("go")});
    run.turn({activity_completed(1), signal("go")});
    return found;
  };
  using Mode = proto::ActivityScheduled;
  EXPECT_THAT(found_after_cancelling(Mode::TRY), ElementsAre("nothing", "nothing"));
  EXPECT_THAT(found_after_cancelling(Mode::WAIT), ElementsAre("activity work (#1)", "nothing"));
  EXPECT_THAT(found_after_cancelling(Mode::ABANDON), ElementsAre("activity work (#1)", "nothing"));
}

TEST(Checkpoint, AStepOfAnotherStrandIsUnderWay) {
  std::string found;
  SegmentedRun run([&](Execution& e, const std::string&) -> Outcome {
    const auto kept = e.spawn([&e] {
      (void)e.run_step([](proto::StepScheduled& step) { step.set_name("look"); },
                       [] { return Outcome(); }, {});
    });
    take(e, "go");
    found = e.under_way().value_or("nothing");
    return ends_with("done");
  });
  run.start();
  run.turn({signal("go")});
  EXPECT_EQ(found, "step look (#1)");
}

// ---- code that catches its exception ----------------------------------------------------------

TEST(Checkpoint, CodeThatCatchesTheExceptionGoesOnNevertheless) {
  SegmentedRun run([](Execution& e, const std::string& input) -> Outcome {
    if (input == "x") return ends_with("done");
    try {
      e.checkpoint("x", {});
    } catch (...) {
    }
    return ends_with("made of it");
  });
  EXPECT_EQ(run.start(), TurnEnd::kCheckpoint);
  run.go_on();
  EXPECT_EQ(run.turn({}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "done");
}

TEST(Checkpoint, CodeThatCatchesItForEverIsParked) {
  SegmentedRun run([](Execution& e, const std::string&) -> Outcome {
    while (true) {
      try {
        e.checkpoint("x", {});
      } catch (const replay::Evicted&) {
        throw;
      } catch (...) {
      }
    }
  });
  EXPECT_EQ(run.start(), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().code, base::ErrorCode::kUnwindSwallowed);
  EXPECT_THAT(run.execution().trouble().report, HasSubstr("ctx.checkpoint()"));
}

// ---- other code, and other histories ----------------------------------------------------------

TEST(Checkpoint, AMismatchAfterItHasTheNumbersOfTheWholeHistory) {
  SegmentedRun run([](Execution& e, const std::string& input) -> Outcome {
    (void)call(e, input == "x" ? "second" : "first");
    if (input == "x") return ends_with("done");
    e.checkpoint("x", {});
  });
  run.start();
  run.turn({activity_completed(1)});
  run.go_on();
  run.turn({});
  run.change_to([](Execution& e, const std::string& input) -> Outcome {
    (void)call(e, input == "x" ? "other" : "first");
    e.checkpoint("x", {});
  });
  EXPECT_EQ(run.replay_last(), TurnEnd::kParked);
  const replay::Trouble& trouble = run.execution().trouble();
  ASSERT_TRUE(trouble.mismatch.has_value());
  // started, first, completed, Checkpoint; CheckpointTaken, second
  EXPECT_EQ(trouble.mismatch->event, 6U);
  EXPECT_EQ(trouble.mismatch->kind, Kind::kOtherName);
  EXPECT_EQ(trouble.mismatch->last_match_event, 0U) << "none is known of before";
  EXPECT_THAT(trouble.report, HasSubstr("event 6"));
}

TEST(Checkpoint, ItsInputCountsInStrictMode) {
  for (const bool strict : {false, true}) {
    SegmentedRun run(counts, {.strict = strict});
    run.start();
    run.turn({signal("go")});
    run.change_to([](Execution& e, const std::string&) -> Outcome {
      take(e, "go");
      e.checkpoint("another", {});
    });
    EXPECT_EQ(run.replay(), strict ? TurnEnd::kParked : TurnEnd::kCheckpoint);
  }
}

TEST(Checkpoint, RemovedAddedAndReplaced) {
  const auto kind_of = [](const SegmentCode& before, const SegmentCode& after) {
    SegmentedRun run(before);
    run.start();
    run.turn({signal("go")});
    run.change_to(after);
    EXPECT_EQ(run.replay(), TurnEnd::kParked);
    return run.execution().trouble().mismatch->kind;
  };
  const SegmentCode ends = [](Execution& e, const std::string&) {
    take(e, "go");
    return ends_with("done");
  };
  const SegmentCode waits = [](Execution& e, const std::string&) {
    take(e, "go");
    take(e, "for ever");
    return ends_with("done");
  };
  EXPECT_EQ(kind_of(counts, ends), Kind::kLeftOver);
  EXPECT_EQ(kind_of(counts, waits), Kind::kMissing);
  EXPECT_EQ(kind_of(ends, counts), Kind::kOtherKind);
  EXPECT_EQ(kind_of(waits, counts), Kind::kExtra);
}

// Nothing goes on from a checkpoint that was not taken; after one nothing else does.
TEST(Checkpoint, HistoriesThatNoEngineHasWrittenDoNotMatch) {
  SegmentedRun run(counts);
  run.start();
  run.turn({signal("go")});
  run.go_on();
  const std::vector<proto::Turn> all = run.history();
  run.history() = {all[0], all[2]};  // the turn with the checkpoint is missing
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked) << "deferred";
  EXPECT_EQ(run.turn({}), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().code, base::ErrorCode::kNondeterminism);

  run.history() = {all[2], all[2]};
  (void)run.replay();
  EXPECT_EQ(run.turn({}), TurnEnd::kParked) << "twice";

  SegmentedRun other(counts);
  other.start();
  other.turn({signal("go")});
  const proto::Turn last = other.last();
  EXPECT_EQ(other.execution().replay_turn(last), TurnEnd::kParked) << "the same turn goes on";
}

}  // namespace
}  // namespace reprise::testing::checkpoint_test
