// What stands in the place of a payload that does not open: a text for people, after bytes that no
// payload begins with. So code that meets it has no content, and says so.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace reprise::base {

// 0xff begins no CBOR item.
inline constexpr std::string_view kPlaceHolder = "\xffRPS0";

// Of what was changed, or encrypted with another key of that name.
inline constexpr std::string_view kDamagedContent = "<sealed, damaged>";

inline std::string place_holder_of(std::string_view text) {
  return std::string(kPlaceHolder).append(text);
}

// "<sealed, key k1>". nullopt: it is a payload. A view into `payload`.
inline std::optional<std::string_view> place_holder_text(std::string_view payload) {
  if (!payload.starts_with(kPlaceHolder)) return std::nullopt;
  return payload.substr(kPlaceHolder.size());
}

}  // namespace reprise::base
