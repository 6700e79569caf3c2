// Time zones by their IANA names, from the system's database.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "runtime/schedule/cron.h"

namespace date {
class time_zone;
}  // namespace date

namespace reprise::schedule {

// A minute of a local calendar: days since 1970-01-01, and the minute of that day.
struct LocalMinute {
  std::int64_t day = 0;
  int minute = 0;  // 0 to 1,439
};

// When a local time is: not at all (clocks skip it), once, or twice (clocks are set back over it).
struct Instants {
  std::optional<base::Time> first{};
  std::optional<base::Time> second{};
};

// Immutable. The rules are those of the system when the process first asked for a zone; after 2037
// the rules of the years before go on, because the database ends there.
class Zone {
 public:
  // kTimeZone. "UTC" needs no database.
  static base::Result<Zone> find(std::string_view name);

  LocalMinute local(base::Time time) const;
  // The offset from UTC in seconds, if it is the same from the beginning of that day to its end,
  // and for a day before and after. nullopt: near a change.
  std::optional<std::int64_t> offset_of_day(std::int64_t day) const;
  Instants instants(LocalMinute local) const;

 private:
  explicit Zone(const date::time_zone* zone) : zone_(zone) {}

  const date::time_zone* zone_;  // null: UTC
};

Date date_of(std::int64_t day);

// "2026-11-30T02:00:00Z", with milliseconds if there are any or they are asked for. In UTC.
std::string rfc3339(base::Time time, bool with_milliseconds = false);

}  // namespace reprise::schedule
