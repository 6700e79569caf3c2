#include "base/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace reprise::base {
namespace {

const std::string kBad = "\xef\xbf\xbd";

// By the table of RFC 3629, section 4, and by nothing of ours.
bool is_character(unsigned code) {
  return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

std::string encoded(unsigned code, int bytes) {
  if (bytes == 1) return std::string(1, static_cast<char>(code));
  std::string text;
  for (int i = 1; i < bytes; ++i) {
    text.insert(text.begin(), static_cast<char>(0x80 | (code & 0x3f)));
    code >>= 6;
  }
  const unsigned mark = 0xff00U >> static_cast<unsigned>(bytes);
  text.insert(text.begin(), static_cast<char>(mark | code));
  return text;
}

int shortest(unsigned code) {
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

TEST(Text, IsWhatToTextLeavesAlone) {
  const std::string most(kMaxTextBytes, 'x');
  for (const std::string& text : {std::string(), std::string("a\0b", 3), std::string("\xc3\xa9"),
                                  std::string("\xff"), std::string("\xc3"), most, most + "x"}) {
    EXPECT_EQ(is_text(text), to_text(text) == text) << text.size();
  }
}

TEST(Utf8, KnowsEveryCharacterInItsShortestFormOnly) {
  constexpr unsigned kMost[] = {0, 0x7f, 0x7ff, 0xffff, 0x1fffff};
  for (int bytes = 1; bytes <= 4; ++bytes) {
    for (unsigned code = 0; code <= kMost[bytes]; ++code) {
      const bool good = is_character(code) && shortest(code) == bytes;
      ASSERT_EQ(is_utf8(encoded(code, bytes)), good) << code << " in " << bytes;
    }
  }
}

TEST(Utf8, FindsOneBadByteWhereverItStands) {
  EXPECT_TRUE(is_utf8(std::string_view()));
  for (std::size_t size = 1; size < 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      EXPECT_TRUE(is_utf8(text));
      text[at] = '\xe9';
      EXPECT_FALSE(is_utf8(text)) << at << " of " << size;
      EXPECT_EQ(to_text(text), std::string(at, 'a') + kBad + std::string(size - at - 1, 'a'));
    }
  }
}

TEST(Utf8, MakesTextOfAnything) {
  EXPECT_EQ(to_text(""), "");
  EXPECT_EQ(to_text("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(to_text("caf\xe9"), "caf" + kBad);
  EXPECT_EQ(to_text("\xe9t\xe9"), kBad + "t" + kBad);
  EXPECT_EQ(to_text("\xed\xa0\x80"), kBad + kBad + kBad);  // a surrogate
  EXPECT_EQ(to_text("\xc0\x80"), kBad + kBad);             // NUL, overlong
  EXPECT_EQ(to_text("\xf0\x9f\x98"), kBad + kBad + kBad);  // cut short
  EXPECT_EQ(to_text("\xe2\x82\xac\xe2\x82"), "\xe2\x82\xac" + kBad + kBad);
  const std::string control("\0\x01\x1b\x7f\n", 5);
  EXPECT_EQ(to_text(control), control);
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_TRUE(is_utf8(to_text(all)));
  EXPECT_EQ(to_text(to_text(all)), to_text(all));
}

TEST(Utf8, CutsLongTextBetweenCharacters) {
  const std::string most(kMaxTextBytes, 'a');
  EXPECT_EQ(to_text(most), most);
  EXPECT_EQ(to_text(most + "b").size(), kMaxTextBytes);
  EXPECT_TRUE(to_text(most + "b").ends_with("... [cut: 65537 bytes]"));
  std::string euros;
  while (euros.size() <= 2 * kMaxTextBytes) euros += "\xe2\x82\xac";
  EXPECT_TRUE(is_utf8(to_text(euros)));
  EXPECT_LE(to_text(euros).size(), kMaxTextBytes);
  EXPECT_EQ(to_text(to_text(euros)), to_text(euros));
  const std::string bad(kMaxTextBytes, '\xe9');  // three times as long once it is text
  EXPECT_TRUE(is_utf8(to_text(bad)));
  EXPECT_LE(to_text(bad).size(), kMaxTextBytes);
}

}  // namespace
}  // namespace reprise::base
