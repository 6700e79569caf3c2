// Steps that are no longer waited for: of cancelled scopes, and of dropped strands.
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_run.h"

namespace reprise::testing::given_up_steps_test {
namespace {

using replay::TurnEnd;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Outcome step(Execution& e) {
  return e.run_step([](proto::StepScheduled& step) { step.set_name("s"); },
                    [] { return Outcome(); }, {});
}

TEST(Execution, ACancelledStepThatNobodyExecutesHasFailed) {
  replay::ExecutionOptions options;
  options.step_unwanted = [](std::uint32_t) { return true; };
  ScriptedRun run([](Execution& e) { return ends_with(step(e).failure().message()); }, options);
  run.start();
  EXPECT_FALSE(run.execution().step_no_longer_wanted(1));
  EXPECT_EQ(run.turn({cancel_requested()}), TurnEnd::kClosed);
  ASSERT_EQ(run.last().inputs_size(), 2);
  EXPECT_EQ(run.last().inputs(1).step_failed().failure().kind(), proto::Failure::CANCELLED);
  EXPECT_THAT(result_of(run), HasSubstr("cancelled"));
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

// The outcome of the same turn goes before.
TEST(Execution, ACancelledStepMayHaveEndedInTheSameTurn) {
  replay::ExecutionOptions options;
  options.step_unwanted = [](std::uint32_t) { return true; };
  ScriptedRun run([](Execution& e) { return ends_with(step(e).payload()); }, options);
  run.start();
  EXPECT_EQ(run.turn({cancel_requested(), step_completed(1, "r")}), TurnEnd::kClosed);
  EXPECT_EQ(run.last().inputs_size(), 2);
  EXPECT_EQ(result_of(run), "r");
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Execution, AStepThatIsCancelledInItsFirstTurnIsGivenUp) {
  ScriptedRun run([](Execution& e) {
    const auto scope = e.enter_scope(replay::Scope::Kind::kCancellable);
    const auto canceller = e.spawn([&] { e.cancel_scope(scope); });
    return ends_with(step(e).failure().message());
  });
  run.start();
  EXPECT_EQ(run.last().inputs_size(), 1);
  EXPECT_TRUE(run.execution().step_no_longer_wanted(1));
}

// Says when it is gone.
struct Frame {
  ~Frame() { *trace += std::string(name) + ";"; }
  std::string* trace;
  const char* name;
};

replay::OperationRef spawn_step(Execution& e, std::string* trace) {
  return e.spawn([&e, trace] {
    const Frame frame{trace, "frame"};
    (void)step(e);
    *trace += "went on;";
  });
}

// Each drops a strand when `go` comes, while the step that it waits for is executed.
void drops_it_itself(Execution& e, std::string* trace) {
  const auto child = spawn_step(e, trace);
  e.wait(*e.next_signal("go"));
}
void drops_its_parent(Execution& e, std::string* trace) {
  const auto parent = e.spawn([&e, trace] {
    const Frame frame{trace, "parent"};
    const auto child = spawn_step(e, trace);
    e.wait(*child);
  });
  e.wait(*e.next_signal("go"));
}
void drops_its_grandparent(Execution& e, std::string* trace) {
  const auto grandparent = e.spawn([&e, trace] {
    const Frame frame{trace, "grandparent"};
    const auto parent = e.spawn([&e, trace] {
      const Frame inner{trace, "parent"};
      const auto child = spawn_step(e, trace);
      e.wait(*child);
    });
    e.wait(*parent);
  });
  e.wait(*e.next_signal("go"));
}
void drops_it_in_a_condition(Execution& e, std::string* trace) {
  auto child = spawn_step(e, trace);
  e.wait(*e.spawn([] {}));  // the child asks for its step first
  const auto go = e.next_signal("go");
  const auto limit = minute(e);
  const auto there = [&] {
    if (go->ready()) child = {};
    return go->ready();
  };
  e.wait_until(there, limit.get(), {});
}

struct Drop {
  void (*code)(Execution&, std::string*);
  std::string trace;
  std::vector<std::string> commands;  // besides StepAbandoned
};

class DroppedStep : public ::testing::TestWithParam<std::tuple<Drop, bool>> {
 protected:
  DroppedStep()
      : run_(
            [this](Execution& e) {
              drop().code(e, &trace_);
              trace_ += "dropped;";
              e.wait(*e.next_signal("end"));
              return ends_with("");
            },
            [this] {
              replay::ExecutionOptions options;
              options.step_unwanted = [this](std::uint32_t) { return !executed_; };
              options.step_abandoned = [this](std::uint32_t) { ++waits_of_the_shard_; };
              return options;
            }()) {}

  const Drop& drop() const { return std::get<0>(GetParam()); }

  bool executed_ = std::get<1>(GetParam());
  int waits_of_the_shard_ = 0;
  std::string trace_;
  ScriptedRun run_;
};

TEST_P(DroppedStep, IsWaitedForWhileItIsExecuted) {
  run_.start();
  run_.turn({signal("go")});
  if (executed_) {
    EXPECT_THAT(run_.commands(), IsEmpty());
    EXPECT_EQ(trace_, "");
    EXPECT_TRUE(run_.execution().step_no_longer_wanted(1));
    trace_.clear();
    EXPECT_EQ(run_.replay(), TurnEnd::kBlocked);
    EXPECT_EQ(run_.turn({cancel_requested()}), TurnEnd::kBlocked);
    EXPECT_EQ(run_.turn({signal("other")}), TurnEnd::kBlocked);
    trace_.clear();
    run_.turn({step_completed(1)});
    EXPECT_EQ(waits_of_the_shard_, 0);
  } else {
    std::vector<std::string> commands = drop().commands;
    commands.insert(commands.begin(), "StepAbandoned #1");
    EXPECT_THAT(run_.commands(), ElementsAreArray(commands));
  }
  EXPECT_EQ(trace_, drop().trace + "dropped;");
  EXPECT_FALSE(run_.execution().step_body(1).has_value());
  EXPECT_NE(run_.replay(), TurnEnd::kParked);
}

TEST_P(DroppedStep, LeavesMemoryWithItsRun) {
  run_.start();
  run_.turn({signal("go")});
  EXPECT_EQ(run_.replay(), TurnEnd::kBlocked);
  run_.drop();
}

TEST_P(DroppedStep, EndsWithItsRun) {
  proto::Event end;
  end.mutable_run_terminated();
  run_.start();
  run_.turn({signal("go")});
  EXPECT_EQ(run_.turn({end}), TurnEnd::kClosed);
  EXPECT_EQ(run_.replay(), TurnEnd::kClosed);
}

// A strand that waits for it may be dropped too.
TEST_P(DroppedStep, IsWaitedForByAll) {
  ScriptedRun run(
      [this](Execution& e) {
        {
          const auto dropping = e.spawn([&] {
            const Frame frame{&trace_, "dropping"};
            drop().code(e, &trace_);
            e.wait(*e.next_signal("never"));
          });
          e.wait(*e.next_signal("drop that"));
        }
        trace_ += "dropped;";
        e.wait(*e.next_signal("end"));
        return ends_with("");
      },
      [this] {
        replay::ExecutionOptions options;
        options.step_unwanted = [this](std::uint32_t) { return !executed_; };
        return options;
      }());
  run.start();
  run.turn({signal("go")});
  run.turn({signal("drop that")});
  if (executed_) {
    EXPECT_EQ(trace_, "");
    EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
    trace_.clear();
    run.turn({step_completed(1)});
  }
  EXPECT_EQ(trace_, drop().trace + "dropping;dropped;");
  trace_.clear();
  EXPECT_NE(run.replay(), TurnEnd::kParked);
}

INSTANTIATE_TEST_SUITE_P(
    Everywhere,
    DroppedStep,
    ::testing::Combine(
        ::testing::Values(Drop{drops_it_itself, "frame;", {}},
                          Drop{drops_its_parent, "frame;parent;", {}},
                          Drop{drops_its_grandparent, "frame;parent;grandparent;", {}},
                          Drop{drops_it_in_a_condition, "frame;", {"TimerCancelled #2"}}),
        ::testing::Bool()));

}  // namespace
}  // namespace reprise::testing::given_up_steps_test
