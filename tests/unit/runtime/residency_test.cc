// Runs that leave memory and come back by replay.
#include <gmock/gmock.h>

#include "tests/support/engine_fixture.h"

namespace reprise::testing {
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

}  // namespace
}  // namespace reprise::testing
