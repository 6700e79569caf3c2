// The key of a store's tokens: made once, kept by copies and repairs, never replaced in silence.
#include "store/token_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/engine/repair.h"
#include "runtime/engine/store_audit.h"
#include "store/store.h"
#include "tests/support/temporary_directory.h"

namespace reprise::runtime::token_key_test {
namespace {

using store::TokenKey;

class TokenKeyTest : public ::testing::Test {
 protected:
  TokenKey key_of(const std::string& directory) {
    const auto opened = store::open_store(directory);
    EXPECT_TRUE(opened) << opened.error().text();
    const auto key = (*opened)->archive().token_key();
    EXPECT_TRUE(key && *key);
    return key && *key ? **key : TokenKey{};
  }

  testing::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "store";
};

TEST_F(TokenKeyTest, IsMadeWithTheStoreAndStays) {
  const TokenKey key = key_of(path_);
  EXPECT_NE(key, TokenKey{});
  EXPECT_EQ(key_of(path_), key);
  EXPECT_NE(key_of(directory_ / "other"), key);
}

TEST_F(TokenKeyTest, ABackupHasTheSame) {
  const TokenKey key = key_of(path_);
  {
    const auto opened = store::open_store(path_);
    ASSERT_TRUE((*opened)->copy_to(directory_ / "copy"));
  }
  EXPECT_EQ(key_of(directory_ / "copy"), key);
}

TEST_F(TokenKeyTest, ARepairKeepsIt) {
  const TokenKey key = key_of(path_);
  const auto repaired = repair_store(path_, directory_ / "repaired", {}, nullptr);
  ASSERT_TRUE(repaired) << repaired.error().text();
  EXPECT_EQ(key_of(directory_ / "repaired"), key);
}

TEST_F(TokenKeyTest, ChecksSayNothingOfASoundOne) {
  (void)key_of(path_);
  Names names;
  StoreAudit audit(names);
  ASSERT_TRUE(audit.run(path_, store::InspectMode::kAlone));
  EXPECT_TRUE(audit.sound());
  EXPECT_TRUE(audit.token_key());
}

TEST(SealedTokenKey, IsItselfAndNothingElse) {
  const TokenKey key = *store::new_token_key();
  const std::string sealed = store::seal_token_key(key);
  EXPECT_EQ(store::unseal_token_key(sealed), key);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(store::unseal_token_key(changed)) << i;
    EXPECT_FALSE(store::unseal_token_key(sealed.substr(0, i))) << i;
  }
  EXPECT_FALSE(store::unseal_token_key(sealed + "x"));
}

}  // namespace
}  // namespace reprise::runtime::token_key_test
