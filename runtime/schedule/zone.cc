#include "runtime/schedule/zone.h"

#include <cstdio>
#include <date/tz.h>
#include <stdexcept>

#include "base/printable_text.h"

namespace reprise::schedule {
namespace {

using std::chrono::seconds;
using SysSeconds = date::sys_seconds;
using LocalSeconds = date::local_seconds;

constexpr std::size_t kMaxZoneBytes = 64;
constexpr seconds kOneDay{86'400};
// Every weekday and leap day comes again after this, up to the year 2100, so zones that follow a
// rule do the same.
constexpr std::int64_t kCycleYears = 28;
constexpr seconds kCycle = kOneDay * 10'227;
constexpr std::int64_t kLastYear = 2'037;

// How far a time is moved back to be within the database. Whole cycles.
seconds shift_of(seconds since_epoch) {
  const auto day = date::floor<date::days>(since_epoch);
  const int year = static_cast<int>(date::year_month_day(date::sys_days(day)).year());
  if (year <= kLastYear) return seconds(0);
  return kCycle * ((year - kLastYear + kCycleYears - 1) / kCycleYears);
}

bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxZoneBytes || name == "localtime") return false;
  constexpr std::string_view kOthers = "_+-/";
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && kOthers.find(c) == std::string_view::npos) return false;
  }
  return name.front() != '/';
}

base::Error unknown(std::string_view name, const std::string& why) {
  return {base::ErrorCode::kTimeZone,
          "time_zone '" + base::printable_text(name.substr(0, kMaxZoneBytes)) + "': " + why};
}

base::Time at(SysSeconds time) {
  return base::Time(time.time_since_epoch());
}

}  // namespace

Date date_of(std::int64_t day) {
  const date::year_month_day ymd{date::sys_days(date::days(day))};
  return {static_cast<int>(ymd.year()), static_cast<int>(static_cast<unsigned>(ymd.month())),
          static_cast<int>(static_cast<unsigned>(ymd.day()))};
}

std::string rfc3339(base::Time time, bool with_milliseconds) {
  const std::int64_t ms = base::to_ms(time);
  constexpr std::int64_t kDayMs = 86'400'000;
  const std::int64_t day = ms / kDayMs - (ms % kDayMs < 0 ? 1 : 0);
  const std::int64_t of_day = ms - day * kDayMs;
  const Date date = date_of(day);
  char text[64];
  const int length =
      std::snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d", date.year, date.month,
                    date.day, static_cast<int>(of_day / 3'600'000),
                    static_cast<int>(of_day / 60'000 % 60), static_cast<int>(of_day / 1'000 % 60));
  std::string result(text, static_cast<std::size_t>(length));
  if (with_milliseconds || of_day % 1'000 != 0) {
    std::snprintf(text, sizeof(text), ".%03d", static_cast<int>(of_day % 1'000));
    result += text;
  }
  return result + "Z";
}

base::Result<Zone> Zone::find(std::string_view name) {
  if (name == "UTC") return Zone(nullptr);
  if (!is_zone_name(name)) return unknown(name, "is not a name such as Europe/Berlin or UTC");
  try {
    return Zone(date::locate_zone(name));
  } catch (const std::exception&) {
    // The library says only "not found", or that there is no database.
    return unknown(
        name, "is not in the system's time zone database (/usr/share/zoneinfo; package tzdata)");
  }
}

LocalMinute Zone::local(base::Time time) const {
  seconds since = date::floor<seconds>(time.time_since_epoch());
  if (zone_ != nullptr) since += zone_->get_info(SysSeconds(since - shift_of(since))).offset;
  const auto day = date::floor<date::days>(since);
  return {day.count(), static_cast<int>((since - day).count() / 60)};
}

std::optional<std::int64_t> Zone::offset_of_day(std::int64_t day) const {
  if (zone_ == nullptr) return 0;
  const seconds start = kOneDay * day;
  const SysSeconds middle(start + kOneDay / 2 - shift_of(start));
  const date::sys_info info = zone_->get_info(middle);
  // Offsets are less than a day.
  if (info.begin > middle - 2 * kOneDay || info.end < middle + 2 * kOneDay) return std::nullopt;
  return info.offset.count();
}

Instants Zone::instants(LocalMinute local) const {
  const seconds since = kOneDay * local.day + seconds(60 * local.minute);
  if (zone_ == nullptr) return {at(SysSeconds(since)), std::nullopt};
  const seconds shift = shift_of(since);
  const date::local_info info = zone_->get_info(LocalSeconds(since - shift));
  if (info.result == date::local_info::nonexistent) return {};
  const auto instant = [&](const date::sys_info& offset) {
    return at(SysSeconds(since - offset.offset));
  };
  if (info.result == date::local_info::unique) return {instant(info.first), std::nullopt};
  return {instant(info.first), instant(info.second)};
}

}  // namespace reprise::schedule
