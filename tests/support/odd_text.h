// Text and bytes that a caller may pass, and what a log keeps of them.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "tests/support/random.h"

namespace reprise::testing {

// The limits of docs/limits.md, repeated here from outside.
inline constexpr std::size_t kLongestId = 1'000;
inline constexpr std::size_t kLongestText = std::size_t{64} << 10;
// Of a string that is the only argument: the head of the list, and that of a string of this size.
inline constexpr std::size_t kLargestString = (std::size_t{2} << 20) - 1 - 5;

std::string utf8_of(Random& random, std::size_t characters);
std::string any_bytes(Random& random, std::size_t size);
// Of a failure or a reason: any bytes, empty, and around the longest that is kept whole.
std::string any_text(Random& random);
// Filled up to the longest, or one byte below it, in one of four.
std::string any_name(Random& random, std::string_view suffix = {});
// A name that must be refused: too long, or not UTF-8.
std::string refused_name(Random& random);

// By another library than the product's own check.
bool is_utf8(std::string_view text);

// Is it what a log keeps of this text? The same text if it is UTF-8 of a sane length; otherwise
// UTF-8 with all ASCII characters in place.
bool is_text_of(std::string_view kept, std::string_view original);

}  // namespace reprise::testing
