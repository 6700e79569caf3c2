// Text in the log: always UTF-8 (RFC 3629), whatever it was made from.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace reprise::base {

// The largest text in the log: the message or the type of a failure, a reason. Even a message that
// a chain of failures repeats at each level makes a record of a sane size.
inline constexpr std::size_t kMaxTextBytes = std::size_t{64} << 10;

// The length of the UTF-8 sequence at the beginning of `rest`, which is not empty; 0: there is
// none. Overlong forms, surrogates and values beyond U+10FFFF are not UTF-8; NUL and other control
// characters are.
std::size_t utf8_sequence(std::string_view rest);

bool is_utf8(std::string_view text);

// Does to_text() return it as it is?
inline bool is_text(std::string_view text) {
  return text.size() <= kMaxTextBytes && is_utf8(text);
}

// The text with U+FFFD for each byte that belongs to no UTF-8 sequence. It is cut after
// kMaxTextBytes, with a note of its length.
std::string to_text(std::string text);

}  // namespace reprise::base
