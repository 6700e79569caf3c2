// What is wrong now, and what somebody has to do about it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/ids.h"
#include "base/time.h"
#include "runtime/activity_limits.h"

namespace reprise::runtime {

struct Incident {
  enum class Kind : std::uint8_t {
    kQuarantined,      // the run's history does not verify
    kParked,           // the run's code cannot go on
    kActivityFailing,  // attempts of an activity or a step fail, one after the other
    kBreakerOpen,      // a worker does not call an activity, because that keeps failing
  };
  Kind kind{};
  base::ErrorCode code{};
  std::string cause{};  // the whole report, or the last failure
  // The run; of a breaker only the task queue.
  std::string workflow_id{};
  base::RunId run_id{};
  std::string workflow{};
  std::string task_queue{};
  // The first failed attempt; of a parked run: the turn at which its code stopped; of a breaker:
  // when it opened. 0: not known.
  std::int64_t since_ms = 0;
  std::string place{};          // "shop/checkout.cc:41", of the user's code; empty: not known
  std::string activity{};       // kActivityFailing, kBreakerOpen: its name
  std::uint32_t operation = 0;  // kActivityFailing: its number
  std::uint64_t failures = 0;   // of attempts: in a row, or of those that count for the breaker
  // kBreakerOpen: no attempt begins before that; 0: one that finds out may begin, or has begun.
  std::int64_t until_ms = 0;
  std::string held_back_by{};  // "the breaker of charge is open for another 41 s"; empty: nothing
  std::size_t held_back = 0;   // ... and how many attempts that is
};
std::string_view to_string(Incident::Kind kind);  // "parked"

// A command of `reprise`: it goes on with the run, ends it, or shows more.
std::string command_for(const Incident& incident, std::string_view directory);

// Of breakers that are not closed.
std::vector<Incident> incidents_of(const std::vector<LimitState>& limits, base::Time now);

// The first "file.cc:41" in a report, in the part about the code as it is now if there is one.
std::string place_in_report(std::string_view report);

}  // namespace reprise::runtime
