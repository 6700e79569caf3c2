// A circuit breaker: stops calls that keep failing, and lets one find out when they work again.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/activity_limits.h"
#include "runtime/host/flow_clock.h"

namespace reprise::runtime {

// Not thread-safe; does not read a clock: `now` never goes back.
class CircuitBreaker {
 public:
  enum class State : std::uint8_t { kClosed, kOpen, kHalfOpen };
  enum class Trigger : std::uint8_t {
    kTooMany,      // the last of so many failures within the window
    kProbeBegins,  // open_for has passed, and an attempt begins
    kProbeWorks,
    kProbeFails,
    kProbeSaysNothing,  // the next attempt is the probe
  };
  struct Transition {
    State from;
    Trigger trigger;
    State to;
  };
  // Everything else is ignored, such as results of attempts that began before it opened.
  static constexpr std::array kTransitions = {
      Transition{State::kClosed, Trigger::kTooMany, State::kOpen},
      Transition{State::kOpen, Trigger::kProbeBegins, State::kHalfOpen},
      Transition{State::kHalfOpen, Trigger::kProbeWorks, State::kClosed},
      Transition{State::kHalfOpen, Trigger::kProbeFails, State::kOpen},
      Transition{State::kHalfOpen, Trigger::kProbeSaysNothing, State::kOpen},
  };

  // What an attempt says about what it has called.
  enum class Verdict : std::uint8_t { kWorks, kFails, kSaysNothing };
  // Given to each attempt that begins: the period, closed or probing, in which it did. What it says
  // after that period is ignored.
  using Permit = std::uint64_t;

  explicit CircuitBreaker(const BreakerLimits& limits);

  bool exists() const { return limits_.failures > 0; }
  State state() const { return state_; }
  bool may_begin(FlowTime now) const;
  // It may begin, and does.
  Permit begin(FlowTime now);
  void say(Permit permit, Verdict verdict, FlowTime now);

  // When the probe may begin; nullopt: it is not open.
  std::optional<FlowTime> open_until() const;
  // When it left kClosed; nullopt: it is closed.
  std::optional<FlowTime> opened_at() const;
  std::uint64_t times_opened() const { return times_opened_; }
  std::size_t failures_in_window(FlowTime now) const;

 private:
  bool on(Trigger trigger);
  void fail(FlowTime now);
  void open(FlowTime now);

  const BreakerLimits limits_;
  State state_ = State::kClosed;
  Permit period_ = 1;
  FlowTime opened_at_{0};
  FlowTime open_until_{0};
  std::uint64_t times_opened_ = 0;
  // The times of the latest failures, at most limits_.failures; the oldest one at `oldest_`.
  std::vector<FlowTime> failures_;
  std::size_t oldest_ = 0;
};

}  // namespace reprise::runtime
