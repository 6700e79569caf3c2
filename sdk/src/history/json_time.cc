#include "sdk/src/history/json_time.h"

#include <chrono>
#include <cstdio>
#include <limits>
#include <string>

#include "base/time.h"

namespace reprise::internal {

Json time_to_json(std::int64_t ms) {
  using namespace std::chrono;
  constexpr std::int64_t kFirst = -62'167'219'200'000;  // 0000-01-01
  constexpr std::int64_t kLast = 253'402'300'799'999;   // 9999-12-31T23:59:59.999
  if (ms < kFirst || ms > kLast) return ms;
  const base::Time time = base::from_ms(ms);
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  char text[64];  // large enough for the compiler, which does not know the range
  std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

std::int64_t time_from_json(const Json& value, std::string_view key) {
  using namespace std::chrono;
  using Limits = std::numeric_limits<std::int64_t>;
  if (value.is_number()) return integer_of(value, Limits::min(), Limits::max(), key);
  int y = 0;
  unsigned mon = 0;
  unsigned d = 0;
  int h = 0;
  int min = 0;
  int s = 0;
  int ms = 0;
  if (std::sscanf(text_of(value, key).c_str(), "%4d-%2u-%2uT%2d:%2d:%2d.%3dZ", &y, &mon, &d, &h,
                  &min, &s, &ms) == 7) {
    const sys_days date(year(y) / month(mon) / day(d));
    const base::Time time =
        base::Time(date) + hours(h) + minutes(min) + seconds(s) + milliseconds(ms);
    // Only this spelling is accepted.
    if (time_to_json(base::to_ms(time)) == value) return base::to_ms(time);
  }
  throw Malformed(std::string(key) +
                  " is not of the form 2026-01-01T00:00:00.000Z: " + describe_json(value));
}

}  // namespace reprise::internal
