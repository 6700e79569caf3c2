// Limits of an activity on a worker: Worker::limit(). docs/flow_control.md.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <reprise/time.h>
#include <string>
#include <vector>

namespace reprise {

// Stops calling what keeps failing. Closed, attempts begin. After `failures` failures within
// `window` it is open: no attempt begins for `open_for`. Then it is half-open: exactly one attempt
// begins, and closes it if it succeeds or opens it again if it fails. Attempts that are held back
// are not lost and do not count as attempts. Failures count after which the attempt would be made
// again: exceptions, retryable failures, time limits. Failures that are final by themselves
// (non-retryable ones: the service has answered), cancellations and the end of the worker say
// nothing. Kept in memory: a new worker starts closed.
struct CircuitBreaker {
  // At most 10,000; 0: there is no breaker.
  int failures = 0;
  // How long a failure counts; 1 ms to 366 days.
  Duration window{30'000};
  // 1 ms to 366 days.
  Duration open_for{60'000};

  friend bool operator==(const CircuitBreaker&, const CircuitBreaker&) = default;
};

// Of one activity on one worker; each limit holds for itself. Attempts beyond a limit wait in the
// task queue: they have not begun, schedule_to_start and schedule_to_close go on, and they can be
// cancelled. Of steps there are none.
struct ActivityLimits {
  // Functions that are executed at a time, at most 1,000,000; 0: no limit but the worker's threads.
  // An attempt that is left open (Worker::implement_async()) counts until its function returns.
  std::size_t in_flight = 0;
  // Attempts that begin in a second, 0.000001 to 1,000,000; 0: no limit. They are spread evenly; at
  // most a tenth of a second's share begins at once.
  double per_second = 0;
  CircuitBreaker breaker{};

  friend bool operator==(const ActivityLimits&, const ActivityLimits&) = default;
};

enum class BreakerState : std::uint8_t { kNone, kClosed, kOpen, kHalfOpen };

// What the limits of an activity do at one moment: Client::limits(). A value.
struct LimitState {
  std::string task_queue;
  std::string activity;
  ActivityLimits limits;
  std::size_t in_flight = 0;  // functions under way; counted if the activity has limits
  std::size_t waiting = 0;    // attempts that are ready and have not begun
  // "the breaker of charge is open for another 41 s"; empty: no limit holds attempts back.
  std::string held_back;
  BreakerState breaker = BreakerState::kNone;
  std::size_t failures = 0;      // that count, within the window
  std::optional<Time> opened{};  // when the breaker left kClosed; absent: it is closed
  Duration open_for_another{0};
  std::uint64_t times_opened = 0;  // since the worker started
  std::string last_failure;        // the message of the last one that counted
};

}  // namespace reprise
