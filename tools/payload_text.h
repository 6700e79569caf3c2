// Payloads in one line, for people. The exact form is what `export` writes.
#pragma once
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace reprise::tools {

inline constexpr std::size_t kShortPayload = 160;  // characters
inline constexpr std::size_t kWholePayload = std::string_view::npos / 8;

// A payload (CBOR, docs/adr/0004) as JSON; byte strings as "h'0a1b'". Bytes that are not CBOR, or
// nest more than 64 levels deep, are shown as bytes. Empty: "". Safe for a terminal; cut after
// `longest` characters, and the rest is not even decoded.
std::string payload_text(std::string_view payload, std::size_t longest = kShortPayload);

// The same, uncut, as a value for JSON output; null: empty.
nlohmann::json payload_json(std::string_view payload);

}  // namespace reprise::tools
