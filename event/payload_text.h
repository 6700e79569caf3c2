// Payloads in one line, for people. The exact form is what `export` writes.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace reprise::event {

inline constexpr std::size_t kShortPayload = 160;  // characters
inline constexpr std::size_t kWholePayload = std::string_view::npos / 8;

// A place holder (base/place_holder.h) is shown as its text.
// A payload (CBOR, docs/adr/0004) as JSON; byte strings as "h'0a1b'". Bytes that are not CBOR, or
// nest more than 64 levels deep, are shown as bytes. Empty: "". Safe for a terminal; cut after
// `longest` characters, and the rest is not even decoded. Needs more stack than a strand has.
std::string payload_text(std::string_view payload, std::size_t longest = kShortPayload);

// "h'0a1b'", of about the first `longest` digits.
std::string bytes_text(std::string_view bytes, std::size_t longest = kWholePayload);

}  // namespace reprise::event
