#include "base/printable_text.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace reprise::base::printable_text_test {
namespace {

std::string utf8(char32_t c) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3f)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xc0 | c >> 6), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xe0 | c >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | c >> 18), tail(12), tail(6), tail(0)};
}

bool is_ascii_text(std::string_view text) {
  for (const char c : text) {
    if (c < 0x20 || c == 0x7f) return false;
  }
  return true;
}

TEST(PrintableText, LeavesOrdinaryTextAlone) {
  for (const char* text : {"", "order-7", "Bücher für 3 €", "注文", "a 'b' \"c\" \\", "🙂"}) {
    EXPECT_TRUE(is_printable(text));
    EXPECT_EQ(printable_text(text), text);
    EXPECT_EQ(printable_json(text), text);
  }
}

TEST(PrintableText, EveryByteAlone) {
  for (int value = 0; value < 256; ++value) {
    const std::string byte(1, static_cast<char>(value));
    const bool plain = value >= 0x20 && value < 0x7f;
    const std::string shown = printable_text(byte);
    EXPECT_EQ(is_printable(byte), plain) << value;
    EXPECT_EQ(shown == byte, plain) << value;
    EXPECT_TRUE(is_ascii_text(shown)) << value;
    EXPECT_EQ(printable_text("a" + byte + "b"), "a" + shown + "b");
  }
}

TEST(PrintableText, EveryCharacterThatATerminalObeys) {
  const auto obeyed = [](char32_t c) {
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x61c ||
           c == 0x2028 || c == 0x2029;
  };
  int escaped = 0;
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xd800 && c < 0xe000) continue;
    const std::string text = utf8(c);
    const std::string shown = printable_text(text);
    if (obeyed(c)) {
      EXPECT_TRUE(is_ascii_text(shown)) << static_cast<unsigned>(c);
      EXPECT_EQ(shown.front(), '\\') << static_cast<unsigned>(c);
    }
    escaped += shown == text ? 0 : 1;
  }
  EXPECT_LT(escaped, 300) << "letters of all languages are left alone";
}

TEST(PrintableText, NamesWhatItEscapes) {
  EXPECT_EQ(printable_text("\x1b[2J\r\n\t\x7f"), "\\x1b[2J\\x0d\\n\\t\\x7f");
  EXPECT_EQ(printable_text("\u009b2J\u202e\u2028"), "\\x9b2J\\u202e\\u2028");
  EXPECT_EQ(printable_text("\xff\xc3\xed\xa0\x80\xf4\x90\x80\x80"),
            "\\xff\\xc3\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80");
}

TEST(PrintableText, KeepsLinesOrMovesThem) {
  const std::string text = "first\nforged\n  \x1b third\n\tfourth\n\n";
  EXPECT_EQ(printable_text(text, LineBreaks::kKept), "first\nforged\n  \\x1b third\n\tfourth\n\n");
  EXPECT_EQ(printable_text(text, LineBreaks::kIndented),
            "first\n  forged\n  \\x1b third\n\tfourth\n\n");
  EXPECT_EQ(printable_text(text, LineBreaks::kEscaped).find('\n'), std::string::npos);
  EXPECT_TRUE(is_printable("a\nb", LineBreaks::kKept));
  EXPECT_FALSE(is_printable("a\nb", LineBreaks::kIndented));
  EXPECT_TRUE(is_printable("a\n  b\n", LineBreaks::kIndented));
}

TEST(PrintableText, CutsLongText) {
  EXPECT_EQ(printable_text("ééééé", LineBreaks::kEscaped, 3), "ééé…");
  EXPECT_EQ(printable_text("ééé", LineBreaks::kEscaped, 3), "ééé");
}

TEST(PrintableText, JsonSaysTheSameInOtherWords) {
  EXPECT_EQ(printable_json("{\"a\": \"\u009b\u202e\x7f ü\"}\n"),
            "{\"a\": \"\\u009b\\u202e\\u007f ü\"}\n");
  EXPECT_EQ(printable_json("\U000e0041"), "\\udb40\\udc41");
}

// Of any bytes: what comes out is printable, and a second pass changes nothing.
TEST(PrintableText, WhateverTheBytesAre) {
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 12, '\0');
    for (char& c : bytes) {
      c = static_cast<char>(random() % 4 == 0 ? 0xc0 + random() % 64 : random());
    }
    for (const auto breaks : {LineBreaks::kEscaped, LineBreaks::kKept, LineBreaks::kIndented}) {
      const std::string shown = printable_text(bytes, breaks);
      EXPECT_TRUE(is_printable(shown, breaks));
      EXPECT_EQ(printable_text(shown, breaks), shown);
      EXPECT_EQ(is_printable(bytes, breaks), shown == bytes);
    }
  }
}

}  // namespace
}  // namespace reprise::base::printable_text_test
