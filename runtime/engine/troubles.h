// Runs with which something is wrong. Their state says which they are; why, where and since when
// is in their histories, which are read afterwards, and of no other run.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/engine/run_history.h"
#include "runtime/fold/run_state.h"
#include "runtime/incident.h"
#include "runtime/sealing/sealing.h"

namespace reprise::runtime {

struct Trouble {
  // An activity or a step, and how many of its attempts have failed in a row.
  struct Failing {
    std::uint32_t operation = 0;
    std::uint32_t failures = 0;
  };

  StoredHistory history;
  Incident run{};  // which one it is, and nothing else
  std::optional<std::string> damage{};
  std::optional<base::Error> parked{};
  std::vector<Failing> failing{};
};
struct Troubles {
  std::map<store::RunNumber, Trouble> by_number;  // in the order of their starts
};

// An activity counts from this many failed attempts on. `damage`: the run is quarantined. `parked`:
// its code cannot go on. nullptr: not so.
std::optional<Trouble> trouble_of(const RunState& run,
                                  const std::string* damage,
                                  const base::Error* parked,
                                  std::uint32_t failures);

// Any thread. A history that retention or damage takes away meanwhile has said what it could; a
// text stands for what does not open. `limit`: how many at most, the first ones; 0: all.
std::vector<Incident> explain(const store::Store& store,
                              const sealing::Sealing& sealing,
                              const Troubles& troubles,
                              std::size_t limit);

}  // namespace reprise::runtime
