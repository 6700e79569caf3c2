#include "runtime/visibility/value_text.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace reprise::runtime::visibility {
namespace {

// Beyond the years of RFC 3339: the milliseconds.
std::string time_text(std::int64_t ms) {
  constexpr std::int64_t kFirst = -62'135'596'800'000;  // 0001-01-01
  constexpr std::int64_t kLast = 253'402'300'799'999;   // 9999-12-31
  if (ms < kFirst || ms > kLast) return std::to_string(ms);
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(ms)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 40> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
      static_cast<int>(clock.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string number_text(double number) {
  std::array<char, 32> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), written.ptr};
}

}  // namespace

std::string value_text(const RunValue& value) {
  switch (value.type) {
    case FieldType::kText:
      return std::string(value.text);
    case FieldType::kTexts:
      break;
    case FieldType::kInt:
    case FieldType::kDuration:
      return std::to_string(value.integer);
    case FieldType::kDouble:
      return number_text(value.number);
    case FieldType::kBool:
      return value.truth ? "true" : "false";
    case FieldType::kTime:
      return time_text(value.integer);
    case FieldType::kStatus:
      return std::string(
          event::to_string(event::status_of(static_cast<std::uint32_t>(value.integer))));
  }
  return {};
}

}  // namespace reprise::runtime::visibility
