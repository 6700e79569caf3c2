#include "event/turn.h"

#include <gtest/gtest.h>

#include "tests/unit/event/any_event.h"

namespace reprise::event {
namespace turn_test {

proto::Turn turn_of(const Row& input, const Row& command) {
  proto::Turn turn;
  *turn.add_inputs() = any_event(input.kind);
  *turn.add_commands() = any_event(command.kind);
  return turn;
}

TEST(EventTurn, TheLastCommandOrTheLastInputEndsTheRun) {
  for (const Row& input : rows()) {
    for (const Row& command : rows()) {
      if (input.role == Role::kCommand || command.role != Role::kCommand) continue;
      const proto::Turn turn = turn_of(input, command);
      const proto::Event* expected = command.ends ? &turn.commands(0)
                                     : input.ends ? &turn.inputs(0)
                                                  : nullptr;
      EXPECT_EQ(ending(turn), expected) << input.name << ", " << command.name;
      EXPECT_EQ(closes(turn), expected != nullptr);
      EXPECT_EQ(starts(turn), input.name == "RunStarted");
    }
  }
}

TEST(EventTurn, NothingButTheLastOneEndsIt) {
  proto::Turn turn;
  EXPECT_EQ(ending(turn), nullptr);
  turn.add_commands()->mutable_run_completed();
  turn.add_commands()->mutable_timer_started();
  turn.add_inputs()->mutable_run_terminated();
  turn.add_inputs()->mutable_timer_fired();
  EXPECT_EQ(ending(turn), nullptr);
}

// In a hand-written history.
TEST(EventTurn, AnEndOnTheWrongSideIsNone) {
  proto::Turn turn;
  turn.add_commands()->mutable_run_terminated();
  turn.add_inputs()->mutable_run_completed();
  EXPECT_EQ(ending(turn), nullptr);
}

}  // namespace turn_test
}  // namespace reprise::event
