// The possible outcomes of a start, by what is known of the newest run with its id: the table in
// docs/starting.md.
#pragma once
#include "tests/model/oracle.h"

namespace reprise::model {

// The same order as in options.h.
enum Reuse : std::uint8_t { kAllow, kAllowUnlessCompleted, kReject, kUseClosed };
enum Conflict : std::uint8_t { kFail, kUseExisting, kTerminateExisting };

struct Outcomes {
  bool starts = false;
  bool uses = false;
  bool refuses = false;
};

// `newest`: nullptr: there is none. `had_ended`: when the start was sent.
Outcomes outcomes_of(const Call& start, const Run* newest, bool had_ended);

}  // namespace reprise::model
