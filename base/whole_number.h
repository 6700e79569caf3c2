// Numbers on command lines.
#pragma once
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string>
#include <system_error>

namespace reprise::base {

// What is wrong with the text as a number from `first` up; empty: nothing.
inline std::string fault_of_number(const std::string& text, std::uint64_t first) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && read == end && number >= first) return {};
  return "'" + text + "' is no whole number from " + std::to_string(first) + " up";
}

// What is wrong with the text as a number of seconds from `least` to `most`; empty: nothing.
inline std::string fault_of_seconds(const std::string& text, double least, double most) {
  double seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, seconds);
  if (error == std::errc() && read == end && seconds >= least && seconds <= most) return {};
  char range[64];
  std::snprintf(range, sizeof range, "%g to %g", least, most);
  return "'" + text + "' is no number of seconds from " + range;
}

}  // namespace reprise::base
