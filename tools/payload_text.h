// Payloads in one line, for people. The exact form is what `export` writes.
#pragma once
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace reprise::tools {

inline constexpr std::size_t kShortPayload = 160;  // characters
inline constexpr std::size_t kWholePayload = std::string_view::npos / 8;

// A payload (CBOR, docs/adr/0004) as JSON; byte strings as "h'0a1b'". What is no CBOR, or nests
// more than 64 levels deep, is shown as bytes. Empty: "". Safe for a terminal; cut behind `longest`
// characters, and what lies behind them is not even decoded.
std::string payload_text(std::string_view payload, std::size_t longest = kShortPayload);

// The same, whole, as a value for JSON that is printed; null: empty.
nlohmann::json payload_json(std::string_view payload);

}  // namespace reprise::tools
