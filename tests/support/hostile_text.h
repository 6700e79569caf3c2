// Text that steers a terminal or forges a line, and how to tell that it got through.
#pragma once
#include <string>
#include <string_view>

namespace reprise::testing {

// Valid UTF-8, so that it can be an id.
inline const std::string kHostileText =
    "id\x1b[31m\u009b2J\u202egpj\u2066\u200e\u061c\u2028\u2029\x7f\x07\rx\nFORGED line";

// The part that reached the output unescaped; empty: none.
inline std::string hostile_part_of(std::string_view output) {
  constexpr std::string_view kParts[] = {"\x1b",   "\u009b", "\u202e", "\u2066", "\u200e", "\u061c",
                                         "\u2028", "\u2029", "\x7f",   "\x07",   "\r"};
  for (const std::string_view part : kParts) {
    if (const auto at = output.find(part); at != output.npos) {
      return "an unescaped character after: " + std::string(output.substr(0, at));
    }
  }
  const bool forged = output.starts_with("FORGED") || output.find("\nFORGED") != output.npos;
  return forged ? "a forged line in: " + std::string(output) : std::string();
}

}  // namespace reprise::testing
