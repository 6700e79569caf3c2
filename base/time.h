// Time as in the log (milliseconds since the Unix epoch), the clock that the engine reads it from,
// and arithmetic on both. Everything that must be testable without waiting takes a Clock.
//
// Users pass durations up to Duration::max(), and logs have them: code that adds, subtracts or
// compares them uses the functions here, which saturate instead of overflowing.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

namespace reprise::base {

using Duration = std::chrono::milliseconds;
using Time = std::chrono::time_point<std::chrono::system_clock, Duration>;

constexpr std::int64_t to_ms(Time time) {
  return time.time_since_epoch().count();
}
constexpr Time from_ms(std::int64_t ms) {
  return Time(Duration(ms));
}

// ---- arithmetic -------------------------------------------------------------------------------

constexpr std::int64_t add_sat(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b < 0 ? std::numeric_limits<std::int64_t>::min()
               : std::numeric_limits<std::int64_t>::max();
}
constexpr std::int64_t sub_sat(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return b < 0 ? std::numeric_limits<std::int64_t>::max()
               : std::numeric_limits<std::int64_t>::min();
}

constexpr Duration add_sat(Duration a, Duration b) {
  return Duration(add_sat(a.count(), b.count()));
}
constexpr Time add_sat(Time time, Duration by) {
  return from_ms(add_sat(to_ms(time), by.count()));
}
constexpr Time sub_sat(Time time, Duration by) {
  return from_ms(sub_sat(to_ms(time), by.count()));
}
constexpr Duration sub_sat(Time later, Time earlier) {
  return Duration(sub_sat(to_ms(later), to_ms(earlier)));
}

// The whole milliseconds of a computed wait, at least 0; NaN counts as 0.
constexpr Duration wait_of(double ms) {
  constexpr double kEnd = 9'223'372'036'854'775'808.0;  // 2^63, the first that is too large
  if (!(ms > 0)) return Duration(0);
  return ms < kEnd ? Duration(static_cast<std::int64_t>(ms)) : Duration::max();
}

// ---- waiting ----------------------------------------------------------------------------------

// The clock for waits and time limits: it is never set.
using SteadyTime = std::chrono::steady_clock::time_point;

// Practically for ever, but short enough to be added to any clock's time in nanoseconds, as the
// standard library does.
inline constexpr Duration kLongestWait = std::chrono::hours(24 * 36'500);

// When a wait that begins now ends. Always use this for times of the steady clock: wait_for() with
// a caller's duration would overflow, and so would wait_until() with the largest time.
inline SteadyTime deadline_in(Duration wait, SteadyTime now = std::chrono::steady_clock::now()) {
  return now + std::clamp(wait, Duration(0), kLongestWait);
}

// Has `limit` passed? In milliseconds: in nanoseconds a long limit would overflow.
inline bool reached(Duration limit, SteadyTime::duration passed) {
  return std::chrono::floor<Duration>(passed) >= limit;
}

// ---- clocks -----------------------------------------------------------------------------------

// Thread-safe: any thread may call now().
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
};

class WallClock final : public Clock {
 public:
  Time now() const override {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  }
};

}  // namespace reprise::base
