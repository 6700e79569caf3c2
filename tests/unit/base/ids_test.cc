#include "base/ids.h"

#include <cstdio>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace reprise::base::ids_test {
namespace {

constexpr std::string_view kText = "0190d3a7-5b3c-7def-8123-456789abcdef";

TEST(RunIdTest, ParsesWhatItFormats) {
  const auto id = RunId::parse(kText);
  ASSERT_TRUE(id);
  EXPECT_EQ(id->to_string(), kText);
  EXPECT_TRUE(id->is_text(kText));
  EXPECT_FALSE(id->is_text(std::string(kText) + "0"));
  EXPECT_FALSE(RunId().is_text(kText));
  EXPECT_EQ(static_cast<unsigned char>(id->bytes().front()), 0x01);
  EXPECT_EQ(static_cast<unsigned char>(id->bytes().back()), 0xef);
}

TEST(RunIdTest, WritesEveryByteAsTwoDigits) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string sixteen(16, static_cast<char>(byte));
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", byte);
    std::string expected;
    for (int i = 0; i < 16; ++i) {
      if (i == 4 || i == 6 || i == 8 || i == 10) expected += '-';
      expected += digits;
    }
    EXPECT_EQ(RunId::from_bytes(sixteen)->to_string(), expected);
  }
}

TEST(RunIdTest, SurvivesItsBytes) {
  const auto id = RunId::parse(kText);
  ASSERT_TRUE(id);
  EXPECT_EQ(id->bytes().size(), 16u);
  EXPECT_EQ(RunId::from_bytes(id->bytes()), id);
  EXPECT_FALSE(RunId::from_bytes(""));
  EXPECT_FALSE(RunId::from_bytes(id->bytes().substr(1)));
  EXPECT_FALSE(RunId::from_bytes(std::string(17, 'x')));
}

TEST(RunIdTest, RejectsWhatIsNoUuid) {
  const std::string good(kText);
  EXPECT_FALSE(RunId::parse(""));
  EXPECT_FALSE(RunId::parse(good.substr(1)));
  EXPECT_FALSE(RunId::parse(good + "0"));
  EXPECT_FALSE(RunId::parse("{" + good.substr(2) + "}"));
  EXPECT_FALSE(RunId::parse("0190D3A7-5B3C-7DEF-8123-456789ABCDEF")) << "one spelling per id";
  EXPECT_FALSE(RunId::parse("0190d3a75-b3c-7def-8123-456789abcdef")) << "a dash elsewhere";
  EXPECT_FALSE(RunId::parse("0190d3a7-5b3c-7def-8123-456789abcdeg"));
  EXPECT_FALSE(RunId::parse("0190d3a7-5b3c-7def-8123-45678 abcdef"));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == '-' ? '0' : '-';
    EXPECT_FALSE(RunId::parse(bad)) << bad;
    bad[i] = '\0';
    EXPECT_FALSE(RunId::parse(bad)) << i;
  }
}

TEST(RunIdTest, MakesVersion7) {
  const auto id = RunId::make(from_ms(0x0123456789ab), ~0ull, ~0ull);
  EXPECT_EQ(id.to_string(), "01234567-89ab-7fff-bfff-ffffffffffff");
  EXPECT_EQ(RunId::make(from_ms(0), 0, 0).to_string(), "00000000-0000-7000-8000-000000000000");
}

TEST(RunIdTest, SortsByTimeThenDiffersByChance) {
  const auto early = RunId::make(from_ms(1'000), ~0ull, ~0ull);
  const auto late = RunId::make(from_ms(1'001), 0, 0);
  EXPECT_LT(early, late);
  EXPECT_LT(early.to_string(), late.to_string());
  EXPECT_LT(early.bytes(), late.bytes());
  // Every random bit that the format has room for ends up in the id.
  std::set<RunId> ids;
  for (int bit = 0; bit < 62; ++bit)
    ids.insert(RunId::make(from_ms(1), 0, 1ull << (bit + (bit >= 6 ? 2 : 0))));
  EXPECT_EQ(ids.size(), 62u);
}

TEST(RunIdTest, NoRunIsAllZero) {
  EXPECT_EQ(RunId().to_string(), "00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(RunId(), RunId::parse("00000000-0000-0000-0000-000000000000"));
}

// These values are stored: they must never change.
TEST(Hash64Test, IsXxh3) {
  EXPECT_EQ(hash64(""), 0x2d06800538d394c2ull);
  EXPECT_NE(hash64("a"), hash64("b"));
  EXPECT_NE(hash64("a", 1), hash64("a", 2));
  EXPECT_EQ(hash64("order-7"), hash64(std::string("order-7")));
}

}  // namespace
}  // namespace reprise::base::ids_test
