// Runs that are tried again or delayed, for tests.
#pragma once
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "reprise/reprise.h"

namespace reprise::attempts {

using namespace std::chrono_literals;

inline constexpr Workflow<std::string(int)> fails{"fails"};
inline constexpr Signal<std::string> word{"word"};
inline constexpr Update<std::string(std::string)> ask{"ask"};

inline RetryPolicy every_minute(int attempts = 0) {
  return {.initial_interval = 1min, .backoff_coefficient = 1, .maximum_attempts = attempts};
}

// Fails in the first `times` attempts, then returns the number of the attempt.
inline std::string fail_first(Context& ctx, int times) {
  const int attempt = ctx.info().attempt;
  if (attempt <= times) throw ApplicationFailure("Boom", "attempt " + std::to_string(attempt));
  return "attempt " + std::to_string(attempt);
}

inline std::string read_two(Context& ctx) {
  const std::string first = ctx.inbox(word).next().get();
  return first + ctx.inbox(word).next().get();
}

// Of the limit that ends the run.
inline TimeoutKind kind_of(const Handle<std::string>& run) {
  try {
    (void)run.result();
  } catch (const TimeoutFailure& failure) {
    return failure.kind();
  }
  ADD_FAILURE() << "it reaches no limit";
  return TimeoutKind::kOther;
}

}  // namespace reprise::attempts
