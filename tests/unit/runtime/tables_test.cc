// The rows of tables over archive and log.
#include "runtime/engine/tables.h"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/log.pb.h"
#include "runtime/engine/row_key.h"
#include "runtime/engine/table_changes.h"
#include "store/memory_archive.h"

namespace reprise::runtime {
namespace {

using ::testing::ElementsAre;

store::RowChanges change(const std::string& key, std::optional<std::string> value) {
  return {{row_key("t", key), std::move(value)}};
}

class TablesTest : public ::testing::Test {
 protected:
  void archive(store::Seq through, store::RowChanges rows) {
    store::ArchiveBatch batch;
    batch.through = through;
    batch.rows = std::move(rows);
    ASSERT_TRUE(archive_.commit(batch));
  }
  static std::string value(TableReads& rows, const std::string& key) {
    const auto found = rows.get("t", key);
    return found && *found ? **found : "-";
  }
  static std::vector<std::string> all(TableReads& rows) {
    std::vector<std::string> found;
    EXPECT_TRUE(rows.scan("t", "", std::nullopt, [&](std::string_view key, std::string_view value) {
      found.push_back(std::string(key) + "=" + std::string(value));
    }));
    return found;
  }
  std::unique_ptr<Tables::Moment> durable() const { return std::move(*tables_.durable(durable_)); }

  store::MemoryArchive archive_;
  Tables tables_{archive_, 0};
  std::atomic<store::Seq> durable_{0};
};

TEST_F(TablesTest, AReaderSeesWhatIsDurable) {
  tables_.apply(1, change("a", "1"));
  tables_.apply(2, change("a", "2"));
  tables_.apply(3, change("b", "3"));
  EXPECT_THAT(all(*durable()), ElementsAre());
  durable_ = 1;
  const auto first = durable();
  EXPECT_THAT(all(*first), ElementsAre("a=1"));
  durable_ = 3;
  EXPECT_THAT(all(*first), ElementsAre("a=1"));
  EXPECT_THAT(all(*durable()), ElementsAre("a=2", "b=3"));
  EXPECT_THAT(all(**tables_.newest()), ElementsAre("a=2", "b=3"));
}

TEST_F(TablesTest, AReaderKeepsItsMomentWhileRowsAreArchived) {
  tables_.apply(1, change("a", "1"));
  tables_.apply(2, change("b", "1"));
  durable_ = 2;
  const auto before = durable();
  tables_.apply(3, change("a", std::nullopt));
  tables_.apply(4, change("c", "4"));
  durable_ = 4;
  archive(4, {{row_key("t", "b"), "1"}, {row_key("t", "c"), "4"}});
  tables_.archived(4);
  EXPECT_THAT(all(*before), ElementsAre("a=1", "b=1"));
  EXPECT_EQ(value(*before, "a"), "1");
  EXPECT_EQ(value(*before, "c"), "-");
  EXPECT_THAT(all(*durable()), ElementsAre("b=1", "c=4"));
}

TEST_F(TablesTest, WhatIsArchivedLeavesTheMemory) {
  for (store::Seq seq = 1; seq <= 100; ++seq) {
    tables_.apply(seq, change("hot", std::to_string(seq)));
    tables_.apply(seq, change(std::to_string(seq), "x"));
  }
  EXPECT_EQ(tables_.rows_in_memory(), 101u);
  {
    const auto reader = tables_.newest();
    archive(60, {});
    tables_.archived(60);
    EXPECT_EQ(tables_.rows_in_memory(), 101u);  // it may need them
  }
  EXPECT_EQ(tables_.rows_in_memory(), 41u);
  durable_ = 70;
  EXPECT_EQ(value(*durable(), "hot"), "70");
  tables_.archived(100);
  EXPECT_EQ(tables_.rows_in_memory(), 0u);
}

// Each pair of a place in the archive and one over it: erased, replaced, added.
TEST_F(TablesTest, AScanMergesArchiveAndLog) {
  archive(1, {{row_key("t", "a"), "A"},
              {row_key("t", "c"), "C"},
              {row_key("t", "e"), "E"},
              {row_key("s", "z"), "no"},
              {row_key("u", "a"), "no"}});
  Tables tables(archive_, 1);
  durable_ = 9;
  EXPECT_THAT(all(**tables.durable(durable_)), ElementsAre("a=A", "c=C", "e=E"));
  tables.apply(2, change("a", std::nullopt));
  tables.apply(3, change("b", "B"));
  tables.apply(4, change("c", "new"));
  tables.apply(5, change("d", std::nullopt));
  tables.apply(6, change("e", std::nullopt));
  tables.apply(7, change("f", "F"));
  EXPECT_THAT(all(**tables.durable(durable_)), ElementsAre("b=B", "c=new", "f=F"));
  std::vector<std::string> some;
  ASSERT_TRUE(
      (*tables.durable(durable_))->scan("t", "b", "f", [&](std::string_view key, std::string_view) {
        some.emplace_back(key);
      }));
  EXPECT_THAT(some, ElementsAre("b", "c"));
}

TEST_F(TablesTest, ATransactionChangesNothingByItself) {
  const EngineLimits limits;
  tables_.apply(1, change("a", "1"));
  TableChanges changes(tables_, limits);
  ASSERT_TRUE(changes.put("t", "b", "2"));
  ASSERT_TRUE(*changes.erase("t", "a"));
  EXPECT_THAT(all(changes), ElementsAre("b=2"));
  EXPECT_THAT(all(**tables_.newest()), ElementsAre("a=1"));
  const store::RowChanges taken = changes.take_changes();
  ASSERT_EQ(taken.size(), 2u);
  tables_.apply(2, taken);
  EXPECT_THAT(all(**tables_.newest()), ElementsAre("b=2"));
}

TEST(RowKeys, AreNameZeroKey) {
  using namespace std::string_literals;
  EXPECT_EQ(row_key("accounts", "\0k"s), "accounts\0\0k"s);
  EXPECT_EQ(table_of_row("accounts\0\0k"s), "accounts");
  EXPECT_EQ(key_of_row("accounts\0\0k"s), "\0k"s);
  EXPECT_LT(row_key("t", std::string(446, '\xff')), behind_table("t"));
  EXPECT_LT(behind_table("t"), row_key("ta", ""));
}

std::string body_with(const proto::RowChange& change) {
  proto::Turn turn;
  *turn.add_inputs()->mutable_transaction_completed()->add_changes() = change;
  return turn.SerializeAsString();
}

TEST(RowChanges, OfBodiesThatNoEngineHasWritten) {
  proto::RowChange change;
  change.set_table("t");
  change.set_key("k");
  change.set_value("v");
  ASSERT_EQ(changes_of(body_with(change)).size(), 1u);
  EXPECT_TRUE(may_change_tables(body_with(change)));
  change.set_key(std::string(kMaxRowKeyBytes + 1, 'k'));
  EXPECT_TRUE(changes_of(body_with(change)).empty());
  change.set_key("k");
  change.set_table("");
  EXPECT_TRUE(changes_of(body_with(change)).empty());
  EXPECT_TRUE(changes_of("no turn").empty());
  EXPECT_TRUE(may_change_tables("no turn"));
  proto::Turn other;
  other.add_inputs()->mutable_timer_fired()->set_id(346);  // which has the bytes of the tag
  EXPECT_TRUE(changes_of(other.SerializeAsString()).empty());
  EXPECT_FALSE(may_change_tables(other.SerializeAsString()));
}

}  // namespace
}  // namespace reprise::runtime
