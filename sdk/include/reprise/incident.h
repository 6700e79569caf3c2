// What is wrong now, and what to do about it: Client::incidents(). docs/operations.md.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <reprise/time.h>
#include <string>

namespace reprise {

enum class IncidentKind : std::uint8_t {
  kQuarantined,      // the run's history does not verify (RP1005)
  kParked,           // the run's code cannot go on
  kActivityFailing,  // attempts of an activity or a step of the run fail, one after the other
  kBreakerOpen,      // a worker does not call an activity for a while, because that keeps failing
};

// A plain value.
struct Incident {
  IncidentKind kind{};
  std::string code;   // "RP2001"; of the last two kinds RP2013
  std::string cause;  // the whole report; of the last two kinds the last failure
  // The run. Of a breaker empty, but for the task queue.
  std::string workflow_id;
  std::string run_id;
  std::string workflow;
  std::string task_queue;
  // The first failed attempt in a row; of a parked run, when its code stopped; of a breaker, when
  // it opened.
  std::optional<Time> since{};
  std::string place;            // "shop/checkout.cc:41", of your code; empty: not known
  std::string activity;         // of the last two kinds: its name, or the step's
  std::uint32_t operation = 0;  // kActivityFailing: the number of the operation in the run
  // kActivityFailing: how many attempts have failed in a row; kBreakerOpen: those that count
  // within the breaker's window.
  std::uint64_t failures = 0;
  // kBreakerOpen: no attempt begins before that; absent: one that finds out may begin, or has.
  std::optional<Time> until{};
  std::size_t held_back = 0;  // kBreakerOpen: attempts that are ready and wait for it
  // A command of `reprise` that goes on with the run, ends it or shows more, with the directory
  // that the engine was opened with; STORE where there is none.
  std::string resolve;
};

// Of Client::incidents().
struct IncidentOptions {
  // An activity or a step counts from this many failed attempts on; at least 1 (InvalidOption
  // RP3010).
  int failures = 5;
  // At most so many of runs, those that started first: the history of each is read. 0: all.
  // Breakers come on top.
  std::size_t limit = 1'000;
};

}  // namespace reprise
