// When a schedule is due. A pure function of the schedule and the time zone database.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "runtime/schedule/cron.h"
#include "runtime/schedule/zone.h"

namespace reprise::schedule {

inline constexpr std::size_t kMaxCronExpressions = 100;
inline constexpr base::Duration kShortestInterval{1'000};

struct Spec {
  std::vector<std::string> cron{};  // its times and those of `every` together, each once
  std::string time_zone = "UTC";
  base::Duration every{0};  // multiples of it since 1970, plus `phase`
  base::Duration phase{0};
  base::Duration jitter{0};
  std::optional<base::Time> from{};   // the first time that may be due
  std::optional<base::Time> until{};  // the last
};

struct DueTime {
  base::Time nominal{};  // as the expression says
  base::Time at{};       // when it fires: with jitter

  friend bool operator==(const DueTime&, const DueTime&) = default;
};

// The next time after `after` that an expression names. nullopt: none before `until`. A time that
// the zone's clocks skip is not due. One that comes twice is due the first time; both times if the
// expression names every hour.
std::optional<base::Time> next_time(const Cron& cron,
                                    const Zone& zone,
                                    base::Time after,
                                    base::Time until);

// Immutable.
class DueTimes {
 public:
  // kInvalidSchedule, kTimeZone: the message names the field. `name` decides the jitter.
  static base::Result<DueTimes> make(const Spec& spec, std::string_view name);

  // The first due time whose nominal time is after that. They fire in the order of nominal times:
  // jitter never moves one to the next one's nominal time.
  std::optional<DueTime> next(base::Time after) const;

 private:
  DueTimes(Spec spec, std::string_view name, std::vector<Cron> crons, Zone zone);
  std::optional<base::Time> next_nominal(base::Time after) const;
  std::optional<base::Time> next_interval(base::Time after) const;

  Spec spec_;
  std::uint64_t seed_;
  std::vector<Cron> crons_;
  Zone zone_;
};

}  // namespace reprise::schedule
