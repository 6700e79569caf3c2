#include "tests/support/odd_text.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <vector>

namespace reprise::testing {
namespace {

using nlohmann::json;

const std::vector<std::string>& odd_characters() {
  static const std::vector<std::string> odd = {std::string(1, '\0'),
                                               "\x01",
                                               "\t",
                                               "\n",
                                               "\r\n",
                                               "\x1b[31m",
                                               "\x7f",
                                               "'",
                                               "\"",
                                               "\\",
                                               "/",
                                               "..",
                                               "%s",
                                               "$bytes",
                                               "{}",
                                               "\xc2\x80",
                                               "\xc2\x9b",
                                               "\xc3\xa9",
                                               "e\xcc\x81",
                                               "\xd7\x90",
                                               "\xe2\x80\xae",
                                               "\xe2\x80\x8b",
                                               "\xef\xbb\xbf",
                                               "\xef\xbf\xbd",
                                               "\xef\xbf\xbf",
                                               "\xed\x9f\xbf",
                                               "\xee\x80\x80",
                                               "\xf0\x9f\x98\x80",
                                               "\xf4\x8f\xbf\xbf"};
  return odd;
}

const std::vector<std::string>& bad_sequences() {
  static const std::vector<std::string> bad = {"\x80",
                                               "\xe9",
                                               "\xff",
                                               "\xfe",
                                               "\xc0\x80",
                                               "\xc1\xbf",
                                               "\xe0\x80\x80",
                                               "\xed\xa0\x80",
                                               "\xed\xbf\xbf",
                                               "\xf0\x80\x80\x80",
                                               "\xf4\x90\x80\x80",
                                               "\xf8\x88\x80\x80\x80",
                                               "\xe2\x82"};
  return bad;
}

std::string every_byte() {
  std::string bytes;
  for (int c = 0; c < 256; ++c) bytes += static_cast<char>(c);
  return bytes;
}

}  // namespace

std::string utf8_of(Random& random, std::size_t characters) {
  std::string text;
  for (; characters > 0; --characters) {
    text += random.below(2) == 0 ? odd_characters()[random.below(odd_characters().size())]
                                 : std::string(1, static_cast<char>('a' + random.below(26)));
  }
  return text;
}

std::string any_bytes(Random& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random.next());
  return bytes;
}

std::string any_text(Random& random) {
  switch (random.below(8)) {
    case 0:
      return {};
    case 1:
      return every_byte();
    case 2:
      return any_bytes(random, random.below(50));
    case 3:
      return std::string(kLongestText - 1 + random.below(3), '\xe9');
    case 4:
      return std::string(kLongestText - 1 + random.below(3), 'x');
    case 5:
      return utf8_of(random, 3) + bad_sequences()[random.below(bad_sequences().size())] + "end";
    default:
      return utf8_of(random, 1 + random.below(20));
  }
}

std::string any_name(Random& random, std::string_view suffix) {
  std::string name = utf8_of(random, 1 + random.below(12)) + std::string(suffix);
  if (random.below(4) == 0) name.insert(0, kLongestId - random.below(2) - name.size(), 'n');
  return name;
}

std::string refused_name(Random& random) {
  switch (random.below(4)) {
    case 0:
      return std::string(kLongestId + 1, 'n');
    case 1:
      return std::string(kLongestId - 1, 'n') + "\xc3\xa9";
    default:
      return utf8_of(random, random.below(12)) +
             bad_sequences()[random.below(bad_sequences().size())] + "x";
  }
}

bool is_utf8(std::string_view text) {
  try {
    (void)json(text).dump();
    return true;
  } catch (const json::exception&) {
    return false;
  }
}

bool is_text_of(std::string_view kept, std::string_view original) {
  if (!is_utf8(kept)) return false;
  const auto ascii = [](std::string_view text) {
    std::string only;
    std::copy_if(text.begin(), text.end(), std::back_inserter(only),
                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    return only;
  };
  if (original.size() >
      kLongestText / 3) {  // may have been cut, since three bytes stand for a bad one
    const std::string whole = ascii(original);
    const std::string part = ascii(kept.substr(0, kept.size() / 2));
    return kept == original ||
           (kept.size() <= kLongestText && whole.compare(0, part.size(), part) == 0);
  }
  return is_utf8(original) ? kept == original : ascii(kept) == ascii(original);
}

}  // namespace reprise::testing
