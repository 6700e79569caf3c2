// Runs that an earlier version quarantined because it could not read its own text: their records
// verify, and can be read now.
#include <gmock/gmock.h>

#include "proto/parse.h"
#include "runtime/engine/embedded_engine.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/full_store.h"
#include "tests/support/quarantined_by_mistake.h"
#include "tests/support/temporary_directory.h"

namespace reprise::testing::second_look_test {
namespace {

using runtime::RunStatus;

proto::Turn start_turn(std::string_view run_id = "") {
  proto::Turn turn;
  turn.set_time_ms(1'700'000'000'000);
  *turn.add_inputs() = started();
  if (!run_id.empty())
    turn.mutable_inputs(0)->mutable_run_started()->set_run_id(std::string(run_id));
  turn.mutable_inputs(0)->mutable_run_started()->set_workflow("w");
  turn.mutable_inputs(0)->mutable_run_started()->set_workflow_id("old");
  return turn;
}
proto::Turn signal_turn(const std::string& name) {
  proto::Turn turn;
  turn.set_time_ms(1'700'000'000'001);
  turn.set_without_code(true);
  *turn.add_inputs() = testing::signal(name, "on");
  return turn;
}
proto::Turn failed_turn() {
  proto::Turn turn;
  turn.set_time_ms(1'700'000'000'002);
  turn.add_commands()->mutable_run_failed()->mutable_failure()->set_message("caf\xe9");
  return turn;
}

constexpr std::string_view kOlder = "the older run id";  // of 16 bytes, as all of them
constexpr std::string_view kNewer = "the newer run id";

base::RunId run_id_of(std::string_view bytes) {
  return *base::RunId::from_bytes(bytes);
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
    auto with = options();
    with.archive_slice = 1;
    auto engine = runtime::EmbeddedEngine::over(std::move(store), with);
    ASSERT_TRUE(engine) << engine.error().text();
    engine_ = std::move(*engine);
    settle();
  }
  void open_on_disk(const Quarantined& run) {
    auto store = store::open_store(directory_ / "store");
    ASSERT_TRUE(store);
    ASSERT_TRUE(archive_quarantined(**store, run));
    open(std::move(*store));
  }
  // What is not stored is forgotten.
  void open_again() {
    worker_.reset();
    engine_.reset();
    auto store = store::open_store(directory_ / "store");
    ASSERT_TRUE(store) << store.error().text();
    open(std::move(*store));
  }
  base::Result<runtime::RunDescription> describe_run(std::string_view run_id) {
    std::optional<base::Result<runtime::RunDescription>> description;
    engine_->ask(runtime::verb::Describe{{"old", run_id_of(run_id)},
                                         [&](const auto& d) { description = d; }});
    settle();
    return description.value();
  }
  base::Status terminate_older() {
    std::optional<base::Status> status;
    engine_->ask(runtime::verb::Terminate{
        {"old", run_id_of(kOlder)}, "test", [&](const auto& s) { status = s; }});
    settle();
    return status.value();
  }
  void expect_held_back() {
    const auto older = describe_run(kOlder);
    ASSERT_TRUE(older) << older.error().text();
    EXPECT_EQ(older->status, RunStatus::kRunning);
    EXPECT_EQ(older->history_events, 2U);
    ASSERT_TRUE(older->parked);
    EXPECT_EQ(older->parked->code, base::ErrorCode::kStoreDamaged);
    EXPECT_THAT(older->parked->message, ::testing::HasSubstr("its id has been started again"));
    EXPECT_EQ(logged_.find("it goes on"), std::string::npos) << logged_;
    EXPECT_EQ(archived().damaged_at(), 1U);
  }
  proto::RunSummary archived() const {
    proto::RunSummary summary;
    EXPECT_TRUE(proto::parse(**store_->archive().summary(1), &summary));
    return summary;
  }
  bool id_is_listed() const {
    const auto found = store_->archive().find("old", [](store::RunNumber, std::string_view bytes) {
      proto::RunSummary summary;
      return proto::parse(bytes, &summary) && summary.workflow_id() == "old";
    });
    return found && *found == std::optional<store::RunNumber>(1);
  }
  std::size_t listed_in_archive(RunStatus status) const {
    std::size_t count = 0;
    EXPECT_TRUE(store_->archive().list(runtime::index_key(status), {}, false,
                                       [&](std::string_view, store::RunNumber) { ++count; }));
    return count;
  }

  testing::TemporaryDirectory directory_;
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

// Otherwise the next record would be archived as damaged too.
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
                                     [&](std::string_view, store::RunNumber) { ++closings; }));
  EXPECT_EQ(closings, 1U);
}

TEST_F(SecondLook, NamesComeFromTheHistory) {
  open_over({{start_turn(), signal_turn("\xe9")}, 1});
  ASSERT_TRUE(describe("old"));
  EXPECT_EQ(describe("old")->workflow, "w");
  EXPECT_EQ(archived().workflow_id(), "old");
}

// Otherwise the id would start once more when the run has left memory.
TEST_F(SecondLook, ARunThatHadNoNameIsFoundUnderItsOwn) {
  open_on_disk({{start_turn(), signal_turn("\xe9")}, 1});
  workflow("w", wait_for_signal);
  start_worker();
  EXPECT_TRUE(signal("old", "go", "on"));
  open_again();
  open_again();
  ASSERT_TRUE(describe("old"));
  EXPECT_EQ(describe("old")->status, RunStatus::kCompleted);
  start({.workflow = "w", .workflow_id = "old", .reuse = runtime::IdReuse::kReject});
  ASSERT_TRUE(started_ && !*started_);
  EXPECT_EQ(started_->error().code, base::ErrorCode::kAlreadyStarted);
}

// While its id was unknown, the id was free.
TEST_F(SecondLook, ARunWhoseIdHasBeenStartedAgainStaysQuarantined) {
  open_over({{start_turn(kOlder), signal_turn("go")}, 1, {start_turn(kNewer)}});
  workflow("w", wait_for_signal);
  start_worker();
  EXPECT_FALSE(describe("old")->parked);
  EXPECT_TRUE(signal("old", "go", "on"));
  EXPECT_EQ(describe("old")->status, RunStatus::kCompleted);
  expect_held_back();
}

TEST_F(SecondLook, NorDoesItGoOnOrHideTheNewerOneWhenThatHasEnded) {
  open_over({{start_turn(kOlder), signal_turn("go")}, 1, {start_turn(kNewer), failed_turn()}});
  workflow("w", wait_for_signal);
  start_worker();
  ASSERT_TRUE(describe("old"));
  EXPECT_FALSE(describe("old")->parked);
  EXPECT_EQ(describe("old")->status, RunStatus::kFailed);
  EXPECT_EQ(describe("old")->run_id, run_id_of(kNewer));
  expect_held_back();
}

TEST_F(SecondLook, NorWhenTheNewerOneIsInTheJournal) {
  auto store = store::memory_store();
  ASSERT_TRUE(archive_quarantined(*store, {{start_turn(kOlder), signal_turn("go")}, 1}));
  store::RecordMaker maker(3);
  const std::string newer = maker.make(2, start_turn(kNewer).SerializeAsString());
  ASSERT_TRUE(store::append(store->journal(), store::batch_of(3, {newer})));
  open(std::move(store));
  EXPECT_EQ(describe("old")->run_id, run_id_of(kNewer));
  expect_held_back();
}

TEST_F(SecondLook, ARunThatStaysQuarantinedForItsIdCanBeTerminated) {
  open_on_disk({{start_turn(kOlder), signal_turn("go")}, 1, {start_turn(kNewer), failed_turn()}});
  EXPECT_TRUE(terminate_older());
  for (int opening = 0; opening < 3; ++opening) {
    ASSERT_TRUE(describe_run(kOlder)) << opening;
    EXPECT_EQ(describe_run(kOlder)->status, RunStatus::kTerminated);
    EXPECT_FALSE(describe_run(kOlder)->parked);
    EXPECT_EQ(describe("old")->run_id, run_id_of(kNewer));
    EXPECT_EQ(archived().damaged_at(), opening == 0 ? 1U : 0U);
    open_again();
  }
  EXPECT_FALSE(terminate_older());
}

// A run that ended before the newer one began does no harm.
TEST_F(SecondLook, ARunThatHadEndedBeforeItsIdWasStartedAgainHas) {
  open_over({{start_turn(kOlder), failed_turn()}, 1, {start_turn(kNewer)}});
  EXPECT_EQ(archived().damaged_at(), 0U);
  EXPECT_EQ(describe_run(kOlder)->status, RunStatus::kFailed);
  EXPECT_EQ(describe("old")->run_id, run_id_of(kNewer));
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

// Its next turns would be archived as damaged too, and its id would be free once it has left
// memory.
TEST_F(SecondLook, WithoutRoomToSayItTheRunWaits) {
  Room room;
  auto store = store::memory_store();
  ASSERT_TRUE(archive_quarantined(*store, {{start_turn(), failed_turn()}, 1}));
  auto full = std::make_unique<FullStore>(std::move(store), room);
  room.archive = false;
  open(std::move(full));
  ASSERT_TRUE(describe("old")->parked);
  EXPECT_THAT(describe("old")->parked->message, ::testing::HasSubstr("no room"));
  start({.workflow = "w", .workflow_id = "old", .reuse = runtime::IdReuse::kReject});
  EXPECT_FALSE(*started_);
  engine_.reset();  // it uses the room
}

// Rot in other runs makes the archive's digests differ.
class UnverifiedArchive final : public ForwardingArchive {
 public:
  using ForwardingArchive::ForwardingArchive;
  bool content_verifies() const override { return false; }
};

using UnverifiedStore = WrappedStore<ForwardingJournal, UnverifiedArchive>;

TEST_F(SecondLook, TheArchiveIsToldOfItWhenAnotherRunHasRotted) {
  auto store = store::memory_store();
  ASSERT_TRUE(archive_quarantined(*store, {{start_turn(), failed_turn()}, 1, {start_turn()}}));
  store::SummaryUpdate rot;
  rot.run = 2;
  rot.summary = "rot";
  ASSERT_TRUE(
      store->archive().commit({.through = 3, .next_run = 3, .chunks = {}, .summaries = {rot}}));
  open(std::make_unique<UnverifiedStore>(std::move(store)));
  EXPECT_EQ(archived().damaged_at(), 0U);
  EXPECT_EQ(listed_in_archive(RunStatus::kFailed), 1U);
  EXPECT_TRUE(id_is_listed());
  runtime::ListRequest failed;
  failed.status = RunStatus::kFailed;
  EXPECT_EQ(list(failed).size(), 1U);
}

// Nor does the log say that the run goes on.
TEST_F(SecondLook, ADamagedRecordOfTheJournalQuarantinesItAgain) {
  auto store = store::memory_store();
  ASSERT_TRUE(archive_quarantined(*store, {{start_turn(), signal_turn("\xe9")}, 2}));
  store::RecordMaker maker;
  maker.make(1, start_turn().SerializeAsString());
  maker.make(1, signal_turn("\xe9").SerializeAsString());
  std::string third = maker.make(1, failed_turn().SerializeAsString());
  third.back() ^= 1;
  ASSERT_TRUE(store::append(store->journal(), store::batch_of(3, {third})));
  open(std::move(store));
  EXPECT_TRUE(describe("old")->parked);
  EXPECT_THAT(logged_, ::testing::HasSubstr("quarantined:"));
  EXPECT_EQ(logged_.find("it goes on"), std::string::npos) << logged_;
}

}  // namespace
}  // namespace reprise::testing::second_look_test
