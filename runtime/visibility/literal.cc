#include "runtime/visibility/literal.h"

#include <charconv>
#include <chrono>
#include <cmath>

#include "base/ascii.h"

namespace reprise::runtime::visibility {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

bool add_checked(std::int64_t a, std::int64_t b, std::int64_t* sum) {
  return !__builtin_add_overflow(a, b, sum);
}
bool multiply_checked(std::int64_t a, std::int64_t b, std::int64_t* product) {
  return !__builtin_mul_overflow(a, b, product);
}

// Reads text from its beginning.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_any(std::string_view of) {
    if (rest_.empty() || of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  // Exactly so many digits.
  bool take_digits(std::size_t count, std::int64_t* value) {
    if (rest_.size() < count) return false;
    *value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return false;
      *value = *value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return true;
  }
  std::string_view take_number() {
    std::size_t length = 0;
    while (length < rest_.size() && rest_[length] >= '0' && rest_[length] <= '9') ++length;
    const std::string_view digits = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return digits;
  }
  bool next_is_digit() const { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }

 private:
  std::string_view rest_;
};

// What follows a point, in nanoseconds; digits beyond those are dropped.
std::int64_t fraction_ns(std::string_view digits) {
  std::int64_t ns = 0;
  for (std::size_t i = 0; i < 9; ++i) ns = ns * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  return ns;
}

struct TimeOfDay {
  std::int64_t hour = 0, minute = 0, second = 0, ns = 0;
  std::int64_t zone_minutes = 0;
};

bool take_zone(Reader* in, TimeOfDay* time) {
  if (in->at_end() || in->take_any("Zz")) return true;
  const bool west = in->take('-');
  std::int64_t hours = 0;
  std::int64_t minutes = 0;
  if (!west && !in->take('+')) return false;
  if (!in->take_digits(2, &hours) || !in->take(':') || !in->take_digits(2, &minutes)) return false;
  if (hours > 23 || minutes > 59) return false;
  time->zone_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
  return true;
}

bool take_time_of_day(Reader* in, TimeOfDay* time) {
  if (!in->take_digits(2, &time->hour) || !in->take(':') || !in->take_digits(2, &time->minute)) {
    return false;
  }
  if (in->take(':')) {
    if (!in->take_digits(2, &time->second)) return false;
    if (in->take('.')) {
      if (!in->next_is_digit()) return false;
      time->ns = fraction_ns(in->take_number());
    }
  }
  // A leap second is the first one of the next minute.
  return time->hour <= 23 && time->minute <= 59 && time->second <= 60 && take_zone(in, time);
}

// "12:30:05".
std::optional<std::int64_t> parse_clock(std::string_view text) {
  Reader in(text);
  const std::string_view hours = in.take_number();
  std::int64_t minutes = 0;
  std::int64_t seconds = 0;
  if (hours.empty() || hours.size() > 6 || !in.take(':') || !in.take_digits(2, &minutes) ||
      !in.take(':') || !in.take_digits(2, &seconds) || !in.at_end() || minutes > 59 ||
      seconds > 59) {
    return std::nullopt;
  }
  std::int64_t whole = 0;
  std::from_chars(hours.data(), hours.data() + hours.size(), whole);
  return (whole * 3'600 + minutes * 60 + seconds) * kSecond;
}

std::optional<std::int64_t> take_unit(Reader* in) {
  struct Unit {
    std::string_view name;
    std::int64_t ns;
  };
  static constexpr Unit kUnits[] = {
      {"ns", 1},
      {"us", 1'000},
      {"\xc2\xb5s", 1'000},
      {"\xce\xbcs", 1'000},
      {"ms", 1'000'000},
      {"s", kSecond},
      {"m", 60 * kSecond},
      {"h", 3'600 * kSecond},
      {"d", 86'400 * kSecond},
  };
  for (const Unit& unit : kUnits) {
    if (in->take(unit.name)) return unit.ns;
  }
  return std::nullopt;
}

std::optional<event::RunStatus> status_named(std::string_view text) {
  for (const event::RunStatus status : event::kRunStatuses) {
    if (base::equal_ignoring_case(text, event::to_string(status))) return status;
  }
  // As it is spelled elsewhere.
  if (base::equal_ignoring_case(text, "Canceled")) return event::RunStatus::kCancelled;
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> parse_time_ns(std::string_view text) {
  Reader in(text);
  std::int64_t year = 0;
  std::int64_t month = 0;
  std::int64_t day = 0;
  if (!in.take_digits(4, &year) || !in.take('-') || !in.take_digits(2, &month) || !in.take('-') ||
      !in.take_digits(2, &day)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  TimeOfDay time;
  if (!in.at_end() && (!in.take_any("Tt ") || !take_time_of_day(&in, &time) || !in.at_end())) {
    return std::nullopt;
  }
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds =
      days * 86'400 + time.hour * 3'600 + (time.minute - time.zone_minutes) * 60 + time.second;
  std::int64_t ns = 0;
  if (!multiply_checked(seconds, kSecond, &ns) || !add_checked(ns, time.ns, &ns)) {
    return std::nullopt;
  }
  return ns;
}

std::optional<std::int64_t> parse_duration_ns(std::string_view text) {
  if (const auto clock = parse_clock(text)) return clock;
  Reader in(text);
  const bool negative = in.take('-');
  if (!negative) (void)in.take('+');
  if (in.at_end()) return std::nullopt;
  std::int64_t total = 0;
  while (!in.at_end()) {
    const std::string_view whole = in.take_number();
    const std::string_view part = in.take('.') ? in.take_number() : std::string_view();
    if ((whole.empty() && part.empty()) || whole.size() > 18) return std::nullopt;
    const auto unit = take_unit(&in);
    if (!unit) return std::nullopt;
    std::int64_t value = 0;
    std::from_chars(whole.data(), whole.data() + whole.size(), value);
    if (!multiply_checked(value, *unit, &value)) return std::nullopt;
    const auto fraction =
        static_cast<std::int64_t>(static_cast<__int128>(fraction_ns(part)) * *unit / kSecond);
    if (!add_checked(value, fraction, &value) || !add_checked(total, value, &total)) {
      return std::nullopt;
    }
  }
  return negative ? -total : total;
}

base::Result<Literal> literal_of(std::string_view filter, const Token& token) {
  Literal literal;
  literal.at = token.at;
  literal.text = token.text;
  if (token.kind == Token::Kind::kText) {
    literal.time_ns = parse_time_ns(token.text);
    literal.duration_ns = parse_duration_ns(token.text);
    literal.status = status_named(token.text);
    return literal;
  }
  std::string_view digits = token.text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const char* const end = digits.data() + digits.size();
  const bool is_whole = digits.find_first_of(".eE") == std::string_view::npos;
  const auto read = std::from_chars(digits.data(), end, literal.number);
  if (read.ec != std::errc() || read.ptr != end || !std::isfinite(literal.number)) {
    return fault_at(filter, token.at, "this number is too large");
  }
  literal.kind = is_whole ? Literal::Kind::kInt : Literal::Kind::kDouble;
  if (!is_whole) return literal;
  if (std::from_chars(digits.data(), end, literal.integer).ec != std::errc()) {
    return fault_at(filter, token.at, "a whole number has at most 64 bits, with its sign");
  }
  literal.time_ns = literal.duration_ns = literal.integer;
  return literal;
}

}  // namespace reprise::runtime::visibility
