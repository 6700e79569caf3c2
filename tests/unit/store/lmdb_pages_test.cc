// The walk over LMDB's pages: sound files of every shape pass, damaged ones do not.
#include "store/lmdb_pages.h"

#include <fstream>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/lmdb_env.h"
#include "tests/support/temporary_directory.h"

namespace reprise::store::lmdb_pages_test {
namespace {

constexpr std::uint64_t kWhole = ~std::uint64_t{0};

class LmdbPagesTest : public ::testing::Test {
 protected:
  std::unique_ptr<LmdbEnv> open(bool create) {
    auto env = LmdbEnv::open(
        {.path = directory_.path(), .map_bytes = 64 << 20, .tables = 2, .create = create});
    if (!env) error_ = env.error().text();
    return env ? std::move(*env) : nullptr;
  }
  // Puts and deletes `count` random entries in one transaction.
  void churn(LmdbEnv& env, const char* table, int count) {
    const auto done = env.write([&](MDB_txn* txn) {
      MDB_dbi dbi = 0;
      int code = mdb_dbi_open(txn, table, MDB_CREATE, &dbi);
      for (int i = 0; i < count && code == 0; ++i) {
        const std::string name(1 + random_() % 60, static_cast<char>('a' + random_() % 20));
        const std::string content(random_() % 40 == 0 ? random_() % 20'000 : random_() % 300, 'v');
        MDB_val key = lmdb_val(name);
        MDB_val value = lmdb_val(content);
        const bool put = random_() % 3 != 0;
        code = put ? mdb_put(txn, dbi, &key, &value, 0) : mdb_del(txn, dbi, &key, nullptr);
        if (code == MDB_NOTFOUND) code = 0;
      }
      return code;
    });
    ASSERT_TRUE(done);
  }
  // How many entries a walk finds; an error says what is damaged.
  base::Result<std::size_t> verify(const LmdbEnv& env) {
    std::size_t entries = 0;
    const auto sound = env.verify_pages(
        kWhole, [&](std::string_view, std::string_view, std::string_view) { ++entries; });
    if (!sound) return sound.error();
    return entries;
  }
  std::string file() const { return directory_.path() + "/data.mdb"; }
  void change(std::size_t at, char to) {
    std::fstream stream(file(), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(to);
  }

  testing::TemporaryDirectory directory_;
  std::mt19937_64 random_{7};
  std::string error_;
};

TEST_F(LmdbPagesTest, WhatLmdbWritesIsSound) {
  const auto env = open(true);
  ASSERT_NE(env, nullptr);
  for (int round = 0; round < 300; ++round) {
    churn(*env, round % 2 == 0 ? "a" : "b", 1 + static_cast<int>(random_() % 60));
    const auto entries = verify(*env);
    ASSERT_TRUE(entries) << "round " << round << ": " << entries.error().text();
  }
  EXPECT_GT(*verify(*env), 50u);
}

TEST_F(LmdbPagesTest, TheSnapshotOfAReaderIsReadWhileOthersWrite) {
  const auto env = open(true);
  for (int i = 0; i < 20; ++i) churn(*env, "a", 50);
  const auto before = verify(*env);
  const auto pinned = PinnedSnapshot::pin(*env);
  ASSERT_TRUE(pinned);
  for (int i = 0; i < 20; ++i) churn(*env, "a", 50);
  class Counter final : public PageVisitor {
   public:
    void entry(std::string_view, std::string_view, std::string_view) override { ++entries; }
    void damaged(std::uint64_t, const std::string& what) override { ADD_FAILURE() << what; }
    std::size_t entries = 0;
  } counter;
  ASSERT_TRUE(pinned->walk(true, counter));
  EXPECT_EQ(counter.entries, *before);
}

// Every byte of the page header of every page, one after the other.
TEST_F(LmdbPagesTest, ADamagedHeaderOfAPageInUseIsFound) {
  {
    const auto env = open(true);
    for (int i = 0; i < 3; ++i) churn(*env, "a", 50);
  }
  std::ifstream stream(file(), std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
  std::size_t found = 0;
  for (std::size_t page = 0; page < bytes.size() / 4096; ++page) {
    for (const std::size_t field : {0, 10, 12, 14}) {
      const std::size_t at = page * 4096 + field;
      change(at, static_cast<char>(bytes[at] ^ 0x10));
      const auto env = open(false);
      if (env == nullptr || !verify(*env)) ++found;
      change(at, bytes[at]);
    }
  }
  EXPECT_GT(found, 20u);
  const auto env = open(false);
  EXPECT_TRUE(verify(*env));
}

TEST_F(LmdbPagesTest, AMetaPageOfAnEarlierTransactionIsFound) {
  std::string early;
  {
    const auto env = open(true);
    churn(*env, "a", 5);
  }
  std::ifstream(file(), std::ios::binary).read((early.resize(8192), early.data()), 8192);
  {
    const auto env = open(false);
    for (int i = 0; i < 4; ++i) churn(*env, "a", 5);
  }
  std::fstream stream(file(), std::ios::in | std::ios::out | std::ios::binary);
  stream.write(early.data(), 4096);
  stream.close();
  EXPECT_EQ(open(false), nullptr);
  EXPECT_THAT(error_, ::testing::HasSubstr("not of two transactions in a row"));
}

}  // namespace
}  // namespace reprise::store::lmdb_pages_test
