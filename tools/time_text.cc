#include "tools/time_text.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <iterator>
#include <utility>

#include "base/time.h"

namespace reprise::tools {
namespace {

constexpr std::int64_t kSecond = 1'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

std::string utc(std::int64_t ms, bool millis) {
  std::int64_t seconds = ms / kSecond;
  std::int64_t rest = ms % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --seconds;
  }
  const std::time_t time = seconds;
  std::tm parts{};
  if (::gmtime_r(&time, &parts) == nullptr || parts.tm_year > 9999 - 1900) return "never";
  char text[64];
  char fraction[16] = "";
  if (millis) std::snprintf(fraction, sizeof fraction, ".%03d", static_cast<int>(rest));
  std::snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d%sZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                fraction);
  return text;
}

std::string two_units(std::int64_t large, char large_unit, std::int64_t small, char small_unit) {
  char text[48];
  std::snprintf(text, sizeof text, "%lld%c%02lld%c", static_cast<long long>(large), large_unit,
                static_cast<long long>(small), small_unit);
  return text;
}

std::int64_t unit_of(std::string_view name) {
  if (name == "s") return kSecond;
  if (name == "m" || name == "min") return kMinute;
  if (name == "h") return kHour;
  return name == "d" ? kDay : 0;
}

std::optional<std::int64_t> parse_ago(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::int64_t unit = unit_of(text.substr(static_cast<std::size_t>(end - text.data())));
  std::int64_t ms = 0;
  if (error != std::errc() || count < 0 || unit == 0) return std::nullopt;
  if (__builtin_mul_overflow(count, unit, &ms)) return std::nullopt;
  return ms;
}

std::optional<std::int64_t> parse_time(std::string text) {
  if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
  if (!text.empty() && text.back() == 'Z') text.pop_back();
  for (const char* format : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"}) {
    std::tm parts{};
    const char* const end = ::strptime(text.c_str(), format, &parts);
    if (end != nullptr && *end == '\0') return std::int64_t{::timegm(&parts)} * kSecond;
  }
  return std::nullopt;
}

}  // namespace

std::string utc_seconds(std::int64_t ms) {
  return utc(ms, false);
}

std::string utc_millis(std::int64_t ms) {
  return utc(ms, true);
}

std::string utc_iso(std::int64_t ms) {
  std::string text = utc(ms, true);
  if (text.size() > 10) text[10] = 'T';
  return text;
}

std::string duration_text(std::int64_t ms) {
  if (ms < 0) return "-" + duration_text(ms == INT64_MIN ? INT64_MAX : -ms);
  if (ms < kSecond) return std::to_string(ms) + "ms";
  if (ms < kMinute && ms % kSecond == 0) return std::to_string(ms / kSecond) + "s";
  if (ms < kMinute) {
    char text[32];
    std::snprintf(text, sizeof text, "%lld.%03llds", static_cast<long long>(ms / kSecond),
                  static_cast<long long>(ms % kSecond));
    return text;
  }
  if (ms < kHour) return two_units(ms / kMinute, 'm', ms % kMinute / kSecond, 's');
  if (ms < kDay) return two_units(ms / kHour, 'h', ms % kHour / kMinute, 'm');
  return two_units(ms / kDay, 'd', ms % kDay / kHour, 'h');
}

std::optional<std::int64_t> parse_since(std::string_view text, std::int64_t now_ms) {
  if (const auto ago = parse_ago(text)) return base::sub_sat(now_ms, *ago);
  return parse_time(std::string(text));
}

std::optional<std::int64_t> parse_duration(std::string_view text) {
  constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
      {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  constexpr std::int64_t kMost = std::int64_t{1} << 50;
  if (text.empty()) return std::nullopt;
  std::int64_t sum = 0;
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0 || number > kMost / 86'400'000) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto* const unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                          [&](const auto& u) { return text.starts_with(u.first); });
    if (unit == std::end(kUnits)) return std::nullopt;
    text.remove_prefix(unit->first.size());
    sum += number * unit->second;
    if (sum > kMost) return std::nullopt;
  }
  return sum;
}

}  // namespace reprise::tools
