#include "base/utf8.h"

#include <cstdint>
#include <cstring>
#include <utility>

namespace reprise::base {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

constexpr std::uint64_t kHighBits = 0x8080808080808080U;  // no byte of ASCII has one

// How many bytes at the beginning are certainly ASCII. Nearly all texts are ASCII throughout.
std::size_t ascii_at_beginning(std::string_view text) {
  std::size_t at = 0;
  std::uint64_t word = 0;
  for (; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & kHighBits) != 0) return at;
  }
  if (at == text.size()) return at;
  word = 0;
  std::memcpy(&word, text.data() + at, text.size() - at);
  return (word & kHighBits) == 0 ? text.size() : at;
}

// The position of the first byte that belongs to no sequence; the end if there is none.
std::size_t first_bad(std::string_view text) {
  std::size_t at = 0;
  while (true) {
    at += ascii_at_beginning(text.substr(at));
    if (at == text.size()) return at;
    const std::size_t length = utf8_sequence(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
}

std::string replaced(std::string_view text) {
  std::string good;
  good.reserve(text.size() + 2 * kReplacement.size());
  while (!text.empty()) {
    const std::size_t bad = first_bad(text);
    good += text.substr(0, bad);
    if (bad == text.size()) break;
    good += kReplacement;
    text.remove_prefix(bad + 1);
  }
  return good;
}

// Is it one of the bytes after the first of a sequence?
bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

std::string cut(std::string text) {
  const std::string note = "... [cut: " + std::to_string(text.size()) + " bytes]";
  std::size_t end = kMaxTextBytes - note.size();
  while (end > 0 && continues(text[end])) --end;
  text.resize(end);
  return text + note;
}

}  // namespace

std::size_t utf8_sequence(std::string_view rest) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
  const auto follows = [&](std::size_t i, unsigned low, unsigned high) {
    return i < rest.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1, 0x80, 0xbf) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : 0xbf;
    return follows(1, low, high) && follows(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
    return follows(1, low, high) && follows(2, 0x80, 0xbf) && follows(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

bool is_utf8(std::string_view text) {
  return first_bad(text) == text.size();
}

std::string to_text(std::string text) {
  if (!is_utf8(text)) text = replaced(text);
  if (text.size() > kMaxTextBytes) text = cut(std::move(text));
  return text;
}

}  // namespace reprise::base
