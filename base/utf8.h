// Text as the log keeps it: UTF-8 (RFC 3629), whatever it was made of.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace reprise::base {

// What one text of the log may have: the message or the type of a failure, a reason. A message
// that a chain of failures repeats at each of its levels still makes a record of a sane size.
inline constexpr std::size_t kMaxTextBytes = std::size_t{64} << 10;

// The length of the UTF-8 sequence that `rest`, which is not empty, begins with; 0: with none.
// Overlong forms, surrogates and what lies beyond U+10FFFF are none; NUL and other control
// characters are characters like any other.
std::size_t utf8_sequence(std::string_view rest);

bool is_utf8(std::string_view text);

// The text with U+FFFD for each byte that belongs to no UTF-8 sequence. Behind kMaxTextBytes it is
// cut, with a note of how much there was.
std::string to_text(std::string text);

}  // namespace reprise::base
