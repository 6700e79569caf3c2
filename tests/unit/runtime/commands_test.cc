#include "runtime/engine/commands/commands.h"

#include "event/turn.h"
#include "tests/unit/event/any_event.h"
#include "tests/unit/runtime/shard_parts.h"

namespace reprise::runtime::commands_test {
namespace {

using Kind = Effect::Kind;
using Effects = std::vector<std::pair<Effect::Kind, std::uint32_t>>;

proto::Event activity(std::uint32_t id, const std::string& queue = {}) {
  proto::Event event;
  event.mutable_activity_scheduled()->set_id(id);
  event.mutable_activity_scheduled()->set_name("charge");
  event.mutable_activity_scheduled()->set_task_queue(queue);
  return event;
}
proto::Event step(std::uint32_t id) {
  proto::Event event;
  event.mutable_step_scheduled()->set_id(id);
  event.mutable_step_scheduled()->set_name("count");
  return event;
}
proto::Event timer(std::uint32_t id) {
  proto::Event event;
  event.mutable_timer_started()->set_id(id);
  return event;
}
proto::Event attempt_failed(std::uint32_t id) {
  proto::Event event;
  event.mutable_attempt_failed()->set_id(id);
  event.mutable_attempt_failed()->set_attempt(1);
  event.mutable_attempt_failed()->mutable_failure()->set_message("no network");
  event.mutable_attempt_failed()->set_heartbeat("half");
  return event;
}

class CommandsTest : public shard_parts::ShardParts {
 protected:
  CommandsTest() : run_(start("a")) { settle(); }

  // The effects of a turn with these events, once it is durable.
  Effects effects_of(const std::vector<proto::Event>& inputs,
                     const std::vector<proto::Event>& commands) {
    proto::Turn turn;
    for (const proto::Event& event : inputs) *turn.add_inputs() = event;
    for (const proto::Event& event : commands) *turn.add_commands() = event;
    apply(turn);
    released_.clear();
    release();
    return released_;
  }

  void apply(const proto::Turn& turn) {
    effects_.next_turn();
    const commands::Recording recording{run_, shared_, effects_, outbox_, set_aside_};
    commands::give_up(recording, turn, event::closes(turn));
    run_.state.apply(turn, names_);
    if (run_.extras != nullptr) run_.extras->operations.apply(turn);
    commands::follow(recording, turn);
    effects_.appended(shared_.durable);
  }

  KnownRun& run_;
};

TEST_F(CommandsTest, WhatBeginsIsDispatchedOrArmedInTheOrderOfTheTurn) {
  EXPECT_EQ(
      effects_of({}, {activity(1), timer(2), step(3), activity(4)}),
      (Effects{{Kind::kDispatch, 1}, {Kind::kArm, 2}, {Kind::kDispatch, 3}, {Kind::kDispatch, 4}}));
  EXPECT_EQ(run_.live(1)->details->activity->name(), "charge");
  EXPECT_EQ(run_.live(3)->details->step->name, "count");
  EXPECT_EQ(run_.live(2), nullptr) << "a timer needs no attempt";
}

TEST_F(CommandsTest, EveryKindThatBeginsAnOperationHasAnEffect) {
  std::uint32_t id = 0;
  for (const event::Row& row : event::rows()) {
    if (row.opens == event::Operation::kNone) continue;
    proto::Event command;
    google::protobuf::Message* body = event::body_of(&command, row.kind);
    body->GetReflection()->SetUInt32(body, event::field_named(row, "id"), ++id);
    const Effects effects = effects_of({}, {command});
    if (row.opens == event::Operation::kMessage) {
      ASSERT_FALSE(post_.messages.empty()) << row.name << " begins, and nothing is sent";
      EXPECT_EQ(post_.messages.back().id, id) << row.name;
      continue;
    }
    if (row.opens == event::Operation::kChild) {
      ASSERT_FALSE(post_.calls.empty()) << row.name << " begins, and nothing is started";
      EXPECT_EQ(post_.calls.back().scheduled().id(), id) << row.name;
      continue;
    }
    ASSERT_EQ(effects.size(), 1U) << row.name << " begins, and nothing is made of it";
    EXPECT_EQ(effects[0].second, id) << row.name;
  }
  EXPECT_GE(id, 3U);
}

TEST_F(CommandsTest, InputsComeBeforeWhatTheCodeMadeOfThem) {
  (void)effects_of({}, {activity(1)});
  EXPECT_EQ(effects_of({attempt_failed(1)}, {timer(2)}),
            (Effects{{Kind::kArm, 1}, {Kind::kArm, 2}}));
}

TEST_F(CommandsTest, WhatATurnBeginsAndGivesUpIsForgotten) {
  proto::Event cancelled;
  cancelled.mutable_activity_cancel_requested()->set_id(1);
  (void)effects_of({}, {activity(1), cancelled});
  EXPECT_EQ(run_.live(1), nullptr);
}

// It goes on, whether it is new or not: the effects are released in this order.
TEST_F(CommandsTest, WhatIsToCancelIsAskedWhenThatIsDurable) {
  proto::Event awaited;
  awaited.mutable_activity_cancel_awaited()->set_id(1);
  EXPECT_EQ(effects_of({}, {activity(1), awaited}),
            (Effects{{Kind::kDispatch, 1}, {Kind::kAskToCancel, 1}}));
  ASSERT_NE(run_.state.find(1), nullptr);
  EXPECT_TRUE(run_.state.find(1)->cancel_asked);
  EXPECT_NE(run_.live(1), nullptr);
  proto::Event completed;
  completed.mutable_run_completed();
  EXPECT_EQ(effects_of({}, {awaited, completed}), Effects{});
}

// In a history that was made up the command may be about anything.
TEST_F(CommandsTest, OnlyActivitiesAreAsked) {
  proto::Turn turn;
  *turn.add_commands() = step(1);
  turn.add_commands()->mutable_activity_cancel_awaited()->set_id(1);
  turn.add_commands()->mutable_activity_cancel_awaited()->set_id(77);
  turn.add_inputs()->mutable_activity_cancel_awaited()->set_id(1);
  run_.state.apply(turn, names_);
  ASSERT_NE(run_.state.find(1), nullptr);
  EXPECT_FALSE(run_.state.find(1)->cancel_asked);
}

TEST_F(CommandsTest, TheEndOfTheRunDoesNotAskWhatTheCodeWouldAbandon) {
  proto::Event kept = activity(1);
  kept.mutable_activity_scheduled()->set_on_cancel(proto::ActivityScheduled::ABANDON);
  proto::Event queued = kept;
  queued.mutable_activity_scheduled()->set_id(2);
  (void)effects_of({}, {kept, queued});
  std::vector<std::shared_ptr<AttemptControl>> controls;
  for (const std::uint32_t id : {1u, 2u}) {
    controls.push_back(std::make_shared<AttemptControl>());
    run_.live(id)->details->control = controls.back();
  }
  ASSERT_TRUE(controls[0]->claim());
  proto::Turn turn;
  turn.add_commands()->mutable_run_completed();
  apply(turn);
  release();
  EXPECT_FALSE(controls[0]->stop.stop_requested());
  EXPECT_FALSE(controls[1]->claim()) << "no thread begins it";
}

TEST_F(CommandsTest, ATurnThatEndsTheRunBeginsNothing) {
  proto::Event completed;
  completed.mutable_run_completed();
  EXPECT_EQ(effects_of({}, {activity(1), timer(2), step(3), completed}), Effects{});
}

TEST_F(CommandsTest, AttemptsThatAreGivenUpAreAskedToStopWhenThatIsDurable) {
  (void)effects_of({}, {activity(1), activity(2), step(3)});
  std::vector<std::shared_ptr<AttemptControl>> controls;
  for (const std::uint32_t id : {1u, 2u, 3u}) {
    controls.push_back(std::make_shared<AttemptControl>());
    run_.live(id)->details->control = controls.back();
  }
  proto::Turn turn;
  turn.add_commands()->mutable_activity_cancel_requested()->set_id(2);
  apply(turn);
  release();
  EXPECT_FALSE(controls[1]->claim()) << "no thread begins it";
  turn.clear_commands();
  turn.add_commands()->mutable_run_completed();
  apply(turn);
  EXPECT_NE(run_.extras, nullptr);
  release();
  EXPECT_FALSE(controls[0]->claim()) << "the run has ended";
  EXPECT_TRUE(controls[2]->claim()) << "a step's closure lies on the stack of its run";
}

TEST_F(CommandsTest, AfterARestartTheHistorySaysWhatAttemptsNeed) {
  proto::Turn first;
  *first.add_commands() = activity(1);
  *first.add_commands() = step(2);
  run_.state.apply(first, names_);
  ASSERT_EQ(run_.live(1), nullptr);
  commands::learn(run_, first);
  proto::Turn second;
  *second.add_inputs() = attempt_failed(1);
  commands::learn(run_, second);
  const OperationDetails& details = *run_.live(1)->details;
  EXPECT_EQ(details.activity->name(), "charge");
  EXPECT_EQ(details.last_failure, "no network");
  EXPECT_EQ(details.heartbeat, "half");
  EXPECT_EQ(run_.live(2)->details->step->name, "count");
  // Nothing is kept of operations that are no longer pending.
  proto::Turn other;
  *other.add_commands() = activity(7);
  commands::learn(run_, other);
  EXPECT_EQ(run_.live(7), nullptr);
}

TEST_F(CommandsTest, OfSignalsThatWereSetAsideTheFirstFewAreTold) {
  proto::Event aside;
  aside.mutable_signal_set_aside()->set_name("pay");
  aside.mutable_signal_set_aside()->set_why("no number");
  for (int i = 0; i < 20; ++i) (void)effects_of({}, {aside});
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = logged_.find("RP3013", at)) != std::string::npos; ++at) ++lines;
  EXPECT_EQ(lines, 10u);
}

}  // namespace
}  // namespace reprise::runtime::commands_test
