// EngineOptions::record_stacks: the history has the stacks, each once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/engine_fixture.h"

// Outside the engine's namespace, as users' code is: its own frames are left out.
namespace shop {

[[gnu::noinline]] reprise::replay::Outcome sell_twice(reprise::replay::Execution& run) {
  std::size_t sold = 0;
  for (int i = 0; i < 2; ++i) sold += reprise::testing::call(run, "sell").size();
  return reprise::replay::Outcome::success(std::to_string(sold));
}

}  // namespace shop

namespace reprise::testing::recorded_stacks_test {
namespace {

using ::testing::HasSubstr;

class EngineStacks : public EngineFixture {
 protected:
  // The stacks of a run that sells twice, and to how many commands they belong.
  std::vector<proto::Stack> record(bool stacks, bool replay_every_turn, int* commands) {
    auto recording = options();
    recording.record_stacks = stacks;
    recording.replay_every_turn = replay_every_turn;
    engine_ = runtime::Engine::in_memory(recording);
    workflow("w", [](Execution& e) { return shop::sell_twice(e); });
    activity("sell",
             [](runtime::ActivityAttempt&, std::string_view) { return Outcome::success("sold"); });
    start_worker();
    EXPECT_EQ(result(start("w", "run-1")), "8");
    std::vector<proto::Stack> found;
    *commands = 0;
    for (const proto::Turn& turn : history("run-1")) {
      found.insert(found.end(), turn.stacks().begin(), turn.stacks().end());
      for (const auto& command : turn.commands()) {
        if (command.call_site().stack() != 0) ++*commands;
      }
    }
    worker_.reset();
    return found;
  }
};

TEST_F(EngineStacks, AreRecordedOnRequest) {
  for (const bool replay_every_turn : {false, true}) {
    int commands = 0;
    const auto stacks = record(true, replay_every_turn, &commands);
    EXPECT_EQ(commands, 2);
    ASSERT_EQ(stacks.size(), 1u);
    EXPECT_THAT(stacks[0].frames(0), HasSubstr("shop::sell_twice runtime/recorded_stacks_test.cc"));
  }
}

TEST_F(EngineStacks, AreNotRecordedOtherwise) {
  int commands = 0;
  EXPECT_TRUE(record(false, false, &commands).empty());
  EXPECT_EQ(commands, 0);
}

}  // namespace
}  // namespace reprise::testing::recorded_stacks_test
