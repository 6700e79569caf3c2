// Which closed runs stay, by age and by size, with a clock that the test moves.
#include <filesystem>

#include <gmock/gmock.h>

#include "runtime/engine/embedded_engine.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/forwarding_store.h"
#include "tests/support/temporary_directory.h"

namespace reprise::testing::retention_test {
namespace {

using base::ErrorCode;
using runtime::IdReuse;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

// The parameter: over LMDB, not in memory.
class Retention : public EngineFixture, public ::testing::WithParamInterface<bool> {
 protected:
  ~Retention() override {
    worker_.reset();
    engine_.reset();
  }

  void open(runtime::RetentionOptions retention) {
    worker_.reset();
    engine_.reset();
    auto with = options();
    with.archive_slice = 1;
    with.retention = retention;
    std::unique_ptr<store::Store> store;
    if (GetParam()) {
      auto opened = store::open_store(directory_ / "store");
      ASSERT_TRUE(opened) << opened.error().text();
      store = std::move(*opened);
    } else {
      store = store::memory_store();
    }
    store_ = store.get();
    engine_ = std::move(*runtime::EmbeddedEngine::over(std::move(store), with));
    workflow("wait", wait_for_signal);
    start_worker();
  }
  void run_to_its_end(const std::string& id, std::string input = "x") {
    start("wait", id);
    ASSERT_TRUE(signal(id, "go", std::move(input)));
  }
  // The journal keeps its newest record, and so does the run it belongs to.
  void push_out_of_the_journal() {
    start("wait", "pusher" + std::to_string(++pushers_));
    settle();
    ASSERT_TRUE(signal("pusher" + std::to_string(pushers_), "nothing"));
  }
  std::vector<std::string> closed_ids() {
    std::vector<std::string> ids;
    for (const auto& run : list({.newest_first = false})) {
      if (run.closed) ids.push_back(run.workflow_id);
    }
    return ids;
  }

  testing::TemporaryDirectory directory_;
  store::Store* store_ = nullptr;
  int pushers_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Stores, Retention, ::testing::Bool(), [](const auto& on_disk) {
  return on_disk.param ? std::string("Lmdb") : std::string("Memory");
});

TEST_P(Retention, KeepsEverythingByDefault) {
  open({});
  run_to_its_end("a");
  push_out_of_the_journal();
  skip(24h * 10'000);
  EXPECT_THAT(closed_ids(), ElementsAre("a"));
}

TEST_P(Retention, RemovesWhatEndedTooLongAgo) {
  open({.max_age = 1h});
  run_to_its_end("a");
  skip(30min);
  run_to_its_end("b");
  push_out_of_the_journal();
  skip(29min);
  EXPECT_THAT(closed_ids(), ElementsAre("a", "b"));
  skip(1min);
  EXPECT_THAT(closed_ids(), ElementsAre("b"));
  skip(30min);
  EXPECT_THAT(closed_ids(), IsEmpty());
}

TEST_P(Retention, ByTheirEndsAndNotByTheirStarts) {
  open({.max_age = 1h});
  start("wait", "first");
  skip(50min);
  run_to_its_end("second");
  skip(5min);
  ASSERT_TRUE(signal("first", "go"));
  push_out_of_the_journal();
  skip(56min);
  EXPECT_THAT(closed_ids(), ElementsAre("first"));
}

TEST_P(Retention, AnOpenRunStaysHoweverOld) {
  open({.max_age = 1h, .max_bytes = 1});
  const auto result_of_it = start("wait", "open");
  push_out_of_the_journal();
  skip(24h * 400);
  ASSERT_TRUE(signal("open", "go", "late"));
  EXPECT_EQ(result(result_of_it), "late");
}

TEST_P(Retention, OfARemovedRunNothingIsKnown) {
  open({.max_age = 1h});
  run_to_its_end("a");
  const auto run_id = describe("a")->run_id;
  push_out_of_the_journal();
  skip(2h);
  EXPECT_EQ(describe("a").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(signal("a", "go").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(query("a", "q").error().code, ErrorCode::kNotFound);
  EXPECT_THAT(history("a"), IsEmpty());
  const auto watch = std::make_shared<runtime::RunWatch>();
  engine_->ask(runtime::verb::Watch{{"a", run_id}, watch});
  settle();
  EXPECT_EQ(watch->get().error().code, ErrorCode::kNotFound);
}

TEST_P(Retention, AnArchivedRunIsUsedUntilItIsRemoved) {
  open({.max_age = 1h});
  run_to_its_end("a");
  const auto run_id = describe("a")->run_id;
  push_out_of_the_journal();
  const runtime::StartRequest again{
      .workflow = "wait", .workflow_id = "a", .reuse = IdReuse::kUseExisting};
  const Watch watch = start(again);
  ASSERT_TRUE(*started_);
  EXPECT_TRUE((*started_)->existing);
  EXPECT_EQ((*started_)->run_id, run_id);
  EXPECT_NE(result(watch), "(running)");
  skip(2h);
  start(again);
  ASSERT_TRUE(*started_);
  EXPECT_FALSE((*started_)->existing);
}

TEST_P(Retention, TheIdOfARemovedRunIsFree) {
  open({.max_age = 1h});
  run_to_its_end("a");
  push_out_of_the_journal();
  const runtime::StartRequest again{
      .workflow = "wait", .workflow_id = "a", .reuse = IdReuse::kReject};
  start(again);
  EXPECT_EQ(started_->error().code, ErrorCode::kAlreadyStarted);
  skip(2h);
  start(again);
  EXPECT_TRUE(*started_);
}

TEST_P(Retention, RunNumbersAreNotUsedAgain) {
  open({.max_age = 1h});
  run_to_its_end("a");
  run_to_its_end("b");
  push_out_of_the_journal();
  skip(2h);
  const auto next = *store_->archive().next_run();
  EXPECT_EQ(next, 4u);
  if (!GetParam()) return;
  open({.max_age = 1h});
  run_to_its_end("c");
  EXPECT_EQ(*store_->archive().find("c", [](store::RunNumber, std::string_view) { return true; }), 4u);
}

TEST_P(Retention, ARunStaysWhileTheJournalHasARecordOfIt) {
  open({.max_age = 1h});
  run_to_its_end("a");
  skip(2h);
  EXPECT_THAT(closed_ids(), ElementsAre("a"));
  EXPECT_THAT(history("a"), SizeIs(2));
  push_out_of_the_journal();
  skip(1ms);
  EXPECT_THAT(closed_ids(), IsEmpty());
}

TEST_P(Retention, TheOldestGoUntilTheRestFits) {
  constexpr std::size_t kBytes = 700'000;
  open({.max_bytes = kBytes});
  for (int i = 0; i < 10; ++i) run_to_its_end("r" + std::to_string(i), std::string(100'000, 'x'));
  push_out_of_the_journal();
  skip(1ms);
  EXPECT_THAT(closed_ids(), ElementsAre("r7", "r8", "r9"));
  EXPECT_LE(*store_->archive().live_bytes(), kBytes);
  EXPECT_THAT(history("r7"), SizeIs(2)) << "what stays is whole";
}

TEST_P(Retention, ManyGoInSeveralTransactions) {
  open({.max_age = 1h});
  workflow("end", [](Execution&) { return Outcome::success(""); });
  worker_.reset();
  start_worker();
  for (int round = 0; round < 5; ++round) {
    submit_many("end", 1'000);
    settle();
    push_out_of_the_journal();
  }
  const auto request = runtime::ListRequest{.workflow = "end", .limit = 10'000};
  EXPECT_THAT(list(request), SizeIs(5'000));
  skip(2h);
  EXPECT_THAT(list(request), IsEmpty());
}

TEST_P(Retention, AClockThatWasSetBackKeepsRunsLonger) {
  open({.max_age = 1h});
  run_to_its_end("a");
  push_out_of_the_journal();
  clock_.advance(-24h);
  settle();
  EXPECT_THAT(closed_ids(), ElementsAre("a"));
  clock_.advance(26h);
  settle();
  EXPECT_THAT(closed_ids(), IsEmpty());
}

// Removes a run as soon as it is archived, before its shard knows.
class HastyArchive final : public ForwardingArchive {
 public:
  HastyArchive(store::Archive& inner, store::Journal& journal)
      : ForwardingArchive(inner), journal_(journal) {}

  base::Status commit(const store::ArchiveBatch& batch) override {
    base::Status committed = inner_.commit(batch);
    EXPECT_TRUE(inner_.remove({{.run = 1, .workflow_id = "a", .keys = {}}}));
    EXPECT_TRUE(journal_.append({}, batch.through));
    removed = true;
    return committed;
  }

  bool removed = false;

 private:
  store::Journal& journal_;
};

using HastyStore = WrappedStore<ForwardingJournal, HastyArchive>;

class RetentionRace : public EngineFixture {};

TEST_F(RetentionRace, ARunThatIsGoneBeforeItsShardKnowsIsNotDamaged) {
  auto inner = store::memory_store();
  store::Journal& journal = inner->journal();
  auto store = std::make_unique<HastyStore>(std::move(inner), journal);
  const bool& removed = store->archive().removed;
  auto with = options();
  with.archive_slice = 4;
  engine_ = std::move(*runtime::EmbeddedEngine::over(std::move(store), with));
  workflow("wait", wait_for_signal);
  start_worker();
  start("wait", "a");
  ASSERT_TRUE(signal("a", "go"));
  start("wait", "b");
  engine_->ask(runtime::verb::Signal{{"b", {}}, "nothing", {}, [](const base::Status&) {}});
  while (!removed) ASSERT_TRUE(engine_->run_some());
  const auto watch = std::make_shared<runtime::RunWatch>();
  engine_->ask(runtime::verb::Watch{{"a", {}}, watch});
  std::optional<base::Result<std::vector<std::string>>> read;
  engine_->ask(runtime::verb::History{{"a", {}}, [&](const auto& turns) { read = turns; }});
  settle();
  EXPECT_EQ(watch->get().error().code, ErrorCode::kNotFound) << watch->get().error().text();
  EXPECT_EQ(read->error().code, ErrorCode::kNotFound) << read->error().text();
}

// The copy has what the store has, and goes on by itself.
TEST_P(Retention, ABackupHasWhatWasNotRemoved) {
  if (!GetParam()) GTEST_SKIP() << "a store in memory has no backup";
  open({.max_age = 1h});
  run_to_its_end("old");
  skip(50min);
  run_to_its_end("young");
  start("wait", "open");
  push_out_of_the_journal();
  skip(20min);
  const auto bytes = engine_->backup(directory_ / "backup");
  ASSERT_TRUE(bytes) << bytes.error().text();
  ASSERT_TRUE(signal("open", "go", "in the store only"));

  worker_.reset();
  engine_.reset();
  std::filesystem::rename(directory_ / "backup", directory_ / "restored");
  std::filesystem::remove_all(directory_ / "store");
  std::filesystem::rename(directory_ / "restored", directory_ / "store");
  open({});
  EXPECT_THAT(closed_ids(), ElementsAre("young"));
  EXPECT_THAT(history("young"), SizeIs(2));
  const auto watch = std::make_shared<runtime::RunWatch>();
  engine_->ask(runtime::verb::Watch{{"open", {}}, watch});
  ASSERT_TRUE(signal("open", "go", "in the copy"));
  EXPECT_EQ(result(watch), "in the copy");
}

}  // namespace
}  // namespace reprise::testing::retention_test
