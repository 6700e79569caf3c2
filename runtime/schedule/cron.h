// Cron expressions: which minutes of which days they name. Without a time zone; due_times.h has
// one.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace reprise::schedule {

// A day of the Gregorian calendar.
struct Date {
  int year = 1970;
  int month = 1;  // 1 to 12
  int day = 1;    // 1 to 31

  friend bool operator==(const Date&, const Date&) = default;
};

// The longest wait for a due time: 29 February on a given weekday, across a year that is no leap
// year.
inline constexpr int kLongestGapYears = 40;

// One parsed expression. Immutable.
class Cron {
 public:
  // Five fields, or a name such as "@daily". kInvalidSchedule: names the field and the character.
  static base::Result<Cron> parse(std::string_view text);

  bool has_month(int month) const { return (months_ >> month & 1) != 0; }
  bool has_day(const Date& date) const;
  // Sets of hours and minutes, one bit for each.
  std::uint32_t hours() const { return hours_; }
  std::uint64_t minutes() const { return minutes_; }
  // It names all hours, so it means elapsed time rather than times on the clock.
  bool every_hour() const { return hours_ == (1U << 24) - 1; }

 private:
  friend class CronParser;

  struct NthWeekday {
    int weekday = 0;  // 0: Sunday
    int nth = 1;      // 1 to 5; 0: the last one
  };

  bool has_day_of_month(const Date& date, int last) const;
  bool has_weekday(const Date& date, int weekday, int last) const;
  bool ever_due() const;

  std::uint64_t minutes_ = 0;
  std::uint32_t hours_ = 0;
  std::uint32_t days_ = 0;           // bits 1 to 31
  std::uint32_t days_from_end_ = 0;  // bit n: n days before the last
  std::uint32_t nearest_ = 0;        // bit n: the weekday nearest to day n
  bool nearest_last_ = false;        // the last weekday of the month
  std::uint32_t months_ = 0;         // bits 1 to 12
  std::uint32_t weekdays_ = 0;       // bits 0 to 6
  std::vector<NthWeekday> nth_weekdays_;
  // The field begins with a star: it restricts nothing, or as in cron it restricts the other one.
  bool any_day_ = false;
  bool any_weekday_ = false;
};

int days_in_month(int year, int month);
int weekday_of(const Date& date);  // 0: Sunday

}  // namespace reprise::schedule
