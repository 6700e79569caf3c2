// Time as the log knows it (milliseconds since the Unix epoch) and the clock that the engine reads
// it from. Everything that must be testable without waiting takes a Clock.
#pragma once
#include <chrono>
#include <cstdint>

namespace reprise::base {

using Duration = std::chrono::milliseconds;
using Time = std::chrono::time_point<std::chrono::system_clock, Duration>;

inline std::int64_t to_ms(Time time) {
  return time.time_since_epoch().count();
}
inline Time from_ms(std::int64_t ms) {
  return Time(Duration(ms));
}

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
