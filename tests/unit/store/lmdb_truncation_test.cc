#include "store/lmdb_truncation.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "store/lmdb_env.h"
#include "tests/support/temporary_directory.h"

namespace reprise::store::lmdb_truncation_test {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kPage = 4096;

class LmdbTruncationTest : public ::testing::Test {
 protected:
  std::unique_ptr<LmdbEnv> open(bool create) {
    auto env = LmdbEnv::open({.path = directory_.path(), .map_bytes = 64 << 20, .create = create});
    EXPECT_TRUE(env) << env.error().text();
    return env ? std::move(*env) : nullptr;
  }
  int put(MDB_txn* txn, const std::string& name, std::size_t bytes) {
    MDB_dbi table = 0;
    int code = mdb_dbi_open(txn, nullptr, 0, &table);
    const std::string content(bytes, 'v');
    MDB_val key = lmdb_val(name);
    MDB_val value = lmdb_val(content);
    if (code == 0) code = mdb_put(txn, table, &key, &value, 0);
    return code;
  }
  int remove(MDB_txn* txn, const std::string& name) {
    MDB_dbi table = 0;
    int code = mdb_dbi_open(txn, nullptr, 0, &table);
    MDB_val key = lmdb_val(name);
    if (code == 0) code = mdb_del(txn, table, &key, nullptr);
    return code;
  }
  std::string file() const { return directory_.path() + "/data.mdb"; }

  testing::TemporaryDirectory directory_;
};

// Many free pages make the free list a tree with overflow pages.
TEST_F(LmdbTruncationTest, FreePagesAtTheEndMayBeMissing) {
  for (const int pages : {3, 2000}) {
    fs::remove(file());
    std::uint64_t last_page = 0;
    {
      const auto env = open(true);
      for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(
            env->write([&](MDB_txn* txn) { return put(txn, "kept" + std::to_string(i), 1000); }));
      }
      ASSERT_TRUE(env->write([&](MDB_txn* txn) { return put(txn, "large", pages * kPage); }));
      ASSERT_TRUE(env->write([&](MDB_txn* txn) { return remove(txn, "large"); }));
      // Twice, so that the newest pages of all tables lie before those that are free.
      ASSERT_TRUE(env->write([&](MDB_txn* txn) { return put(txn, "kept", 1000); }));
      ASSERT_TRUE(env->write([&](MDB_txn* txn) { return put(txn, "kept", 1000); }));
      MDB_envinfo info{};
      ASSERT_EQ(mdb_env_info(env->get(), &info), 0);
      last_page = info.me_last_pgno;
    }
    fs::resize_file(file(), last_page * kPage);  // without the last one
    const auto env = open(false);
    ASSERT_NE(env, nullptr);
    EXPECT_TRUE(env->write([&](MDB_txn* txn) { return put(txn, "large again", pages * kPage); }));
    EXPECT_EQ(check_not_truncated(env->get()), 0);
  }
}

TEST_F(LmdbTruncationTest, PagesInUseMayNot) {
  {
    const auto env = open(true);
    ASSERT_TRUE(env->write([&](MDB_txn* txn) { return put(txn, "large", 100 * kPage); }));
  }
  const auto whole = fs::file_size(file());
  for (std::uint64_t length = whole - 1; length > 0; length -= std::min(length, kPage)) {
    fs::resize_file(file(), length);
    const auto env = LmdbEnv::open({.path = directory_.path(), .map_bytes = 64 << 20});
    ASSERT_FALSE(env) << length;
    EXPECT_EQ(env.error().code, base::ErrorCode::kStoreDamaged);
  }
}

}  // namespace
}  // namespace reprise::store::lmdb_truncation_test
