// Transactions whose work throws, as code that allocates does when there is no memory.
#include "store/lmdb_env.h"

#include <new>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace reprise::store::lmdb_env_test {
namespace {

class LmdbEnvTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto env = LmdbEnv::open({.path = directory_.path(), .map_bytes = 1 << 20, .create = true});
    ASSERT_TRUE(env);
    env_ = std::move(*env);
    ASSERT_TRUE(env_->write([&](MDB_txn* txn) { return mdb_dbi_open(txn, nullptr, 0, &table_); }));
  }

  base::Status put(std::string_view text) {
    return env_->write([&](MDB_txn* txn) { return put(txn, text); });
  }
  int put(MDB_txn* txn, std::string_view text) {
    MDB_val key = lmdb_val("key");
    MDB_val value = lmdb_val(text);
    return mdb_put(txn, table_, &key, &value, 0);
  }
  std::string get() {
    std::string text;
    EXPECT_TRUE(env_->read([&](MDB_txn* txn) {
      MDB_val key = lmdb_val("key");
      MDB_val value{};
      const int code = mdb_get(txn, table_, &key, &value);
      if (code == 0) text = bytes_of(value);
      return code;
    }));
    return text;
  }
  int readers() const {
    MDB_envinfo info{};
    EXPECT_EQ(mdb_env_info(env_->get(), &info), 0);
    return static_cast<int>(info.me_numreaders);
  }

  testing::TemporaryDirectory directory_;
  std::unique_ptr<LmdbEnv> env_;
  MDB_dbi table_ = 0;
};

TEST_F(LmdbEnvTest, AWriteThatThrowsIsUndoneAndTheNextOneWorks) {
  ASSERT_TRUE(put("before"));
  const auto interrupted = [&](MDB_txn* txn) -> int {
    EXPECT_EQ(put(txn, "half"), 0);
    throw std::bad_alloc();
  };
  EXPECT_THROW((void)env_->write(interrupted), std::bad_alloc);
  EXPECT_EQ(get(), "before");
  EXPECT_TRUE(put("after"));  // LMDB's lock is free again
  EXPECT_EQ(get(), "after");
}

TEST_F(LmdbEnvTest, AReadThatThrowsKeepsNoSnapshot) {
  ASSERT_TRUE(put("value"));
  EXPECT_EQ(get(), "value");
  const int before = readers();
  for (int i = 0; i < 5; ++i) {
    EXPECT_THROW((void)env_->read([](MDB_txn*) -> int { throw std::bad_alloc(); }), std::bad_alloc);
  }
  EXPECT_EQ(readers(), before);
  EXPECT_EQ(get(), "value");
}

}  // namespace
}  // namespace reprise::store::lmdb_env_test
