// Runs that leave memory and come back by replay.
#include <gmock/gmock.h>

#include "tests/support/engine_fixture.h"

namespace reprise::testing::residency_test {
namespace {

using base::ErrorCode;
using runtime::ActivityAttempt;

class SmallCacheTest : public EngineFixture {
 protected:
  SmallCacheTest() {
    auto small = options();
    small.cached_runs = 1;
    engine_ = runtime::Engine::in_memory(small);
  }
};

TEST_F(SmallCacheTest, EvictedRunsComeBackByReplay) {
  int bodies = 0;
  workflow("w", [&bodies](Execution& e) {
    ++bodies;
    return wait_for_signal(e);
  });
  start_worker();
  std::vector<Watch> runs;
  for (int i = 0; i < 5; ++i) runs.push_back(start("w", std::to_string(i)));
  EXPECT_EQ(bodies, 5);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(signal(std::to_string(i), "go", std::to_string(i)));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(result(runs[i]), std::to_string(i));
  EXPECT_GE(bodies, 9);  // all but the last one were evicted and replayed
}

// Runs that must stay in memory do not keep others there.
TEST_F(SmallCacheTest, RunsLeaveMemoryBehindThoseThatMustStay) {
  workflow("stepping", [](Execution& e) {
    proto::StepScheduled step;
    step.set_name("s");
    return e.run_step(as(step), [] { return Outcome(); }, {});
  });
  workflow("waiting", wait_for_signal);
  start_worker();
  const auto submit = [&](const char* name, const std::string& id) {
    engine_->ask(runtime::verb::Start{{.workflow = name, .workflow_id = id},
                                      nullptr,
                                      [](const base::Result<runtime::StartedRun>&) {}});
  };
  // More runs with a step in the queue than one look at the oldest considers. Each run_some()
  // executes one step.
  for (int i = 0; i < 600; ++i) submit("stepping", "s" + std::to_string(i));
  engine_->run_some();
  engine_->run_some();
  for (int i = 0; i < 10; ++i) submit("waiting", "w" + std::to_string(i));
  for (int i = 0; i < 20; ++i) engine_->run_some();
  int resident = 0;
  for (int i = 0; i < 10; ++i) {
    engine_->ask(runtime::verb::Describe{{"w" + std::to_string(i), {}},
                                         [&](const base::Result<runtime::RunDescription>& run) {
                                           if (run && !run->waiting_for.empty()) ++resident;
                                         }});
  }
  engine_->run_some();
  EXPECT_LE(resident, 1);
  settle();
}

class ReplayEveryTurnTest : public EngineFixture {
 protected:
  ReplayEveryTurnTest() {
    auto strict = options();
    strict.replay_every_turn = true;
    engine_ = runtime::Engine::in_memory(strict);
  }
};

TEST_F(ReplayEveryTurnTest, FindsNondeterminismAtTheTurnThatHasIt) {
  int calls = 0;
  workflow("w", [&calls](Execution& e) {
    const int outside = ++calls;  // state that replay does not restore
    call(e, "a" + std::to_string(outside));
    return Outcome();
  });
  start_worker();
  start("w", "run-1");
  const auto parked = describe("run-1")->parked;
  ASSERT_TRUE(parked.has_value());
  EXPECT_EQ(parked->code, ErrorCode::kNondeterminism);
}

TEST_F(ReplayEveryTurnTest, LeavesDeterministicCodeAlone) {
  workflow("w", [](Execution& e) {
    int local = 1;
    proto::StepScheduled step;
    step.set_name("s");
    const Outcome stepped =
        e.run_step(as(step), [&] { return Outcome::success(std::to_string(local)); }, {});
    return Outcome::success(stepped.payload() + call(e, "a") + wait_for_signal(e).payload());
  });
  activity("a", [](ActivityAttempt&, std::string_view) { return Outcome::success("a"); });
  start_worker();
  const Watch watch = start("w", "run-1");
  ASSERT_TRUE(signal("run-1", "go", "!"));
  EXPECT_THAT(result(watch), ::testing::AnyOf("1a!", "1!a"));
}

// Rounds so long that turns run in parts: a run may have a turn that is not appended yet when an
// effect of its previous turn wants to replay it.
TEST_F(ReplayEveryTurnTest, KeepsTurnsThatAreNotAppendedYet) {
  constexpr int kRuns =
      300;  // some run in the first parts of a round, and are not appended before its end
  workflow("w", [](Execution& e) {
    int local = 1;
    proto::StepScheduled step;
    step.set_name("s");
    step.set_on_shard(true);
    const Outcome stepped =
        e.run_step(as(step), [&] { return Outcome::success(std::to_string(local)); }, {});
    const std::string first = wait_for_signal(e).payload();
    return Outcome::success(stepped.payload() + first + wait_for_signal(e).payload());
  });
  start_worker();
  const std::vector<Watch> runs = submit_many("w", kRuns);
  // Signals come in with the effects of every stage of the step before them.
  engine_->run_some();
  engine_->run_some();
  submit_signals(kRuns, "go", "a");
  engine_->run_some();
  submit_signals(kRuns, "go", "b");
  settle();
  for (const Watch& run : runs) EXPECT_EQ(result(run), "1ab");
  EXPECT_EQ(logged_, "");
}

}  // namespace
}  // namespace reprise::testing::residency_test
