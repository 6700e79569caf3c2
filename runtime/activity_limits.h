// Limits of one activity on one worker, and what they do at a moment.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"

namespace reprise::runtime {

struct BreakerLimits {
  std::size_t failures = 0;  // 0: there is no breaker
  base::Duration window{30'000};
  base::Duration open_for{60'000};
};

struct ActivityLimits {
  std::size_t in_flight = 0;  // 0: no limit
  double per_second = 0;      // 0: no limit
  BreakerLimits breaker{};
};

// What a worker takes; more is a mistake. A breaker keeps the times of its failures.
inline constexpr std::size_t kMostInFlight = 1'000'000;
inline constexpr double kLeastPerSecond = 1e-6;
inline constexpr double kMostPerSecond = 1e6;
inline constexpr std::size_t kMostBreakerFailures = 10'000;
inline constexpr base::Duration kLongestBreakerTime = std::chrono::hours(24 * 366);

enum class BreakerState : std::uint8_t {
  kNone,
  kClosed,
  kOpen,
  kHalfOpen,  // an attempt finds out whether failures go on; no other one begins
};

struct LimitState {
  std::string task_queue;
  std::string activity;
  ActivityLimits limits;
  std::size_t in_flight = 0;
  std::size_t waiting = 0;  // attempts that no thread has taken yet
  // Why none of them may begin; empty: one may, or only a thread is missing.
  std::string held_back;
  BreakerState breaker = BreakerState::kNone;
  std::size_t failures = 0;                    // in the window
  std::optional<base::Duration> opened_ago{};  // since it left kClosed
  std::optional<base::Time> opened{};          // the same on the wall clock
  base::Duration open_for_another{0};
  std::uint64_t times_opened = 0;  // since the worker started
  std::string last_failure;        // of those that count
};

}  // namespace reprise::runtime
