// Runs that are tried again: when, what the failure's event says, what goes along, and what replay
// makes of it. And delays, as replay sees them.
#include "event/retry.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_run.h"

namespace reprise::testing::retry_test {
namespace {

using replay::TurnEnd;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

proto::Event started_with(std::uint32_t attempt, std::int32_t attempts = 3) {
  proto::Event event = started();
  proto::RunStarted& start = *event.mutable_run_started();
  start.set_attempt(attempt);
  start.set_input("input");
  start.mutable_retry()->set_initial_interval_ms(500);
  start.mutable_retry()->set_backoff_coefficient(2);
  start.mutable_retry()->set_maximum_interval_ms(10'000);
  start.mutable_retry()->set_maximum_attempts(attempts);
  return event;
}

Outcome failed(proto::Failure::Kind kind = proto::Failure::APPLICATION, bool final = false) {
  proto::Failure failure;
  failure.set_kind(kind);
  failure.set_type("Boom");
  failure.set_non_retryable(final);
  return Outcome::failed(failure);
}

const proto::RunFailed& end_of(const ScriptedRun& run) {
  return run.last().commands(run.last().commands_size() - 1).run_failed();
}

TEST(Retry, TheFailureNamesTheNextAttempt) {
  for (const std::uint32_t attempt : {0U, 1U, 2U}) {
    ScriptedRun run([](Execution&) { return failed(); });
    EXPECT_EQ(run.turn({started_with(attempt)}), TurnEnd::kClosed);
    const auto id = base::RunId::from_bytes(end_of(run).next_run_id());
    ASSERT_TRUE(id.has_value());
    EXPECT_EQ(*id, event::id_after(base::RunId(), base::from_ms(1'000)));
    EXPECT_EQ(end_of(run).retry_in_ms(), attempt == 2 ? 1'000 : 500);
    const replay::UnreadInputs unread = run.execution().take_unread();
    ASSERT_NE(unread.start, nullptr);
    EXPECT_EQ(unread.start->input(), "input");
    EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  }
}

TEST(Retry, SomeEndsAreFinal) {
  const auto next_of = [](const Body& body, proto::Event start) {
    ScriptedRun run(body);
    EXPECT_EQ(run.turn({std::move(start)}), TurnEnd::kClosed);
    return end_of(run).next_run_id();
  };
  const auto fails = [](Execution&) { return failed(); };
  EXPECT_EQ(next_of(fails, started()), "") << "without a policy";
  EXPECT_EQ(next_of(fails, started_with(3)), "") << "the last attempt";
  EXPECT_NE(next_of(fails, started_with(3, 0)), "") << "no limit";
  EXPECT_EQ(next_of([](Execution&) { return failed(proto::Failure::CANCELLED); }, started_with(1)),
            "");
  EXPECT_EQ(next_of([](Execution&) { return failed(proto::Failure::APPLICATION, true); },
                    started_with(1)),
            "");
  proto::Event start = started_with(1);
  start.mutable_run_started()->set_execution_due_ms(1'500);
  EXPECT_EQ(next_of(fails, start), "") << "the next attempt would begin at the chain's limit";
  start.mutable_run_started()->set_execution_due_ms(1'501);
  EXPECT_NE(next_of(fails, start), "");
  start.mutable_run_started()->mutable_retry()->add_non_retryable("Boom");
  EXPECT_EQ(next_of(fails, start), "");
}

TEST(Retry, TheTypeOfACauseCounts) {
  proto::RetryPolicy policy = started_with(1).run_started().retry();
  proto::Failure failure;
  failure.set_kind(proto::Failure::ACTIVITY);
  failure.mutable_cause()->mutable_cause()->set_type("Deep");
  EXPECT_TRUE(event::retry_of_run(policy, 1, failure, 0, 0));
  policy.add_non_retryable("Deep");
  EXPECT_FALSE(event::retry_of_run(policy, 1, failure, 0, 0));
}

TEST(Retry, ExtremeNumbersAreCutOff) {
  proto::RetryPolicy policy;
  policy.set_initial_interval_ms(INT64_MAX);
  policy.set_maximum_interval_ms(INT64_MAX);
  policy.set_backoff_coefficient(1e308);
  EXPECT_EQ(event::retry_of_run(policy, UINT32_MAX, {}, 0, INT64_MAX), base::Duration::max());
  EXPECT_FALSE(event::retry_of_run(policy, 1, {}, INT64_MAX, 1));
  policy.set_initial_interval_ms(0);
  EXPECT_EQ(event::retry_of_run(policy, 7, {}, INT64_MAX, INT64_MAX - 1), base::Duration(0));
}

TEST(Retry, ACancelledRunIsNotTriedAgain) {
  ScriptedRun run([](Execution& e) {
    (void)call(e, "work");
    return failed();
  });
  run.turn({started_with(1)});
  EXPECT_EQ(run.turn({cancel_requested()}), TurnEnd::kClosed);
  EXPECT_EQ(end_of(run).next_run_id(), "");
}

TEST(Retry, WhatIsUnreadGoesAlong) {
  ScriptedRun run([](Execution& e) {
    const auto go = e.next_signal("go");
    e.wait(*go);
    (void)go->take_outcome();
    return failed();
  });
  run.turn({started_with(1)});
  run.turn({signal("s", "1"), update("a", "u")});
  EXPECT_EQ(run.turn({signal("go"), signal("s", "2"), cancel_requested(), timer_fired(9)}),
            TurnEnd::kClosed);
  const replay::UnreadInputs unread = run.execution().take_unread();
  std::vector<std::string> texts;
  for (const proto::Event& input : unread.inputs) texts.push_back(event::describe(input));
  // The update had no handler: it was answered.
  EXPECT_THAT(texts, ElementsAre("SignalReceived s", "SignalReceived s", "CancelRequested"));
  EXPECT_EQ(unread.unrecorded, 2U);
  EXPECT_EQ(run.last().inputs_size(), 1);
}

// A final failure leaves it as it was: the run has ended, and they came too late.
TEST(Retry, AfterAFinalFailureNothingGoesAlong) {
  ScriptedRun run([](Execution& e) {
    const auto go = e.next_signal("go");
    e.wait(*go);
    return failed(proto::Failure::APPLICATION, true);
  });
  run.turn({started_with(1)});
  EXPECT_EQ(run.turn({signal("s", "1"), signal("go"), signal("s", "2")}), TurnEnd::kClosed);
  const replay::UnreadInputs unread = run.execution().take_unread();
  EXPECT_THAT(unread.inputs, IsEmpty());
  EXPECT_EQ(unread.start, nullptr);
}

TEST(Retry, AtALimitTheExecutionTellsTheSame) {
  ScriptedRun run([](Execution& e) {
    (void)call(e, "work");
    return failed();
  });
  run.turn({started_with(2)});
  run.turn({signal("s", "1")});
  run.defer({signal("s", "2"), activity_completed(1), cancel_requested()});
  for (int i = 0; i < 2; ++i) {
    const replay::UnreadInputs unread = run.execution().unread_at_limit();
    ASSERT_NE(unread.start, nullptr);
    EXPECT_EQ(unread.start->attempt(), 2U);
    EXPECT_EQ(unread.inputs.size(), 3U);
    run.replay();
  }
}

TEST(Retry, ALimitBeforeTheCodeHasRun) {
  ScriptedRun run([](Execution&) { return failed(); });
  run.defer({started_with(1), signal("s", "1")});
  const replay::UnreadInputs unread = run.execution().unread_at_limit();
  ASSERT_NE(unread.start, nullptr);
  EXPECT_EQ(unread.inputs.size(), 1U);
}

// What is recorded counts, whatever the code or the library of now would decide.
TEST(Retry, ReplayFollowsTheRecordedDecision) {
  for (const bool strict : {false, true}) {
    ScriptedRun run([](Execution&) { return failed(); }, {.strict = strict});
    run.turn({started_with(1)});
    proto::RunFailed& end = *run.history().back().mutable_commands(0)->mutable_run_failed();
    end.set_next_run_id("sixteen bytes...");
    end.set_retry_in_ms(7);
    EXPECT_EQ(run.replay(), TurnEnd::kClosed);
    end.clear_next_run_id();
    end.clear_retry_in_ms();
    EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  }
}

TEST(Retry, CodeThatNoLongerFailsIsAMismatch) {
  ScriptedRun run([](Execution&) { return failed(); });
  run.turn({started_with(1)});
  run.change_code([](Execution&) { return Outcome(); });
  EXPECT_EQ(run.replay(), TurnEnd::kParked);
}

TEST(Retry, TooMuchToTakeAlongParksTheRun) {
  ScriptedRun run(
      [](Execution& e) {
        const auto go = e.next_signal("go");
        e.wait(*go);
        return failed();
      },
      {.turn_bytes = 1'000});
  run.turn({started_with(1)});
  EXPECT_EQ(run.turn({signal("s", std::string(2'000, 'x'))}), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({signal("go")}), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().code, base::ErrorCode::kRunLimit);
  EXPECT_THAT(run.execution().trouble().report, ::testing::HasSubstr("the next attempt"));
}

TEST(Retry, TheAttemptIsKnownToTheCode) {
  const auto attempt_of = [](std::uint32_t recorded) {
    std::uint32_t seen = 0;
    ScriptedRun run([&](Execution& e) {
      seen = e.info().attempt;
      return Outcome();
    });
    run.turn({started_with(recorded)});
    return seen;
  };
  EXPECT_EQ(attempt_of(0), 1U);
  EXPECT_EQ(attempt_of(1), 1U);
  EXPECT_EQ(attempt_of(UINT32_MAX), UINT32_MAX);
}

// ---- delays -----------------------------------------------------------------------------------

proto::Event delay_ended() {
  proto::Event event;
  event.mutable_delay_ended();
  return event;
}

TEST(Delay, CodeRunsAfterTheInputThatEndsIt) {
  ScriptedRun run([](Execution& e) {
    const auto s = e.next_signal("s");
    e.wait(*s);
    return Outcome::success(std::to_string(base::to_ms(e.now())));
  });
  run.defer({started(), signal("s")});
  run.defer({delay_ended()});
  EXPECT_EQ(run.turn({}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "3000");
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Delay, OneThatNobodyHasAskedForMeansNothing) {
  ScriptedRun run([](Execution& e) { return Outcome::success(call(e, "work")); });
  run.start();
  EXPECT_EQ(run.turn({delay_ended()}), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({delay_ended(), activity_completed(1, "x")}), TurnEnd::kClosed);
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Delay, ARunThatIsCalledOffHasEnded) {
  ScriptedRun run([](Execution&) { return Outcome(); });
  run.defer({started(), cancel_requested()});
  proto::Event off;
  off.mutable_run_called_off();
  run.defer({off});
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked) << "no code has run";
  EXPECT_EQ(run.execution().rehearse(), TurnEnd::kBlocked) << "and none is to";
}

TEST(Delay, NothingFollowsAnEndThatCodeHasSeen) {
  ScriptedRun run([](Execution& e) { return Outcome::success(call(e, "work")); });
  run.start();
  proto::Event off;
  off.mutable_run_called_off();
  EXPECT_EQ(run.turn({off, signal("late")}), TurnEnd::kClosed);
  EXPECT_EQ(run.last().inputs_size(), 1);
}

}  // namespace
}  // namespace reprise::testing::retry_test
