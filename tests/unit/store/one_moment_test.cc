// What is compared must be read at one moment: an engine in another process commits between any two
// readings of this one.
#include <cstdint>
#include <dlfcn.h>
#include <functional>

#include <gtest/gtest.h>
#include <lmdb.h>

#include "store/archive_state.h"
#include "store/inspect.h"
#include "tests/support/other_engine.h"
#include "tests/unit/store/store_directory_fixture.h"

namespace {

// Called before each reading of this process begins.
std::function<void()> before_reading;

void come_in_between() {
  if (before_reading) before_reading();
}

template <class Function>
Function* real_lmdb(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int mdb_txn_begin(MDB_env* env, MDB_txn* parent, unsigned flags, MDB_txn** txn) {
  static auto* const function =
      real_lmdb<int(MDB_env*, MDB_txn*, unsigned, MDB_txn**)>("mdb_txn_begin");
  if ((flags & MDB_RDONLY) != 0) come_in_between();
  return function(env, parent, flags, txn);
}

int mdb_txn_renew(MDB_txn* txn) {
  static auto* const function = real_lmdb<int(MDB_txn*)>("mdb_txn_renew");
  come_in_between();
  return function(txn);
}

}  // extern "C"

namespace reprise::store::one_moment_test {
namespace {

using reprise::testing::OtherEngine;

// Each command is one more run of one record, which goes through the journal into the archive.
OtherEngine::Serve archiving_engine(const std::string& path) {
  struct State {
    std::unique_ptr<Store> store;
    RecordMaker maker;
    RunNumber next = 1;
  };
  auto state = std::make_shared<State>();
  auto store = open_store(path);
  if (!store) return nullptr;
  state->store = std::move(*store);
  return [state](char) {
    const Seq seq = state->maker.next();
    const RunNumber run = state->next++;
    const std::string record = state->maker.make(run, "a run's only record");
    if (!append(state->store->journal(), batch_of(seq, {record}), seq - 1)) return false;
    return state->store->archive()
        .commit({.through = seq,
                 .next_run = state->next,
                 .chunks = {{.run = run, .last = seq, .records = record}},
                 .summaries = {{.run = run,
                                .workflow_id = "run-" + std::to_string(run),
                                .summary = "s",
                                .add_key = "k",
                                .remove_key = {}}}})
        .has_value();
  };
}

class OneMomentTest : public StoreDirectoryTest {
 protected:
  ~OneMomentTest() override { before_reading = nullptr; }
  void come_between(OtherEngine& engine) {
    before_reading = [this, &engine] {
      ++commits_;
      EXPECT_TRUE(engine.run('c'));
    };
  }
  int commits_ = 0;
};

TEST_F(OneMomentTest, AReaderHoldsTheArchiveAgainstTheDigestsOfThatMoment) {
  OtherEngine engine([this] { return archiving_engine(path_); });
  ASSERT_TRUE(engine.run('c'));
  come_between(engine);
  const auto store = open_store_read_only(path_);
  before_reading = nullptr;
  ASSERT_TRUE(store) << store.error().text();
  EXPECT_TRUE((*store)->archive().content_verifies());
  EXPECT_GE(commits_, 3) << "there were readings to come between";
}

// The pages and the digests that `check` compares.
class Content final : public StoreVisitor {
 public:
  void reading(const std::string&) override {}
  void damaged(const std::string& place, const std::string& what) override {
    ADD_FAILURE() << place << ": " << what;
  }
  void archive_entry(std::string_view table,
                     std::string_view key,
                     std::string_view value) override {
    for (std::size_t i = 0; i < kArchiveTables; ++i) {
      if (table == kArchiveTableNames[i]) digests[i].add(key, value);
    }
    if (table == "meta" && key == "state") state = value;
    if (table == "meta" && key == "uuid") uuid = value;
  }
  void journal_record(Seq seq, std::string_view) override { last = seq; }

  TableDigests digests;
  std::string state;
  std::string uuid;
  Seq last = 0;
};

TEST_F(OneMomentTest, ACheckReadsPagesAndDigestsOfOneMoment) {
  OtherEngine engine([this] { return archiving_engine(path_); });
  ASSERT_TRUE(engine.run('c'));
  come_between(engine);
  Content content;
  const auto inspected = inspect_store(path_, InspectMode::kBesideEngine, content);
  before_reading = nullptr;
  ASSERT_TRUE(inspected) << inspected.error().text();
  const auto state = ArchiveState::decode(content.state, content.uuid);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->digests, content.digests);
  EXPECT_GE(commits_, 2);
}

// While a moment is held, everything that is read fits together, whatever is written meanwhile.
TEST_F(OneMomentTest, AHeldMomentStaysAsItWas) {
  OtherEngine engine([this] { return archiving_engine(path_); });
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(engine.run('c'));
  const auto store = open_store_read_only(path_);
  ASSERT_TRUE(store) << store.error().text();
  come_between(engine);
  const auto moment = (*store)->hold();
  ASSERT_TRUE(moment);
  const auto through = (*store)->archive().through();
  const auto next = (*store)->archive().next_run();
  ASSERT_TRUE(through);
  EXPECT_EQ(*next, *through + 1);
  EXPECT_EQ(*(*store)->archive().through(), *through);
  EXPECT_GE(*(*store)->journal().last(), 1U);
}

}  // namespace
}  // namespace reprise::store::one_moment_test
