#include <array>
#include <cctype>
#include <string>

#include "base/printable_text.h"
#include "runtime/schedule/cron.h"

namespace reprise::schedule {
namespace {

constexpr std::size_t kMaxCronBytes = 256;

struct Field {
  std::string_view name;
  int least;
  int most;
};
constexpr std::array<Field, 5> kFields{{{"minute", 0, 59},
                                        {"hour", 0, 23},
                                        {"day of month", 1, 31},
                                        {"month", 1, 12},
                                        {"day of week", 0, 7}}};
enum : std::size_t { kMinute, kHour, kDay, kMonth, kWeekday };

constexpr std::string_view kMonthNames[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                            "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view kWeekdayNames[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Named {
  std::string_view name;
  std::string_view fields;
};
constexpr Named kNamed[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

}  // namespace

// Reads one expression; the first mistake stops it.
class CronParser {
 public:
  explicit CronParser(std::string_view text) : text_(text) {}

  base::Result<Cron> parse() {
    if (text_.size() > kMaxCronBytes) {
      return plain("has more than " + std::to_string(kMaxCronBytes) + " bytes");
    }
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '@') return parse_name();
    for (field_ = 0; field_ < kFields.size(); ++field_) {
      if (at_ == text_.size()) {
        return plain("has " + std::to_string(field_) +
                     " fields; there are five: minute, hour, day " +
                     "of month, month, day of week");
      }
      parse_field();
      if (error_) return *error_;
      skip_blanks();
    }
    if (at_ != text_.size()) {
      return plain("has a sixth field at character " + std::to_string(at_ + 1) +
                   "; there are five, without seconds and years");
    }
    if (!cron_.ever_due()) return plain("is never due: no month that it names has such a day");
    return std::move(cron_);
  }

 private:
  base::Error plain(const std::string& what) const {
    return {base::ErrorCode::kInvalidSchedule,
            "the cron expression '" + base::printable_text(text_.substr(0, kMaxCronBytes)) + "' " +
                what};
  }
  // Records the first mistake, with its place.
  bool fail(std::size_t at, const std::string& what) {
    if (!error_) {
      error_ = plain("is wrong in the field " + std::string(kFields[field_].name) + ", character " +
                     std::to_string(at + 1) + ": " + what);
    }
    return false;
  }

  base::Result<Cron> parse_name() {
    std::string_view name = text_.substr(at_);
    while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
    for (const Named& known : kNamed) {
      if (equal_ignoring_case(name, known.name)) return CronParser(known.fields).parse();
    }
    std::string note = "is not a known name: @yearly, @monthly, @weekly, @daily, @hourly";
    if (equal_ignoring_case(name.substr(0, 6), "@every")) note += "; an interval is `every`";
    return plain(note);
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool at_end_of_field() const { return at_ == text_.size() || is_blank(text_[at_]); }
  bool take(char c) {
    if (at_ >= text_.size() || lower(text_[at_]) != lower(c)) return false;
    ++at_;
    return true;
  }

  void parse_field() {
    const char first = peek();
    if (field_ == kDay) cron_.any_day_ = first == '*' || first == '?';
    if (field_ == kWeekday) cron_.any_weekday_ = first == '*' || first == '?';
    do {
      if (!parse_item()) return;
    } while (take(','));
    if (!at_end_of_field()) unexpected();
  }

  bool unexpected() {
    if (at_ == text_.size()) return fail(at_, "it ends too early");
    return fail(at_, "'" + base::printable_text(text_.substr(at_, 1)) + "' is not expected here");
  }

  // A star, a value or a range, each with an optional step; or one of the forms for days.
  bool parse_item() {
    const Field& field = kFields[field_];
    const std::size_t start = at_;
    int first = field.least;
    int last = field_ == kWeekday ? 6 : field.most;
    bool open_ended = true;
    if (!take('*') && !((field_ == kDay || field_ == kWeekday) && take('?'))) {
      if (field_ == kDay && lower(peek()) == 'l') return parse_last_day();
      if (!parse_value(&first)) return false;
      if (field_ == kDay && take('w')) return add_nearest(first);
      if (field_ == kWeekday && (lower(peek()) == 'l' || peek() == '#')) return parse_nth(first);
      open_ended = false;
      int end = first;
      if (take('-')) {
        if (!parse_value(&end)) return false;
        // "fri-sun": the week may end with Sunday.
        if (field_ == kWeekday && end == 0 && first > 0 && !is_digit(text_[at_ - 1])) end = 7;
        if (end < first) {
          return fail(start, "the range " + std::string(text_.substr(start, at_ - start)) +
                                 " ends before it begins");
        }
      } else if (peek() == '/') {
        end = last;
      }
      last = end;
    }
    int step = 1;
    if (take('/') && !parse_step(open_ended ? last - first + 1 : last - first, &step)) return false;
    for (int value = first; value <= last; value += step) add(value);
    return true;
  }

  bool parse_step(int most, int* step) {
    const std::size_t start = at_;
    if (!parse_number(step)) return false;
    if (*step == 0) return fail(start, "a step of 0");
    if (*step > std::max(most, 1)) {
      return fail(start, "the step " + std::to_string(*step) +
                             " is longer than the range; longer intervals are `every`");
    }
    return true;
  }

  bool parse_number(int* number) {
    const std::size_t start = at_;
    *number = 0;
    while (is_digit(peek()) && at_ - start < 6) *number = *number * 10 + (text_[at_++] - '0');
    if (at_ == start) return unexpected();
    return true;
  }

  bool parse_value(int* value) {
    const Field& field = kFields[field_];
    const std::size_t start = at_;
    if (std::isalpha(static_cast<unsigned char>(peek())) != 0) return parse_name_of(value);
    if (!parse_number(value)) return false;
    if (*value < field.least || *value > field.most) {
      return fail(start, std::to_string(*value) + " is not from " + std::to_string(field.least) +
                             " to " + std::to_string(field.most));
    }
    return true;
  }

  bool parse_name_of(int* value) {
    const std::size_t start = at_;
    std::size_t end = start;
    while (end < text_.size() && std::isalpha(static_cast<unsigned char>(text_[end])) != 0) ++end;
    const std::string_view word = text_.substr(start, end - start);
    const auto is = [&](std::string_view name) {
      // "friL" is the last Friday.
      return equal_ignoring_case(word, name) ||
             (field_ == kWeekday && word.size() == 4 && lower(word[3]) == 'l' &&
              equal_ignoring_case(word.substr(0, 3), name));
    };
    int number = 0;
    if (field_ == kMonth) {
      for (const std::string_view name : kMonthNames) {
        ++number;
        if (is(name)) return at_ += 3, *value = number, true;
      }
    }
    if (field_ == kWeekday) {
      for (const std::string_view name : kWeekdayNames) {
        if (is(name)) return at_ += 3, *value = number, true;
        ++number;
      }
    }
    return fail(start, "'" + std::string(word) + "' is not a value of this field");
  }

  // "L": the last day; "L-3": three days before it; "LW": the last day from Monday to Friday.
  bool parse_last_day() {
    take('l');
    if (take('w')) return cron_.nearest_last_ = true;
    int before = 0;
    if (take('-')) {
      const std::size_t start = at_;
      if (!parse_number(&before)) return false;
      if (before > 30) return fail(start, std::to_string(before) + " is not from 0 to 30");
    }
    cron_.days_from_end_ |= 1U << before;
    return true;
  }

  bool add_nearest(int day) {
    cron_.nearest_ |= 1U << day;
    return true;
  }

  // "5L": the last Friday; "5#2": the second one.
  bool parse_nth(int weekday) {
    int nth = 0;
    if (!take('l')) {
      take('#');
      const std::size_t start = at_;
      if (!parse_number(&nth)) return false;
      if (nth < 1 || nth > 5) return fail(start, std::to_string(nth) + " is not from 1 to 5");
    }
    cron_.nth_weekdays_.push_back({weekday % 7, nth});
    return true;
  }

  void add(int value) {
    switch (field_) {
      case kMinute:
        cron_.minutes_ |= std::uint64_t{1} << value;
        break;
      case kHour:
        cron_.hours_ |= 1U << value;
        break;
      case kDay:
        cron_.days_ |= 1U << value;
        break;
      case kMonth:
        cron_.months_ |= 1U << value;
        break;
      case kWeekday:
        cron_.weekdays_ |= 1U << value % 7;
        break;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t field_ = 0;
  Cron cron_;
  std::optional<base::Error> error_;
};

base::Result<Cron> Cron::parse(std::string_view text) {
  return CronParser(text).parse();
}

}  // namespace reprise::schedule
