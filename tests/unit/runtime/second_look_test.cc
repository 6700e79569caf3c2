// Runs that an earlier version set aside because it could not read its own text: their records
// verify, and can be read now.
#include <gmock/gmock.h>

#include "proto/parse.h"
#include "runtime/engine/embedded_engine.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/quarantined_by_mistake.h"

namespace reprise::testing::second_look_test {
namespace {

using runtime::RunStatus;

proto::Turn start_turn() {
  proto::Turn turn;
  turn.set_time_ms(1'700'000'000'000);
  *turn.add_inputs() = started();
  turn.mutable_inputs(0)->mutable_run_started()->set_workflow("w");
  turn.mutable_inputs(0)->mutable_run_started()->set_workflow_id("old");
  return turn;
}
proto::Turn signal_turn(const std::string& name) {
  proto::Turn turn;
  turn.set_time_ms(1'700'000'000'001);
  turn.set_deferred(true);
  *turn.add_inputs() = testing::signal(name, "on");
  return turn;
}
proto::Turn failed_turn() {
  proto::Turn turn;
  turn.set_time_ms(1'700'000'000'002);
  turn.add_commands()->mutable_run_failed()->mutable_failure()->set_message("caf\xe9");
  return turn;
}

class SecondLook : public EngineFixture {
 protected:
  void open_over(const Quarantined& run) {
    auto store = store::memory_store();
    ASSERT_TRUE(archive_quarantined(*store, run));
    open(std::move(store));
  }
  void open(std::unique_ptr<store::Store> store) {
    store_ = store.get();
    auto engine = runtime::EmbeddedEngine::over(std::move(store), options());
    ASSERT_TRUE(engine) << engine.error().text();
    engine_ = std::move(*engine);
    settle();
  }
  proto::RunSummary archived() const {
    proto::RunSummary summary;
    EXPECT_TRUE(proto::parse(**store_->archive().summary(1), &summary));
    return summary;
  }
  std::size_t listed_in_archive(RunStatus status) const {
    std::size_t count = 0;
    EXPECT_TRUE(store_->archive().list(runtime::index_key(status), {}, false,
                                       [&](std::string_view, store::RunNumber) {
                                         ++count;
                                         return true;
                                       }));
    return count;
  }

  store::Store* store_ = nullptr;
};

TEST_F(SecondLook, ARunWhoseRecordsAllVerifyGoesOn) {
  open_over({{start_turn(), signal_turn("\xe9"), signal_turn("other")}, 2});
  EXPECT_EQ(logged_.find("quarantined:"), std::string::npos) << logged_;
  EXPECT_THAT(logged_, ::testing::HasSubstr("run 'old'"));
  ASSERT_TRUE(describe("old"));
  EXPECT_FALSE(describe("old")->parked);
  EXPECT_EQ(describe("old")->history_events, 3U);
  workflow("w", wait_for_signal);
  start_worker();
  EXPECT_TRUE(signal("old", "go", "on"));
  EXPECT_EQ(describe("old")->status, RunStatus::kCompleted);
}

// Otherwise whatever comes next would be archived as damaged too.
TEST_F(SecondLook, TheArchiveIsToldOfIt) {
  open_over({{start_turn(), signal_turn("\xe9")}, 2});
  EXPECT_EQ(archived().damaged_at(), 0U);
  EXPECT_EQ(archived().last_seq(), 2U);
  EXPECT_EQ(listed_in_archive(RunStatus::kRunning), 1U);
}

TEST_F(SecondLook, ARunThatHadEndedHas) {
  open_over({{start_turn(), failed_turn()}, 2});
  ASSERT_TRUE(describe("old"));
  EXPECT_EQ(describe("old")->status, RunStatus::kFailed);
  EXPECT_EQ(listed_in_archive(RunStatus::kRunning), 0U);
  EXPECT_EQ(listed_in_archive(RunStatus::kFailed), 1U);
  std::size_t closings = 0;
  EXPECT_TRUE(store_->archive().list(runtime::kClosingPrefix, {}, false,
                                     [&](std::string_view, store::RunNumber) {
                                       ++closings;
                                       return true;
                                     }));
  EXPECT_EQ(closings, 1U);
}

TEST_F(SecondLook, NamesComeFromTheHistory) {
  open_over({{start_turn(), signal_turn("\xe9")}, 1, true});
  ASSERT_TRUE(describe("old"));
  EXPECT_EQ(describe("old")->workflow, "w");
  EXPECT_EQ(archived().workflow_id(), "old");
}

// As `reprise repair` leaves it: what is there verifies, and something is missing.
TEST_F(SecondLook, ARunThatWasCutShortStaysQuarantined) {
  open_over({{start_turn(), signal_turn("go")}, 3});
  EXPECT_THAT(logged_, ::testing::HasSubstr("quarantined:"));
  ASSERT_TRUE(describe("old")->parked);
  EXPECT_EQ(archived().damaged_at(), 3U);
}

TEST_F(SecondLook, ARunWithADamagedRecordStaysQuarantined) {
  auto store = store::memory_store();
  Quarantined run{{start_turn(), signal_turn("go"), signal_turn("go")}, 2};
  ASSERT_TRUE(archive_quarantined(*store, run));
  store::RecordMaker maker;
  std::string records;
  for (const proto::Turn& turn : run.turns) records += maker.make(1, turn.SerializeAsString());
  records[records.size() / 2] ^= 1;
  ASSERT_TRUE(store->archive().commit(
      {.through = 3, .next_run = 2, .chunks = {{1, 3, records}}, .summaries = {}}));
  open(std::move(store));
  EXPECT_THAT(logged_, ::testing::HasSubstr("quarantined:"));
  EXPECT_EQ(archived().damaged_at(), 2U);
}

// The journal goes on where the archive ends.
TEST_F(SecondLook, RecordsOfTheJournalFollow) {
  auto store = store::memory_store();
  ASSERT_TRUE(archive_quarantined(*store, {{start_turn(), signal_turn("\xe9")}, 2}));
  store::RecordMaker maker;
  maker.make(1, start_turn().SerializeAsString());
  maker.make(1, signal_turn("\xe9").SerializeAsString());
  const std::string third = maker.make(1, failed_turn().SerializeAsString());
  ASSERT_TRUE(store::append(store->journal(), store::batch_of(3, {third})));
  open(std::move(store));
  EXPECT_EQ(describe("old")->status, RunStatus::kFailed) << logged_;
}

}  // namespace
}  // namespace reprise::testing::second_look_test
