// Records that verify and hold what this version would not write: the run they belong to is set
// aside, and the engine goes on.
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
}

}  // namespace
}  // namespace reprise::testing::odd_records_test
