#include "tests/round_trip/values.h"

#include <algorithm>
#include <iterator>

#include "reprise/cbor.h"
#include "reprise/failure.h"
#include "reprise/options.h"

namespace reprise::round_trip {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxText = std::size_t{64} << 10;
// The head of the list of arguments, and that of a string of this size.
constexpr std::size_t kLargestString = kMaxPayloadBytes - 1 - 5;

std::uint64_t below(Random& random, std::uint64_t end) {
  return random() % end;
}

// ---- text -------------------------------------------------------------------------------------

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

std::string utf8_of(Random& random, std::size_t characters) {
  std::string text;
  for (; characters > 0; --characters) {
    text += below(random, 2) == 0 ? odd_characters()[below(random, odd_characters().size())]
                                  : std::string(1, static_cast<char>('a' + below(random, 26)));
  }
  return text;
}

std::string any_bytes(Random& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

std::string every_byte() {
  std::string bytes;
  for (int c = 0; c < 256; ++c) bytes += static_cast<char>(c);
  return bytes;
}

std::string any_text(Random& random) {
  switch (below(random, 8)) {
    case 0:
      return {};
    case 1:
      return every_byte();
    case 2:
      return any_bytes(random, below(random, 50));
    case 3:
      return std::string(kMaxText - 1 + below(random, 3), '\xe9');
    case 4:
      return std::string(kMaxText - 1 + below(random, 3), 'x');
    case 5:
      return utf8_of(random, 3) + bad_sequences()[below(random, bad_sequences().size())] + "end";
    default:
      return utf8_of(random, 1 + below(random, 20));
  }
}

// Filled up to the limit, or one byte below it, in one of four.
std::string name_of(Random& random, std::string_view suffix = {}) {
  std::string name = utf8_of(random, 1 + below(random, 12)) + std::string(suffix);
  if (below(random, 4) == 0) name.insert(0, kMaxIdBytes - below(random, 2) - name.size(), 'n');
  return name;
}

// ---- values -----------------------------------------------------------------------------------

json any_json(Random& random, int levels) {
  if (levels == 0) {
    switch (below(random, 7)) {
      case 0:
        return nullptr;
      case 1:
        return random();
      case 2:
        return -static_cast<std::int64_t>(below(random, INT64_MAX)) - 1;
      case 3:
        return 0.1;
      case 4:
        return json::binary({0, 0xff, 0x80});
      default:
        return utf8_of(random, below(random, 5));
    }
  }
  json inner = any_json(random, levels - 1);
  if (below(random, 2) == 0) return json::array({std::move(inner)});
  return {{any_bytes(random, below(random, 4)), std::move(inner)}};
}

}  // namespace

Plan plan_of(std::uint64_t seed, int number) {
  Random random(seed);
  Plan plan;
  plan.seed = seed;
  plan.end = static_cast<End>(below(random, 4));
  constexpr int kCauses[] = {0, 1, 31, 32, 33, 120, 450};
  plan.causes = kCauses[below(random, std::size(kCauses))];
  plan.update_fails = below(random, 2) == 0;
  plan.id = name_of(random, "#" + std::to_string(number));
  for (std::string* name : {&plan.workflow, &plan.queue, &plan.activity, &plan.step, &plan.signal,
                            &plan.query, &plan.update, &plan.change}) {
    *name = name_of(random);
  }
  plan.type = any_text(random);
  plan.message = any_text(random).c_str();  // what an exception says ends at the first NUL
  plan.reason = any_text(random);
  plan.text = any_text(random);
  plan.signalled = below(random, 6) == 0 ? std::string(kLargestString - below(random, 2), '\x80')
                                         : any_text(random);
  // The list of arguments around it is a level too.
  constexpr int kLevels[] = {0, 1, 3, CborReader::kMaxDepth - 2, CborReader::kMaxDepth - 1};
  plan.json = any_json(random, kLevels[below(random, std::size(kLevels))]);
  return plan;
}

std::string refused_name(Random& random) {
  switch (below(random, 4)) {
    case 0:
      return std::string(kMaxIdBytes + 1, 'n');
    case 1:
      return std::string(kMaxIdBytes - 1, 'n') + "\xc3\xa9";
    default:
      return utf8_of(random, below(random, 12)) +
             bad_sequences()[below(random, bad_sequences().size())] + "x";
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
  if (original.size() > kMaxText / 3) {  // may have been cut, since three bytes stand for a bad one
    const std::string whole = ascii(original);
    const std::string part = ascii(kept.substr(0, kept.size() / 2));
    return kept == original ||
           (kept.size() <= kMaxText && whole.compare(0, part.size(), part) == 0);
  }
  return is_utf8(original) ? kept == original : ascii(kept) == ascii(original);
}

}  // namespace reprise::round_trip
