// What a run records besides operations, and the handlers that it answers with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_run.h"

namespace reprise::testing::execution_values_test {
namespace {

using replay::TurnEnd;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Outcome done(std::string result) {
  return Outcome::success(std::move(result));
}

// ---- recorded values --------------------------------------------------------------------------

TEST(ExecutionValues, ASideEffectIsComputedOnce) {
  int computed = 0;
  ScriptedRun run([&computed](Execution& e) {
    const std::string value = e.side_effect([&] { return std::to_string(++computed); }, {});
    call(e, "a");
    return done(value);
  });
  run.start();
  run.replay();
  run.turn({activity_completed(1)});
  EXPECT_EQ(run.last().commands(0).run_completed().result(), "1");
  EXPECT_EQ(computed, 1);
}

TEST(ExecutionValues, RandomAndTimeFollowFromTheLog) {
  std::vector<std::string> seen;
  ScriptedRun run([&seen](Execution& e) {
    const auto before = std::to_string(e.random()) + "@" + std::to_string(base::to_ms(e.now()));
    call(e, "a");
    seen.push_back(before + std::to_string(e.random()) + "@" +
                   std::to_string(base::to_ms(e.now())));
    return done("");
  });
  run.start();
  run.turn({activity_completed(1)});
  run.replay();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_THAT(seen[0], HasSubstr("@1000"));
}

TEST(ExecutionValues, PatchedIsTrueForNewRunsAndFalseForOldOnes) {
  const Body with_patch = [](Execution& e) {
    const std::string name = e.patched("new-carrier", at(3)) ? "new" : "old";
    return done(call(e, name) + (e.patched("new-carrier", at(5)) ? "+" : "-"));
  };
  ScriptedRun fresh(with_patch);
  fresh.start();
  EXPECT_THAT(fresh.commands(), ElementsAre("PatchRecorded new-carrier", "ActivityScheduled new"));
  fresh.turn({activity_completed(1, "r")});
  EXPECT_EQ(fresh.last().commands(0).run_completed().result(), "r+");
  EXPECT_EQ(fresh.replay(), TurnEnd::kClosed);

  ScriptedRun old([](Execution& e) { return done(call(e, "old")); });
  old.start();
  old.change_code(with_patch);
  EXPECT_EQ(old.replay(), TurnEnd::kBlocked);
  old.turn({activity_completed(1, "r")});
  EXPECT_EQ(old.last().commands(0).run_completed().result(), "r-");
  EXPECT_EQ(old.replay(), TurnEnd::kClosed);
}

// ---- handlers ---------------------------------------------------------------------------------

TEST(ExecutionValues, AnswersQueriesFromTheStateAfterTheTurn) {
  ScriptedRun run([](Execution& e) {
    std::string stage = "waiting";
    e.answer("stage", [&](std::string_view) { return base::Result<std::string>(stage); });
    call(e, "a");
    stage = "done";
    call(e, "b");
    return done("");
  });
  run.start();
  EXPECT_EQ(*run.execution().query("stage", ""), "waiting");
  run.turn({activity_completed(1)});
  EXPECT_EQ(*run.execution().query("stage", ""), "done");
  const auto unknown = run.execution().query("colour", "");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, base::ErrorCode::kUnknownQuery);
  EXPECT_THAT(unknown.error().message, HasSubstr("it answers: stage"));
}

TEST(ExecutionValues, IsNotCallableInsideAQuery) {
  ScriptedRun run([](Execution& e) {
    e.answer("q", [&](std::string_view) {
      return base::Result<std::string>(e.callable() ? "callable" : "not callable");
    });
    call(e, "a");
    return done("");
  });
  run.start();
  EXPECT_EQ(*run.execution().query("q", ""), "not callable");
}

TEST(ExecutionValues, AnUpdateRunsItsHandlerAndRecordsTheAnswer) {
  ScriptedRun run([](Execution& e) {
    e.accept("set", [&](std::string_view) { return done(call(e, "a")); });
    const auto s = e.next_signal("end");
    e.wait(*s);
    return done("");
  });
  run.start();
  run.turn({update("u1", "set"), update("u2", "unknown")});
  EXPECT_THAT(run.commands(), ElementsAre("ActivityScheduled a", "UpdateCompleted u2"));
  EXPECT_EQ(run.last().commands(1).update_completed().failure().type(), "UnknownUpdate");
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  run.turn({activity_completed(1, "7")});
  EXPECT_EQ(run.last().commands(0).update_completed().result(), "7");
}

TEST(ExecutionValues, SignalsSentBeforeTheHandlerExistsAreNotLost) {
  std::string seen;
  ScriptedRun run([&seen](Execution& e) {
    call(e, "a");
    e.on_signal("s", [&](const auto& signal) { seen += signal.input; });
    call(e, "b");
    return done("");
  });
  run.turn({started(), signal("s", "1"), signal("s", "2")});
  run.turn({activity_completed(1)});
  EXPECT_EQ(seen, "12");
}

TEST(ExecutionValues, SaysWhatItWaitsFor) {
  ScriptedRun run([](Execution& e) {
    const auto a = schedule(e, "charge");
    const auto s = e.next_signal("packed");
    replay::Operation* const both[] = {a.get(), s.get()};
    e.wait_first(both);
    return done("");
  });
  run.start();
  EXPECT_THAT(run.execution().waiting_for(),
              ElementsAre("activity charge at tests/workflow.cc:1 or signal packed"));
  const auto strands = run.execution().strands();
  ASSERT_EQ(strands.size(), 1u);
  EXPECT_EQ(strands[0].number, 1u);
  EXPECT_EQ(strands[0].waits_for, "activity charge or signal packed");
  EXPECT_FALSE(strands[0].frames.empty());
}

TEST(ExecutionValues, GivesEveryStackBack) {
  ScriptedRun run([](Execution& e) {
    const auto child = e.spawn([&] { call(e, "b"); });
    call(e, "a");
    return done("");
  });
  run.start();
  EXPECT_EQ(run.pool().in_use(), 2u);
  run.drop();
  EXPECT_EQ(run.pool().in_use(), 0u);
}

}  // namespace
}  // namespace reprise::testing::execution_values_test
