// Records that verify but contain what this version would not write: their run is quarantined, and
// the engine goes on.
#include <algorithm>
#include <limits>

#include <gmock/gmock.h>

#include "runtime/engine/embedded_engine.h"
#include "tests/support/engine_fixture.h"
#include "tests/unit/store/builders.h"

namespace reprise::testing::odd_records_test {
namespace {

class OddRecords : public EngineFixture {
 protected:
  // Opens the engine over a journal that holds these turns of run 1 and nothing else.
  void open_over(const std::vector<proto::Turn>& turns) {
    auto store = store::memory_store();
    store::RecordMaker maker;
    std::vector<std::string> records;
    for (const proto::Turn& turn : turns) {
      records.push_back(maker.make(1, turn.SerializeAsString()));
    }
    const store::RecordBatch batch = store::batch_of(1, records);
    ASSERT_TRUE(store->journal().append({&batch}, 0));
    auto engine = runtime::EmbeddedEngine::over(std::move(store), options());
    ASSERT_TRUE(engine) << engine.error().text();
    engine_ = std::move(*engine);
    settle();
  }

  static proto::Turn first_turn() {
    proto::Turn turn;
    *turn.add_inputs() = started();
    turn.mutable_inputs(0)->mutable_run_started()->set_workflow_id("odd");
    return turn;
  }
  static void schedule_activity(proto::Turn* turn, std::uint32_t id) {
    turn->add_commands()->mutable_activity_scheduled()->set_id(id);
  }
};

TEST_F(OddRecords, ARunWithoutAStartIsQuarantined) {
  proto::Turn turn;
  *turn.add_inputs() = testing::signal("go");
  open_over({turn});
  EXPECT_THAT(logged_, ::testing::HasSubstr("quarantined"));
  workflow("w", wait_for_signal);
  start_worker();
  const auto watch = start("w", "new");
  EXPECT_TRUE(signal("new", "go", "on"));
  EXPECT_EQ(result(watch), "on");
}

TEST_F(OddRecords, ARunThatStartsTwiceIsQuarantined) {
  open_over({first_turn(), first_turn()});
  EXPECT_THAT(logged_, ::testing::HasSubstr("quarantined"));
}

// Durations as no release would take them now, and sums that have no end.
TEST_F(OddRecords, TimesAtTheEndsOfTimeAreReplayed) {
  for (const std::int64_t ms : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1},
                                std::int64_t{1}, std::numeric_limits<std::int64_t>::max()}) {
    proto::Turn turn = first_turn();
    turn.set_time_ms(1'700'000'000'000);
    turn.mutable_inputs(0)->mutable_run_started()->set_run_timeout_ms(
        std::max<std::int64_t>(0, ms));
    auto* scheduled = turn.add_commands()->mutable_activity_scheduled();
    scheduled->set_id(1);
    scheduled->set_name("a");
    scheduled->set_start_to_close_ms(ms);
    scheduled->set_schedule_to_start_ms(ms);
    scheduled->set_schedule_to_close_ms(std::max<std::int64_t>(0, ms));
    scheduled->set_heartbeat_ms(ms);
    scheduled->mutable_retry()->set_initial_interval_ms(ms);
    scheduled->mutable_retry()->set_backoff_coefficient(2);
    scheduled->mutable_retry()->set_maximum_interval_ms(ms);
    const proto::ActivityScheduled recorded = *scheduled;
    open_over({turn});
    code() = {};
    workflow("test", [&](Execution& e) {
      const auto operation = e.schedule_activity(as(recorded), {});
      e.wait(*operation);
      return operation->take_outcome();
    });
    int attempts = 0;
    activity("a", [&attempts](runtime::ActivityAttempt&, std::string_view) {
      ++attempts;
      return Outcome::success("done");
    });
    start_worker();
    settle();
    EXPECT_EQ(attempts, 1) << ms;
    EXPECT_FALSE(describe("odd")->parked) << ms;
    worker_.reset();
  }
}

// The activity is done, so the id that is pending is the step's.
TEST_F(OddRecords, AStepWithTheIdOfAnActivityIsAStep) {
  proto::Turn turn = first_turn();
  schedule_activity(&turn, 1);
  proto::Turn second;
  *second.add_inputs() = activity_completed(1);
  second.add_commands()->mutable_step_scheduled()->set_id(1);
  open_over({turn, second});
  ASSERT_TRUE(describe("odd"));
  EXPECT_EQ(describe("odd")->status, runtime::RunStatus::kRunning);
}

TEST_F(OddRecords, TwoCommandsWithOneIdParkTheRun) {
  proto::Turn turn = first_turn();
  schedule_activity(&turn, 1);
  turn.add_commands()->mutable_step_scheduled()->set_id(1);
  open_over({turn});
  EXPECT_THAT(logged_, ::testing::HasSubstr("is parked: RP1005"));
  const auto described = describe("odd");
  ASSERT_TRUE(described);
  EXPECT_TRUE(described->parked);
}

TEST_F(OddRecords, ARunThatGivesIdsTwiceCanBeDescribed) {
  for (const bool step_first : {false, true}) {
    proto::Turn turn = first_turn();
    const auto step = [&] { turn.add_commands()->mutable_step_scheduled()->set_id(1); };
    if (step_first) step();
    schedule_activity(&turn, 1);
    turn.add_commands()->mutable_timer_started()->set_id(2);
    turn.add_commands()->mutable_timer_started()->set_id(2);
    if (!step_first) step();
    open_over({turn});
    const auto described = describe("odd");
    ASSERT_TRUE(described);
    EXPECT_TRUE(described->parked);
    settle();
    EXPECT_EQ(list().size(), 1U);
  }
}

// Version 0.1 wrote bytes that are no text, and could not read them again.
proto::Turn turn_in_latin1() {
  proto::Turn turn;
  *turn.add_inputs() = started();
  turn.mutable_inputs(0)->mutable_run_started()->set_workflow_id("caf\xe9");
  turn.mutable_inputs(0)->mutable_run_started()->set_workflow("\xe9");
  turn.mutable_inputs(0)->mutable_run_started()->set_task_queue("\xe9");
  turn.add_inputs()->mutable_cancel_requested()->set_reason("\xe9");
  turn.add_inputs()->mutable_signal_received()->set_name("\xe9");
  proto::Event* command = turn.add_commands();
  command->mutable_activity_scheduled()->set_id(1);
  command->mutable_activity_scheduled()->set_name("\xe9");
  command->mutable_activity_scheduled()->mutable_retry()->add_non_retryable("\xe9");
  command->mutable_call_site()->set_file("caf\xe9/main.cc");
  return turn;
}

proto::Turn failed_with_causes(int causes) {
  proto::Turn turn;
  proto::Failure* failure = turn.add_commands()->mutable_run_failed()->mutable_failure();
  for (int i = 0; i <= causes; ++i) {
    failure->set_kind(proto::Failure::ACTIVITY);
    failure->set_message("caf\xe9");
    if (i < causes) failure = failure->mutable_cause();
  }
  return turn;
}

TEST_F(OddRecords, TextThatIsNoUtf8StaysReadable) {
  open_over({turn_in_latin1()});
  EXPECT_EQ(logged_.find("quarantined"), std::string::npos) << logged_;
  ASSERT_EQ(list().size(), 1U);
  EXPECT_EQ(list()[0].workflow_id, "caf\xe9");
  ASSERT_TRUE(describe("caf\xe9"));
  EXPECT_EQ(describe("caf\xe9")->task_queue, "\xe9");
  EXPECT_EQ(history("caf\xe9").size(), 1U);
  EXPECT_TRUE(terminate("caf\xe9"));
  EXPECT_EQ(describe("caf\xe9")->status, runtime::RunStatus::kTerminated);
}

TEST_F(OddRecords, CausesThatNestDeeplyStayReadable) {
  for (const int causes : {90, 98, 100, 400, 900}) {
    open_over({first_turn(), failed_with_causes(causes)});
    EXPECT_EQ(logged_.find("quarantined"), std::string::npos) << causes << logged_;
    ASSERT_TRUE(describe("odd"));
    EXPECT_EQ(describe("odd")->status, runtime::RunStatus::kFailed) << causes;
  }
}

}  // namespace
}  // namespace reprise::testing::odd_records_test
