// The table of fields, in LMDB and in memory: what commits, removals and building leave in it.
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/archive_keys.h"
#include "store/store.h"
#include "tests/support/temporary_directory.h"

namespace reprise::testing::fields_table_test {
namespace {

using store::ArchiveMoment;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The parameter: over LMDB, not in memory.
class FieldsTable : public ::testing::TestWithParam<bool> {
 protected:
  FieldsTable() { reopen(); }
  void reopen() {
    store_.reset();
    if (!GetParam()) {
      store_ = store::memory_store();
      return;
    }
    auto opened = store::open_store(directory_ / "s");
    EXPECT_TRUE(opened) << opened.error().text();
    store_ = std::move(*opened);
  }
  store::Archive& archive() { return store_->archive(); }

  void commit(store::RunNumber run,
              std::vector<std::string> add,
              std::vector<std::string> remove = {},
              std::vector<std::string> of_none = {}) {
    store::SummaryUpdate update;
    update.run = run;
    update.workflow_id = "id-" + std::to_string(run);
    update.summary = "summary";
    update.add_fields = std::move(add);
    update.remove_fields = std::move(remove);
    store::ArchiveBatch batch;
    batch.next_run = 100;
    batch.summaries = {update};
    batch.add_fields = std::move(of_none);
    ASSERT_TRUE(archive().commit(batch));
  }
  // "key=run", in order.
  static std::vector<std::string> keys(const store::Archive& of) {
    const auto moment = of.moment();
    auto cursor = (*moment)->keys(ArchiveMoment::Table::kFields);
    std::vector<std::string> found;
    for (auto key = (*cursor)->at_or_after(""); *key; key = (*cursor)->next()) {
      found.push_back(std::string(store::callers_key(**key)) + "=" +
                      std::to_string(store::run_of_index_key(**key)));
    }
    return found;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<store::Store> store_;
};

INSTANTIATE_TEST_SUITE_P(Stores, FieldsTable, ::testing::Bool());

TEST_P(FieldsTable, IsMadeOnRequestAndKeptByCommits) {
  commit(1, {"lost"});
  EXPECT_EQ(archive().fields()->version, 0U);
  EXPECT_THAT(keys(archive()), IsEmpty());
  ASSERT_TRUE(archive().begin_fields(7));
  EXPECT_EQ(archive().fields()->version, 7U);
  EXPECT_FALSE(archive().fields()->complete()) << "it lacks run 1";
  EXPECT_EQ((*archive().moment())->fields_version(), 0U);
  commit(2, {"a", "b"}, {}, {"name"});
  commit(3, {"a"});
  commit(2, {"c"}, {"a", "never there"});
  EXPECT_THAT(keys(archive()), ElementsAre("a=3", "b=2", "c=2", "name=0"));
  ASSERT_TRUE(archive().build_fields({{{"a", 1}, {"a", 3}, {"a", 1}}, 2}));
  EXPECT_EQ(archive().fields()->next, 2U);
  ASSERT_TRUE(archive().build_fields({{{"z", 2}}, 0}));
  EXPECT_TRUE(archive().fields()->complete());
  EXPECT_EQ((*archive().moment())->fields_version(), 7U);
  EXPECT_THAT(keys(archive()), ElementsAre("a=1", "a=3", "b=2", "c=2", "name=0", "z=2"));
  ASSERT_TRUE(
      archive().remove({{.run = 2, .workflow_id = "id-2", .keys = {}, .fields = {"b", "c", "z"}}}));
  EXPECT_THAT(keys(archive()), ElementsAre("a=1", "a=3", "name=0"));
  if (!GetParam()) return;
  reopen();
  EXPECT_EQ(archive().fields()->version, 7U) << "its digest fits";
  EXPECT_THAT(keys(archive()), ElementsAre("a=1", "a=3", "name=0"));
  ASSERT_TRUE(store_->copy_to(directory_ / "copy"));
  const auto copy = store::open_store(directory_ / "copy");
  EXPECT_TRUE((*copy)->archive().fields()->complete());
  EXPECT_EQ(keys((*copy)->archive()), keys(archive()));
}

TEST_P(FieldsTable, BeginsAnew) {
  ASSERT_TRUE(archive().begin_fields(7));
  EXPECT_TRUE(archive().fields()->complete()) << "there are no runs";
  commit(1, {"a"});
  ASSERT_TRUE(archive().begin_fields(8));
  EXPECT_THAT(keys(archive()), IsEmpty());
  EXPECT_EQ(archive().fields()->version, 8U);
  EXPECT_EQ(archive().fields()->next, 1U);
}

TEST_P(FieldsTable, AMomentStaysAsItIs) {
  ASSERT_TRUE(archive().begin_fields(7));
  commit(1, {"a", "b", "d"});
  const auto moment = archive().moment();
  commit(1, {"c"}, {"a", "b", "d"});
  auto cursor = *(*moment)->keys(ArchiveMoment::Table::kFields);
  const auto key_of = [](const store::KeyCursor::Key& key) {
    return *key ? std::string(store::callers_key(**key)) : "none";
  };
  EXPECT_EQ(key_of(cursor->at_or_after("b")), "b");
  EXPECT_EQ(key_of(cursor->next()), "d");
  EXPECT_EQ(key_of(cursor->previous()), "b");
  EXPECT_EQ(key_of(cursor->before("b")), "a");
  EXPECT_EQ(key_of(cursor->before("a")), "none");
  EXPECT_EQ(key_of(cursor->before("zz")), "d");
  EXPECT_EQ(key_of(cursor->before("")), "d");
  EXPECT_EQ(key_of(cursor->at_or_after("e")), "none");
  EXPECT_EQ(*(*moment)->summary(1), "summary");
  EXPECT_EQ(*(*moment)->summary(2), std::nullopt);
}

}  // namespace
}  // namespace reprise::testing::fields_table_test
