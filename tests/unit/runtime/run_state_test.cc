#include "runtime/fold/run_state.h"

#include <utility>

#include <gtest/gtest.h>

#include "event/turn.h"
#include "runtime/fold/walk.h"
#include "tests/support/scripted_run.h"
#include "tests/unit/event/any_event.h"

namespace reprise::runtime::run_state_test {
namespace {

proto::Turn start_turn(std::int64_t time_ms = 1'000) {
  proto::Turn turn;
  turn.set_time_ms(time_ms);
  auto* started = turn.add_inputs()->mutable_run_started();
  started->set_run_id(std::string(16, 'r'));
  started->set_workflow_id("order-7");
  started->set_workflow("checkout");
  started->set_task_queue("shop");
  return turn;
}

void schedule_activity(proto::Turn* turn, std::uint32_t id) {
  turn->add_commands()->mutable_activity_scheduled()->set_id(id);
}

TEST(RunState, FoldsOperationsInAndOut) {
  Names names;
  RunState state;
  auto first = start_turn();
  schedule_activity(&first, 1);
  auto* timer = first.add_commands()->mutable_timer_started();
  timer->set_id(2);
  timer->set_duration_ms(500);
  state.apply(first, names);
  EXPECT_EQ(state.workflow_id, "order-7");
  EXPECT_EQ(*state.workflow, "checkout");
  EXPECT_EQ(state.events, 3u);
  ASSERT_NE(state.find(1), nullptr);
  ASSERT_NE(state.find(2), nullptr);
  EXPECT_EQ(state.find(2)->due_ms, 1'500);

  proto::Turn second;
  *second.add_inputs() = testing::activity_completed(1);
  second.add_commands()->mutable_timer_cancelled()->set_id(2);
  state.apply(second, names);
  EXPECT_EQ(state.find(1), nullptr);
  EXPECT_EQ(state.find(2), nullptr);
  EXPECT_TRUE(state.open());
}

// Most runs have no id of their own and the default queue; neither is stored for each run.
TEST(RunState, WhatIsTheDefaultIsNotStored) {
  Names names;
  RunState state;
  auto turn = start_turn();
  turn.mutable_inputs(0)->mutable_run_started()->clear_workflow_id();
  turn.mutable_inputs(0)->mutable_run_started()->clear_task_queue();
  state.apply(turn, names);
  EXPECT_EQ(state.workflow_id, state.id.to_string());
  EXPECT_EQ(*state.task_queue, "default");
  proto::RunSummary summary;
  state.to_summary(&summary);
  EXPECT_EQ(summary.workflow_id(), "");
  EXPECT_EQ(summary.task_queue(), "");
  const RunState again = RunState::from_summary(1, summary, names);
  EXPECT_EQ(again.workflow_id, state.workflow_id);
  EXPECT_EQ(*again.task_queue, "default");
}

TEST(RunState, AnIdThatLooksLikeARunIdIsKept) {
  Names names;
  RunState state;
  auto turn = start_turn();
  const std::string other = base::RunId::make(base::Time{}, 1, 2).to_string();
  turn.mutable_inputs(0)->mutable_run_started()->set_workflow_id(other);
  state.apply(turn, names);
  EXPECT_EQ(state.workflow_id, other);
  EXPECT_EQ(state.stored_workflow_id(), other);
  EXPECT_EQ(state.stored_task_queue(), "shop");
}

TEST(RunState, CountsAttempts) {
  Names names;
  RunState state;
  auto turn = start_turn();
  schedule_activity(&turn, 1);
  state.apply(turn, names);
  proto::Turn failed;
  failed.set_without_code(true);
  auto* attempt = failed.add_inputs()->mutable_attempt_failed();
  attempt->set_id(1);
  attempt->set_attempt(3);
  attempt->set_retry_at_ms(9'000);
  state.apply(failed, names);
  EXPECT_EQ(state.find(1)->attempt, 4u);
  EXPECT_EQ(state.find(1)->due_ms, 9'000);
  EXPECT_FALSE(state.unapplied) << "the code has nothing to do with it";
}

TEST(RunState, KnowsThatInputsWaitForTheCode) {
  Names names;
  RunState state;
  state.apply(start_turn(), names);
  proto::Turn deferred;
  deferred.set_without_code(true);
  *deferred.add_inputs() = testing::signal("go");
  state.apply(deferred, names);
  EXPECT_TRUE(state.unapplied);
  state.apply(proto::Turn(), names);
  EXPECT_FALSE(state.unapplied);
}

// For every kind: what its row says happens, and only in the right place.
TEST(RunState, FoldsEveryKindAsItsRowSays) {
  for (const event::Row& row : event::rows()) {
    SCOPED_TRACE(row.name);
    Names names;
    proto::Turn as_command, as_input;
    event::body_of(as_command.add_commands(), row.kind);
    event::body_of(as_input.add_inputs(), row.kind);
    const bool is_command = row.role == event::Role::kCommand;
    RunState asked;
    asked.apply(as_command, names);
    EXPECT_EQ(asked.pending().size(), row.opens == event::Operation::kNone ? 0u : 1u);
    EXPECT_EQ(asked.status,
              is_command ? row.ends.value_or(RunStatus::kRunning) : RunStatus::kRunning);
    EXPECT_EQ(event::closes(as_command), is_command && row.ends.has_value());
    RunState told;
    told.apply(as_input, names);
    EXPECT_TRUE(told.pending().empty());
    const bool pauses = row.kind == proto::Event::kRunPaused;
    const RunStatus open = pauses ? RunStatus::kPaused : RunStatus::kRunning;
    EXPECT_EQ(told.status, is_command ? RunStatus::kRunning : row.ends.value_or(open));
    EXPECT_EQ(event::closes(as_input), !is_command && row.ends.has_value());
    EXPECT_EQ(told.events, 1u);
  }
}

// Only an input starts a run, and what code asks for waits for no code.
TEST(RunState, AStartAmongTheCommandsChangesNothing) {
  Names names;
  RunState state;
  state.apply(start_turn(), names);
  proto::Turn odd;
  odd.set_time_ms(9'000);
  odd.set_without_code(true);
  auto* started = odd.add_commands()->mutable_run_started();
  started->set_run_id(std::string(16, 'x'));
  started->set_workflow_id("another");
  started->set_run_timeout_ms(1);
  odd.add_commands()->mutable_signal_received()->set_name("go");
  state.apply(odd, names);
  EXPECT_EQ(state.id.bytes(), std::string(16, 'r'));
  EXPECT_EQ(state.workflow_id, "order-7");
  EXPECT_EQ(state.started_ms, 1'000);
  EXPECT_FALSE(state.run_timeout_due_ms());
  EXPECT_FALSE(state.unapplied);
  EXPECT_EQ(state.events, 3u);
}

TEST(RunState, AWalkComesToTheEndThatTheCatalogueNames) {
  struct Observer {
    void input(const event::Row&, const proto::Event&) {}
    void command(const event::Row&, const proto::Event&) {}
    void opened(const event::Row&, const proto::Event&) {}
    void answered(const event::Row&, const proto::Event&) {}
    void ended(const event::Row& row, const proto::Event& event) {
      EXPECT_EQ(&row, &event::row_of(event));
      end = &event;
    }
    const proto::Event* end = nullptr;
  };
  for (const event::Row& input : event::rows()) {
    for (const event::Row& command : event::rows()) {
      proto::Turn turn;
      event::body_of(turn.add_inputs(), input.kind);
      for (int commands = 0; commands < 2; ++commands) {
        if (commands > 0) event::body_of(turn.add_commands(), command.kind);
        Observer observer;
        walk(turn, observer);
        EXPECT_EQ(observer.end, event::ending(turn)) << input.name << ", " << command.name;
      }
    }
  }
}

TEST(RunState, ClosesAsTheLastTurnSays) {
  const auto status_after = [](auto fill) {
    Names names;
    RunState state;
    proto::Turn turn = start_turn();
    schedule_activity(&turn, 1);
    fill(turn);
    state.apply(turn, names);
    EXPECT_TRUE(event::closes(turn));
    EXPECT_EQ(end_of(turn).status, state.status);
    EXPECT_TRUE(state.pending().empty());
    return state.status;
  };
  EXPECT_EQ(status_after([](auto& t) { t.add_commands()->mutable_run_completed(); }),
            RunStatus::kCompleted);
  EXPECT_EQ(status_after([](auto& t) { t.add_commands()->mutable_run_failed(); }),
            RunStatus::kFailed);
  EXPECT_EQ(status_after([](auto& t) { t.add_commands()->mutable_run_cancelled(); }),
            RunStatus::kCancelled);
  EXPECT_EQ(status_after([](auto& t) { t.add_inputs()->mutable_run_terminated(); }),
            RunStatus::kTerminated);
  EXPECT_EQ(status_after([](auto& t) { t.add_inputs()->mutable_run_timed_out(); }),
            RunStatus::kTimedOut);
}

TEST(RunState, SurvivesItsSummary) {
  Names names;
  RunState state;
  auto turn = start_turn();
  schedule_activity(&turn, 1);
  schedule_activity(&turn, 2);
  turn.add_commands()->mutable_step_scheduled()->set_id(3);
  state.apply(turn, names);
  proto::Turn second;
  *second.add_inputs() = testing::activity_completed(1);
  state.apply(second, names);
  state.last_seq = 42;
  state.chain = 0xfeed;

  proto::RunSummary summary;
  state.to_summary(&summary);
  RunState copy = RunState::from_summary(7, summary, names);
  EXPECT_EQ(copy.number, 7u);
  EXPECT_EQ(copy.id, state.id);
  EXPECT_EQ(copy.workflow_id, "order-7");
  EXPECT_EQ(copy.last_seq, 42u);
  EXPECT_EQ(copy.chain, 0xfeedu);
  EXPECT_EQ(copy.events, state.events);
  EXPECT_EQ(copy.find(1), nullptr);
  EXPECT_EQ(copy.find(2)->kind, OperationKind::kActivity);
  EXPECT_EQ(copy.find(3)->kind, OperationKind::kStep);
}

TEST(RunState, KnowsItsPlaceInAChain) {
  Names names;
  const auto id = [](std::uint64_t n) { return base::RunId::make(base::Time{}, n, n); };
  const auto start = [&](std::uint64_t self, std::uint64_t from) {
    auto turn = start_turn();
    auto* started = turn.mutable_inputs(0)->mutable_run_started();
    started->set_run_id(std::string(id(self).bytes()));
    if (from == 0) return turn;
    started->set_continued_from_run_id(std::string(id(from).bytes()));
    started->set_first_run_id(std::string(id(1).bytes()));
    return turn;
  };
  for (const std::uint64_t self : {1, 2, 3}) {
    RunState state;
    state.apply(start(self, self - 1), names);
    EXPECT_EQ(state.in_chain(), self > 1);
    EXPECT_EQ(state.first_of_chain(), id(1));
    if (self < 3) {
      proto::Turn end;
      end.add_commands()->mutable_run_continued_as_new()->set_run_id(
          std::string(id(self + 1).bytes()));
      state.apply(end, names);
      EXPECT_EQ(state.status, RunStatus::kContinuedAsNew);
    }
    proto::RunSummary summary;
    state.to_summary(&summary);
    const RunState copy = RunState::from_summary(1, summary, names);
    for (const RunState* each : {&std::as_const(state), &copy}) {
      EXPECT_EQ(each->continued_from(), self > 1 ? id(self - 1) : base::RunId());
      EXPECT_EQ(each->continued_to(), self < 3 ? id(self + 1) : base::RunId());
      EXPECT_EQ(each->first_of_chain(), id(1));
      EXPECT_TRUE(each->in_chain());
    }
  }
}

TEST(RunState, KeepsTheTermsOfItsStart) {
  Names names;
  proto::Turn turn = start_turn();
  turn.set_time_ms(1'000);
  proto::RunStarted& start = *turn.mutable_inputs(0)->mutable_run_started();
  start.set_run_timeout_ms(500);
  start.set_execution_due_ms(9'000);
  start.set_delayed_until_ms(4'000);
  start.set_attempt(7);
  start.set_request_id("r");
  start.mutable_retry()->set_maximum_attempts(9);
  turn.add_inputs()->mutable_cancel_requested();
  turn.set_without_code(true);
  RunState state;
  state.apply(turn, names);
  proto::RunSummary summary;
  state.to_summary(&summary);
  RunState copy = RunState::from_summary(1, summary, names);
  for (const RunState* each : {&std::as_const(state), &std::as_const(copy)}) {
    ASSERT_NE(each->terms(), nullptr);
    EXPECT_EQ(each->run_timeout_due_ms(), 4'500) << "from the end of the delay";
    EXPECT_EQ(each->run_timeout_ms(), 500);
    EXPECT_EQ(each->delayed_until_ms(), 4'000);
    EXPECT_EQ(each->attempt(), 7U);
    EXPECT_EQ(each->terms()->execution_due_ms, 9'000);
    EXPECT_EQ(each->terms()->request_id, "r");
    EXPECT_EQ(each->terms()->retry->maximum_attempts(), 9);
    EXPECT_TRUE(each->terms()->asked_to_cancel);
  }
  proto::Turn ended;
  ended.add_inputs()->mutable_delay_ended();
  ended.set_without_code(true);
  copy.apply(ended, names);
  EXPECT_EQ(copy.delayed_until_ms(), 0);
  proto::Turn off;
  off.add_inputs()->mutable_run_called_off();
  off.set_without_code(true);
  state.apply(off, names);
  EXPECT_EQ(state.status, RunStatus::kCancelled);
  EXPECT_EQ(state.delayed_until_ms(), 0) << "it has ended";
}

// No engine writes such numbers.
TEST(RunState, OddTermsAreNone) {
  Names names;
  proto::Turn turn = start_turn();
  proto::RunStarted& start = *turn.mutable_inputs(0)->mutable_run_started();
  start.set_run_timeout_ms(-1);
  start.set_execution_due_ms(INT64_MIN);
  start.set_delayed_until_ms(-7);
  RunState state;
  state.apply(turn, names);
  EXPECT_EQ(state.terms(), nullptr);
  EXPECT_EQ(state.run_timeout_due_ms(), std::nullopt);
  proto::Turn end;
  end.add_commands()->mutable_run_failed()->set_next_run_id("short");
  state.apply(end, names);
  EXPECT_FALSE(state.in_chain());
}

TEST(RunState, ARunOutsideChainsHasNothingOfThem) {
  Names names;
  RunState state;
  state.apply(start_turn(), names);
  EXPECT_FALSE(state.in_chain());
  EXPECT_EQ(state.first_of_chain(), state.id);
  proto::RunSummary summary;
  state.to_summary(&summary);
  EXPECT_EQ(summary.continued_from() + summary.first_run_id() + summary.continued_to(), "");
}

TEST(RunState, ManyOperationsAreSweptNotShifted) {
  Names names;
  RunState state;
  auto turn = start_turn();
  for (std::uint32_t id = 1; id <= 10'000; ++id) schedule_activity(&turn, id);
  state.apply(turn, names);
  for (std::uint32_t id = 1; id <= 10'000; id += 2) {
    proto::Turn done;
    *done.add_inputs() = testing::activity_completed(id);
    state.apply(done, names);
  }
  EXPECT_EQ(state.find(1), nullptr);
  EXPECT_NE(state.find(2), nullptr);
  EXPECT_LE(state.pending().size(), 5'001u);
}

TEST(RunStateTime, ALimitBeyondTheEndOfTimeIsTheEndOfTime) {
  proto::Turn turn;
  turn.set_time_ms(1'700'000'000'000);
  turn.add_inputs()->mutable_run_started()->set_run_timeout_ms(INT64_MAX);
  turn.add_commands()->mutable_timer_started()->set_id(1);
  turn.mutable_commands(0)->mutable_timer_started()->set_duration_ms(INT64_MAX);
  Names names;
  RunState state;
  state.apply(turn, names);
  ASSERT_EQ(state.pending().size(), 1u);
  EXPECT_EQ(state.pending()[0].due_ms, INT64_MAX);
  EXPECT_EQ(state.run_timeout_due_ms(), INT64_MAX);
}

// In summaries it is still operation 0.
TEST(RunStateTime, TheLimitOfARunIsTheFirstOperationOfItsSummary) {
  Names names;
  RunState state;
  auto turn = start_turn();
  turn.mutable_inputs(0)->mutable_run_started()->set_run_timeout_ms(500);
  schedule_activity(&turn, 1);
  state.apply(turn, names);
  EXPECT_EQ(state.closed_ms(), 0);
  ASSERT_EQ(state.pending().size(), 1u);

  proto::RunSummary summary;
  state.to_summary(&summary);
  ASSERT_EQ(summary.pending_size(), 2);
  proto::PendingOperation limit;
  limit.set_kind(5);
  limit.set_attempt(1);
  limit.set_due_ms(1'500);
  EXPECT_EQ(summary.pending(0).SerializeAsString(), limit.SerializeAsString());
  EXPECT_EQ(summary.closed_ms(), 0);
  const RunState copy = RunState::from_summary(1, summary, names);
  EXPECT_EQ(copy.run_timeout_due_ms(), 1'500);
  EXPECT_EQ(copy.pending().size(), 1u);
  proto::RunSummary again;
  copy.to_summary(&again);
  EXPECT_EQ(again.SerializeAsString(), summary.SerializeAsString());
}

TEST(RunStateTime, ARunThatHasEndedHasAnEndAndNoLimit) {
  Names names;
  RunState state;
  auto turn = start_turn();
  turn.mutable_inputs(0)->mutable_run_started()->set_run_timeout_ms(500);
  state.apply(turn, names);
  proto::Turn last;
  last.set_time_ms(1'200);
  last.add_commands()->mutable_run_completed();
  state.apply(last, names);
  EXPECT_EQ(state.closed_ms(), 1'200);
  EXPECT_EQ(state.run_timeout_due_ms(), std::nullopt);
  proto::RunSummary summary;
  state.to_summary(&summary);
  EXPECT_EQ(summary.pending_size(), 0);
  EXPECT_EQ(summary.closed_ms(), 1'200);
  EXPECT_EQ(RunState::from_summary(1, summary, names).closed_ms(), 1'200);
}

}  // namespace
}  // namespace reprise::runtime::run_state_test
