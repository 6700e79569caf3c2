// Checkpoints: runs that never come to an end, and numbers at their limits.
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/ids.h"
#include "replay/commands/checkpoint.h"
#include "tests/unit/replay/segmented_run.h"

namespace reprise::testing::checkpoint_limits_test {
namespace {

using replay::TurnEnd;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Waits for one "go" in each segment.
Outcome goes_on(Execution& e, const std::string& input) {
  const auto signal = e.next_signal("go");
  if (e.wait(*signal) == replay::Waited::kReady) (void)signal->take_outcome();
  e.checkpoint(std::string(input), at(7));
}

proto::Turn first_turn_of_segment() {
  proto::Turn turn;
  turn.set_without_code(true);
  turn.add_inputs()->mutable_checkpoint_taken()->set_event(7);
  return turn;
}

// What it waits for is over at once, and it begins nothing.
TEST(CheckpointLimits, ACancelledRunThatGoesNowhereIsParked) {
  SegmentedRun run(goes_on);
  run.start();
  ASSERT_EQ(run.turn({cancel_requested()}), TurnEnd::kCheckpoint);
  std::uint32_t taken = 0;
  TurnEnd end = TurnEnd::kCheckpoint;
  for (; end == TurnEnd::kCheckpoint && taken < 10'000; ++taken) {
    run.go_on();
    end = run.turn({});
  }
  ASSERT_EQ(end, TurnEnd::kParked);
  EXPECT_EQ(taken, replay::kMostIdleCheckpoints + 1);
  EXPECT_EQ(run.execution().trouble().code, base::ErrorCode::kRunLimit);
  EXPECT_THAT(run.execution().trouble().report, HasSubstr("catches CancelledFailure"));
}

TEST(CheckpointLimits, ACancelledRunThatIsSentSomethingGoesOn) {
  SegmentedRun run([](Execution& e, const std::string& input) -> Outcome {
    const auto shield = e.enter_scope(replay::Scope::Kind::kShielded);
    take(e, "go");
    e.leave_scope(shield);
    e.checkpoint(std::string(input), at(7));
  });
  run.start();
  run.turn({cancel_requested()});
  for (std::uint32_t i = 0; i < 2 * replay::kMostIdleCheckpoints; ++i) {
    ASSERT_EQ(run.turn({signal("go")}), TurnEnd::kCheckpoint);
    run.go_on();
  }
}

TEST(CheckpointLimits, IdsOfOperationsDoNotBeginAgain) {
  SegmentedRun run([](Execution& e, const std::string&) -> Outcome {
    call(e, "work", 7);
    return Outcome();
  });
  proto::Turn turn = first_turn_of_segment();
  turn.mutable_inputs(0)->mutable_checkpoint_taken()->set_next_id(
      std::numeric_limits<std::uint32_t>::max());
  EXPECT_EQ(run.execution().replay_turn(turn), TurnEnd::kBlocked);
  ASSERT_EQ(run.turn({}), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().code, base::ErrorCode::kRunLimit);
  EXPECT_THAT(run.execution().trouble().report, HasSubstr("continue as a new run"));
}

TEST(CheckpointLimits, ExtremeNumbersAreTaken) {
  SegmentedRun run(goes_on);
  run.start();
  run.turn({signal("go")});
  for (const std::uint64_t number : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    SegmentedRun one(goes_on);
    proto::Turn turn;
    turn.set_without_code(true);
    auto* taken = turn.add_inputs()->mutable_checkpoint_taken();
    taken->set_event(number);
    taken->set_next_id(0);
    taken->set_stacks(number);
    EXPECT_EQ(one.execution().replay_turn(turn), TurnEnd::kBlocked);
    EXPECT_EQ(one.turn({signal("go")}), TurnEnd::kCheckpoint);
  }
}

// A run that reaches its limit before the fresh call has run is tried again: an update that comes
// again then is known.
TEST(CheckpointLimits, UpdatesAreKnownAtALimitBeforeTheFreshCall) {
  SegmentedRun run(goes_on);
  proto::Turn turn = first_turn_of_segment();
  turn.mutable_inputs(0)->mutable_checkpoint_taken()->mutable_start()->add_known_updates(4711);
  *turn.add_inputs() = update("u1", "change");
  EXPECT_EQ(run.execution().replay_turn(turn), TurnEnd::kBlocked);
  EXPECT_FALSE(run.execution().has_begun());
  const replay::UnreadInputs unread = run.execution().unread_at_limit();
  EXPECT_THAT(unread.known_updates, ElementsAre(4711, base::hash64("u1")));
  EXPECT_THAT(unread.inputs, ::testing::SizeIs(1));
}

}  // namespace
}  // namespace reprise::testing::checkpoint_limits_test
