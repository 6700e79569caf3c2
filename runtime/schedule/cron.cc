#include "runtime/schedule/cron.h"

#include <date/date.h>

namespace reprise::schedule {
namespace {

bool bit(std::uint32_t bits, int at) {
  return (bits >> at & 1) != 0;
}

// The day from Monday to Friday of the same month that is nearest to it.
int nearest_working_day(const Date& date, int last) {
  const int weekday = weekday_of(date);
  if (weekday == 6) return date.day > 1 ? date.day - 1 : date.day + 2;
  if (weekday == 0) return date.day < last ? date.day + 1 : date.day - 2;
  return date.day;
}

}  // namespace

int days_in_month(int year, int month) {
  using namespace date;  // NOLINT(google-build-using-namespace): its literals of dates
  const year_month_day_last end{date::year(year),
                                month_day_last(date::month(static_cast<unsigned>(month)))};
  return static_cast<int>(static_cast<unsigned>(end.day()));
}

int weekday_of(const Date& d) {
  const date::year_month_day ymd{date::year(d.year), date::month(static_cast<unsigned>(d.month)),
                                 date::day(static_cast<unsigned>(d.day))};
  return static_cast<int>(date::weekday(date::sys_days(ymd)).c_encoding());
}

bool Cron::has_day_of_month(const Date& date, int last) const {
  if (bit(days_, date.day) || bit(days_from_end_, last - date.day)) return true;
  if (nearest_last_ && date.day == nearest_working_day({date.year, date.month, last}, last)) {
    return true;
  }
  if (nearest_ == 0) return false;
  for (int day = 1; day <= last; ++day) {
    if (!bit(nearest_, day)) continue;
    if (nearest_working_day({date.year, date.month, day}, last) == date.day) return true;
  }
  return false;
}

bool Cron::has_weekday(const Date& date, int weekday, int last) const {
  if (bit(weekdays_, weekday)) return true;
  for (const NthWeekday& wanted : nth_weekdays_) {
    if (wanted.weekday != weekday) continue;
    if (wanted.nth == 0 ? date.day + 7 > last : (date.day - 1) / 7 + 1 == wanted.nth) return true;
  }
  return false;
}

bool Cron::has_day(const Date& date) const {
  if (!has_month(date.month)) return false;
  const int last = days_in_month(date.year, date.month);
  const bool by_day = has_day_of_month(date, last);
  const bool by_weekday = has_weekday(date, weekday_of(date), last);
  // The rule of cron: two restrictions are alternatives.
  return any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
}

bool Cron::ever_due() const {
  for (int year = 2000; year < 2000 + kLongestGapYears; ++year) {
    for (int month = 1; month <= 12; ++month) {
      if (!has_month(month)) continue;
      const int last = days_in_month(year, month);
      for (int day = 1; day <= last; ++day) {
        if (has_day({year, month, day})) return true;
      }
    }
  }
  return false;
}

}  // namespace reprise::schedule
