#include "store/lmdb_walk.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace reprise::store::lmdb_walk_test {
namespace {

using Order = LmdbWalk::Order;
constexpr std::chrono::milliseconds kRenewAtEachStep{0};

class LmdbWalkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto env = LmdbEnv::open({.path = directory_.path(), .map_bytes = 1 << 20, .create = true});
    ASSERT_TRUE(env);
    env_ = std::move(*env);
    ASSERT_TRUE(env_->write([&](MDB_txn* txn) { return mdb_dbi_open(txn, nullptr, 0, &table_); }));
  }

  void put(std::string_view bytes) {
    ASSERT_TRUE(env_->write([&](MDB_txn* txn) {
      MDB_val key = lmdb_val(bytes);
      MDB_val value{};
      return mdb_put(txn, table_, &key, &value, 0);
    }));
  }

  void remove(std::string_view bytes) {
    ASSERT_TRUE(env_->write([&](MDB_txn* txn) {
      MDB_val key = lmdb_val(bytes);
      return mdb_del(txn, table_, &key, nullptr);
    }));
  }

  testing::TemporaryDirectory directory_;
  std::unique_ptr<LmdbEnv> env_;
  MDB_dbi table_ = 0;
};

using Keys = std::vector<std::string>;

Keys keys_from(LmdbWalk& walk, std::string_view start) {
  Keys keys;
  int code = walk.seek(start);
  for (; code == 0; code = walk.step()) keys.emplace_back(walk.key());
  EXPECT_EQ(code, MDB_NOTFOUND);
  return keys;
}

TEST_F(LmdbWalkTest, GoesThroughAllInBothOrders) {
  for (const char* key : {"b", "d", "a", "c"}) put(key);
  for (const auto longest : {std::chrono::milliseconds(5), kRenewAtEachStep}) {
    LmdbWalk up(*env_, table_, Order::kAscending, longest);
    EXPECT_EQ(keys_from(up, ""), (Keys{"a", "b", "c", "d"}));
    LmdbWalk down(*env_, table_, Order::kDescending, longest);
    EXPECT_EQ(keys_from(down, ""), (Keys{"d", "c", "b", "a"}));
  }
}

TEST_F(LmdbWalkTest, AscendingStartsAtTheKeyAndDescendingBeforeIt) {
  for (const char* key : {"b", "d"}) put(key);
  LmdbWalk up(*env_, table_, Order::kAscending);
  EXPECT_EQ(keys_from(up, "b"), (Keys{"b", "d"}));
  EXPECT_EQ(keys_from(up, "c"), (Keys{"d"}));
  EXPECT_EQ(keys_from(up, "e"), (Keys{}));
  LmdbWalk down(*env_, table_, Order::kDescending);
  EXPECT_EQ(keys_from(down, "d"), (Keys{"b"}));
  EXPECT_EQ(keys_from(down, "e"), (Keys{"d", "b"}));
  EXPECT_EQ(keys_from(down, "b"), (Keys{}));
}

TEST_F(LmdbWalkTest, AnEmptyTableHasNoEntries) {
  LmdbWalk up(*env_, table_, Order::kAscending);
  EXPECT_EQ(keys_from(up, ""), (Keys{}));
  LmdbWalk down(*env_, table_, Order::kDescending);
  EXPECT_EQ(keys_from(down, "x"), (Keys{}));
}

TEST_F(LmdbWalkTest, WithinOneReadItSeesOneMoment) {
  for (const char* key : {"a", "b", "c"}) put(key);
  LmdbWalk walk(*env_, table_, Order::kAscending, std::chrono::hours(1));
  ASSERT_EQ(walk.seek(""), 0);
  remove("b");
  ASSERT_EQ(walk.step(), 0);
  EXPECT_EQ(walk.key(), "b");
}

TEST_F(LmdbWalkTest, ItGoesOnBehindAnEntryThatWasRemoved) {
  for (const char* key : {"a", "b", "c"}) put(key);
  LmdbWalk up(*env_, table_, Order::kAscending, kRenewAtEachStep);
  ASSERT_EQ(up.seek("b"), 0);
  LmdbWalk down(*env_, table_, Order::kDescending, kRenewAtEachStep);
  ASSERT_EQ(down.seek("c"), 0);
  ASSERT_EQ(down.key(), "b");
  remove("b");
  ASSERT_EQ(up.step(), 0);
  EXPECT_EQ(up.key(), "c");
  ASSERT_EQ(down.step(), 0);
  EXPECT_EQ(down.key(), "a");
}

TEST_F(LmdbWalkTest, AfterItsTimeItSeesWhatCameMeanwhile) {
  for (const char* key : {"a", "c"}) put(key);
  LmdbWalk walk(*env_, table_, Order::kAscending, kRenewAtEachStep);
  ASSERT_EQ(walk.seek(""), 0);
  put("b");
  ASSERT_EQ(walk.step(), 0);
  EXPECT_EQ(walk.key(), "b");
}

// The map has room for some 200 pages: a reader that kept its snapshot would keep every page that
// is freed from then on, and the writes would soon fail.
TEST_F(LmdbWalkTest, ReadersThatHaveEndedHoldNothing) {
  put("a");
  {
    std::vector<std::unique_ptr<LmdbWalk>> walks;
    for (int i = 0; i < 40; ++i) {
      walks.push_back(std::make_unique<LmdbWalk>(*env_, table_, Order::kAscending));
      EXPECT_EQ(walks.back()->seek(""), 0);
    }
  }
  ASSERT_TRUE(env_->read([&](MDB_txn*) { return 0; }));
  for (int i = 0; i < 2'000; ++i) put("a");
  // And they see what has been written since.
  put("b");
  LmdbWalk walk(*env_, table_, Order::kAscending);
  EXPECT_EQ(keys_from(walk, ""), (Keys{"a", "b"}));
}

}  // namespace
}  // namespace reprise::store::lmdb_walk_test
