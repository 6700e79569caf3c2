// Recorded stacks: each different one is once in a history, whatever happens to the run in between.
#include "replay/stack_recorder.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_run.h"

// Outside the engine's namespace, as users' code is: its own frames are left out.
namespace shop {

using reprise::replay::Execution;

[[gnu::noinline]] int sell(Execution& run, const std::string& what) {
  const auto sold = reprise::testing::call(run, what);
  return static_cast<int>(sold.size());
}

reprise::replay::Outcome open(Execution& run, int customers) {
  int total = 0;
  for (int i = 0; i < customers; ++i) total += sell(run, "sell");
  total += sell(run, "close");  // from another line
  return reprise::replay::Outcome::success(std::to_string(total));
}

// The same calls from other places.
reprise::replay::Outcome open_elsewhere(Execution& run, int customers) {
  int total = 0;
  while (customers-- > 0) {
    total += sell(run, "sell");
  }
  total += sell(run, "close");
  return reprise::replay::Outcome::success(std::to_string(total));
}

}  // namespace shop

namespace reprise::testing::stack_recorder_test {
namespace {

using replay::TurnEnd;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RecordedStacks : public ::testing::Test {
 protected:
  static Body selling(int customers) {
    return [customers](Execution& run) { return shop::open(run, customers); };
  }
  replay::ExecutionOptions recording() {
    return {.strict = true, .symbols = &symbols_, .record_stacks = &texts_};
  }

  // The stack number of each command, 0 for none.
  static std::vector<std::uint64_t> numbers(const std::vector<proto::Turn>& history) {
    std::vector<std::uint64_t> all;
    for (const auto& turn : history) {
      for (const auto& command : turn.commands()) all.push_back(command.call_site().stack());
    }
    return all;
  }
  static std::vector<proto::Stack> stacks(const std::vector<proto::Turn>& history) {
    std::vector<proto::Stack> all;
    for (const auto& turn : history) {
      all.insert(all.end(), turn.stacks().begin(), turn.stacks().end());
    }
    return all;
  }

  base::Symbols symbols_;
  replay::StackTexts texts_{symbols_};
};

TEST_F(RecordedStacks, AreThereOnceEach) {
  ScriptedRun run(selling(3), recording());
  run.start();
  for (std::uint32_t id = 1; id <= 3; ++id) run.turn({activity_completed(id)});
  EXPECT_EQ(run.turn({activity_completed(4)}), TurnEnd::kClosed);
  // No call makes the end of the run.
  EXPECT_THAT(numbers(run.history()), ElementsAre(1, 1, 1, 2, 0));
  const auto all = stacks(run.history());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].id(), 1u);
  ASSERT_GE(all[0].frames_size(), 2);
  EXPECT_THAT(all[0].frames(0), HasSubstr("shop::sell replay/stack_recorder_test.cc:"));
  EXPECT_THAT(all[0].frames(1), HasSubstr("shop::open replay/stack_recorder_test.cc:"));
  EXPECT_EQ(all[1].frames(0), all[0].frames(0));
  EXPECT_NE(all[1].frames(1), all[0].frames(1));
}

TEST_F(RecordedStacks, AreNotRecordedTwiceByARunThatWasEvicted) {
  ScriptedRun run(selling(3), recording());
  run.start();
  for (std::uint32_t id = 1; id <= 4; ++id) {
    ASSERT_NE(run.replay(), TurnEnd::kParked);
    run.turn({activity_completed(id)});
  }
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  EXPECT_THAT(numbers(run.history()), ElementsAre(1, 1, 1, 2, 0));
  EXPECT_EQ(stacks(run.history()).size(), 2u);
}

TEST_F(RecordedStacks, OfOtherCodeMatchAndAreAddedToTheHistory) {
  ScriptedRun run(selling(2), recording());
  run.start();
  run.change_code([](Execution& e) { return shop::open_elsewhere(e, 2); });
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);  // strict mode
  run.turn({activity_completed(1)});
  EXPECT_THAT(numbers(run.history()), ElementsAre(1, 2));
  EXPECT_THAT(stacks(run.history()).at(1).frames(1), HasSubstr("shop::open_elsewhere"));
}

TEST_F(RecordedStacks, AreNotRecordedUnlessAskedFor) {
  ScriptedRun run(selling(1), {.symbols = &symbols_});
  run.start();
  EXPECT_THAT(numbers(run.history()), ElementsAre(0));
  EXPECT_TRUE(stacks(run.history()).empty());
}

TEST_F(RecordedStacks, OfAnEarlierProcessAreGoneOnWith) {
  ScriptedRun run(selling(2), {.symbols = &symbols_});
  run.start();
  auto history = run.history();
  ScriptedRun later(selling(2), recording());
  later.history() = history;
  EXPECT_EQ(later.replay(), TurnEnd::kBlocked);
  later.turn({activity_completed(1)});
  EXPECT_THAT(numbers(later.history()), ElementsAre(0, 1));
}

TEST_F(RecordedStacks, OfAParkedTurnAreForgotten) {
  ScriptedRun run(
      [](Execution& e) {
        shop::sell(e, "a");
        throw std::out_of_range("bug");
        return Outcome();
      },
      recording());
  run.start();
  EXPECT_EQ(run.turn({activity_completed(1)}), TurnEnd::kParked);
  EXPECT_THAT(numbers(run.history()), ElementsAre(1));
}

// A cancellation does not come from user code.
TEST_F(RecordedStacks, AreLeftOutWhereTheEngineItselfAsks) {
  ScriptedRun run(selling(1), recording());
  run.start();
  run.turn({cancel_requested()});
  EXPECT_EQ(run.commands().at(0), "ActivityCancelRequested #1");
  EXPECT_EQ(numbers(run.history()).at(1), 0u);
}

TEST_F(RecordedStacks, TextsAreFoundAgain) {
  void* const frames[] = {reinterpret_cast<void*>(16), reinterpret_cast<void*>(32)};
  const auto& text = texts_.of(frames);
  EXPECT_THAT(text.frames, ElementsAre("0x10", "0x20"));
  EXPECT_EQ(&texts_.of(frames), &text);
  EXPECT_NE(texts_.of(std::span(frames).first(1)).digest, text.digest);
}

}  // namespace
}  // namespace reprise::testing::stack_recorder_test
