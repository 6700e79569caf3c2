// One life of a store on a disk that fails somewhere, and the checks of it.
#pragma once
#include <cstdint>
#include <string>

#include "tests/io_errors/fault_plan.h"

namespace reprise::testing {

struct TrialResult {
  std::string wrong;            // empty: nothing
  bool hit = false;             // the operation that was to fail took place
  bool fatal = false;           // the engine gave up its log
  bool served_reading = false;  // it refused work for lack of room
};

// `swallow_errors`: the control, where a failed commit counts as durable.
TrialResult run_trial(const std::string& scratch,
                      std::uint64_t seed,
                      const FaultPlan& plan,
                      bool swallow_errors = false);

}  // namespace reprise::testing
