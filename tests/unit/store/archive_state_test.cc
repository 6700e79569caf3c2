#include "store/archive_state.h"

#include <gtest/gtest.h>

namespace reprise::store::archive_state_test {
namespace {

TEST(ArchiveStateTest, EveryBitOfItIsChecked) {
  ArchiveState state{.through = 17, .next_run = 4, .digests = {}};
  state.digests[kIds].add("key", "value");
  const std::string bytes = state.encode("uuid");
  const auto decoded = ArchiveState::decode(bytes, "uuid");
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->through, 17u);
  EXPECT_EQ(decoded->next_run, 4u);
  EXPECT_EQ(decoded->digests, state.digests);
  EXPECT_FALSE(ArchiveState::decode(bytes, "another"));
  EXPECT_FALSE(ArchiveState::decode(bytes.substr(1), "uuid"));
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string wrong = bytes;
    wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(ArchiveState::decode(wrong, "uuid")) << bit;
  }
}

TEST(ArchiveStateTest, ADigestIsThatOfTheEntriesAndNotOfTheirOrder) {
  TableDigest one;
  one.add("a", "1");
  one.add("b", "2");
  one.add("c", "");
  one.remove("c", "");
  TableDigest other;
  other.add("b", "2");
  other.add("a", "1");
  EXPECT_EQ(one, other);
  other.remove("a", "1");
  other.add("a", "2");
  EXPECT_FALSE(one == other);
}

TEST(ArchiveStateTest, ASummaryIsBoundToItsRun) {
  const std::string sealed = seal_summary(7, "content");
  EXPECT_EQ(unseal_summary(7, sealed), "content");
  EXPECT_FALSE(unseal_summary(8, sealed));
  EXPECT_FALSE(unseal_summary(7, sealed.substr(0, 7)));
  EXPECT_FALSE(unseal_summary(7, sealed + "."));
}

}  // namespace
}  // namespace reprise::store::archive_state_test
