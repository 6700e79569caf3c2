#include "runtime/schedule/due_times.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace reprise::schedule {
namespace {

using base::Duration;
using base::Time;

// Due times lie in these centuries: beyond, calendars and sums of milliseconds end.
constexpr Time kEarliest = base::from_ms(0);
constexpr Time kLatest = base::from_ms(7'258'118'400'000);  // 2200-01-01

constexpr int kMinutesOfDay = 1'440;

// The first minute of a day from `from` on that the expression names; kMinutesOfDay: none.
int minute_of_day(const Cron& cron, int from) {
  for (int hour = from / 60; hour < 24; ++hour) {
    if ((cron.hours() >> hour & 1) == 0) continue;
    const int first = hour == from / 60 ? from % 60 : 0;
    const std::uint64_t left = cron.minutes() >> first;
    if (left != 0) return hour * 60 + first + std::countr_zero(left);
  }
  return kMinutesOfDay;
}

// On a day without a change of the clocks.
std::optional<Time> on_plain_day(const Cron& cron,
                                 std::int64_t day,
                                 std::int64_t offset,
                                 Time after) {
  const Time midnight(std::chrono::seconds(86'400 * day - offset));
  int from = 0;
  if (after >= midnight) {
    const auto minutes = std::chrono::floor<std::chrono::minutes>(after - midnight).count() + 1;
    if (minutes >= kMinutesOfDay) return std::nullopt;
    from = static_cast<int>(minutes);
  }
  const int found = minute_of_day(cron, from);
  if (found == kMinutesOfDay) return std::nullopt;
  return midnight + std::chrono::minutes(found);
}

// The earliest of all that the day has: where clocks change, their order is not that of the
// minutes.
std::optional<Time> on_day_of_change(const Cron& cron,
                                     const Zone& zone,
                                     std::int64_t day,
                                     Time after) {
  std::optional<Time> earliest;
  const auto offer = [&](const std::optional<Time>& time) {
    if (time && *time > after && (!earliest || *time < *earliest)) earliest = time;
  };
  for (int minute = minute_of_day(cron, 0); minute < kMinutesOfDay;
       minute = minute_of_day(cron, minute + 1)) {
    const Instants found = zone.instants({day, minute});
    offer(found.first);
    if (cron.every_hour()) offer(found.second);
  }
  return earliest;
}

std::int64_t first_of_next_month(const Date& date, std::int64_t day) {
  return day - date.day + 1 + days_in_month(date.year, date.month);
}

std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

std::uint64_t seed_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

base::Error wrong(const std::string& what) {
  return {base::ErrorCode::kInvalidSchedule, what};
}

base::Status check(const Spec& spec) {
  if (spec.cron.empty() && spec.every == Duration(0)) {
    return wrong("the schedule is never due: it has neither `cron` nor `every`");
  }
  if (spec.cron.size() > kMaxCronExpressions) {
    return wrong("cron: " + std::to_string(spec.cron.size()) + " expressions; at most " +
                 std::to_string(kMaxCronExpressions));
  }
  const std::pair<const char*, Duration> durations[] = {
      {"every", spec.every}, {"phase", spec.phase}, {"jitter", spec.jitter}};
  for (const auto& [name, value] : durations) {
    if (value < Duration(0)) return wrong(std::string(name) + " is negative");
    if (value > Duration(base::to_ms(kLatest))) return wrong(std::string(name) + " is too long");
  }
  if (spec.every != Duration(0) && spec.every < kShortestInterval) {
    return wrong("every: " + std::to_string(spec.every.count()) + " ms; at least a second");
  }
  if (spec.phase != Duration(0) && spec.phase >= spec.every) {
    return wrong(spec.every == Duration(0) ? "phase: there is no `every` that it could move"
                                           : "phase: it must be shorter than `every`");
  }
  if (spec.from && spec.until && *spec.until < *spec.from)
    return wrong("until: it is before `from`");
  return {};
}

}  // namespace

std::optional<Time> next_time(const Cron& cron, const Zone& zone, Time after, Time until) {
  after = std::max(after, kEarliest - Duration(1));
  until = std::min(until, kLatest);
  // Clocks may be set back over midnight, so the day before counts too.
  std::int64_t day = zone.local(after).day - 1;
  const std::int64_t last = zone.local(until).day + 1;
  while (day <= last) {
    const Date date = date_of(day);
    if (!cron.has_month(date.month)) {
      day = first_of_next_month(date, day);
      continue;
    }
    if (cron.has_day(date)) {
      const auto offset = zone.offset_of_day(day);
      const auto found = offset ? on_plain_day(cron, day, *offset, after)
                                : on_day_of_change(cron, zone, day, after);
      if (found) return *found <= until ? found : std::nullopt;
    }
    ++day;
  }
  return std::nullopt;
}

DueTimes::DueTimes(Spec spec, std::string_view name, std::vector<Cron> crons, Zone zone)
    : spec_(std::move(spec)), seed_(seed_of(name)), crons_(std::move(crons)), zone_(zone) {}

base::Result<DueTimes> DueTimes::make(const Spec& spec, std::string_view name) {
  if (const auto checked = check(spec); !checked) return checked.error();
  auto zone = Zone::find(spec.time_zone);
  if (!zone) return zone.error();
  std::vector<Cron> crons;
  for (const std::string& text : spec.cron) {
    auto cron = Cron::parse(text);
    if (!cron) return cron.error();
    crons.push_back(*std::move(cron));
  }
  return DueTimes(spec, name, std::move(crons), *zone);
}

std::optional<Time> DueTimes::next_interval(Time after) const {
  if (spec_.every == Duration(0)) return std::nullopt;
  const Duration since = after.time_since_epoch() - spec_.phase;
  std::int64_t passed = since / spec_.every;
  if (since < passed * spec_.every) --passed;  // division rounds towards zero
  return Time(spec_.phase + (passed + 1) * spec_.every);
}

std::optional<Time> DueTimes::next_nominal(Time after) const {
  after = std::max(after, kEarliest - Duration(1));
  if (spec_.from && after < *spec_.from) after = *spec_.from - Duration(1);
  const Time until = std::min(spec_.until.value_or(kLatest), kLatest);
  if (after >= until) return std::nullopt;
  std::optional<Time> first = next_interval(after);
  for (const Cron& cron : crons_) {
    const auto time = next_time(cron, zone_, after, first.value_or(until));
    if (time && (!first || *time < *first)) first = time;
  }
  return first && *first <= until ? first : std::nullopt;
}

std::optional<DueTime> DueTimes::next(Time after) const {
  const auto nominal = next_nominal(after);
  if (!nominal) return std::nullopt;
  if (spec_.jitter == Duration(0)) return DueTime{*nominal, *nominal};
  const auto following = next_nominal(*nominal);
  Duration room = spec_.jitter;
  if (following) room = std::min(room, *following - *nominal);
  const std::uint64_t hash =
      mixed(seed_ ^ mixed(static_cast<std::uint64_t>(base::to_ms(*nominal))));
  const auto by = static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(room.count()));
  return DueTime{*nominal, *nominal + Duration(by)};
}

}  // namespace reprise::schedule
