// Chains of causes in failures, bounded before code of a run gets to see them: whatever copies,
// writes or destroys a failure goes down the chain by recursion, and strands have small stacks.
#pragma once
#include "proto/log.pb.h"

namespace reprise::event {

// Below the failure that code throws. The failure of an activity, which the engine puts around what
// the activity threw, has one more.
inline constexpr int kMaxCauses = 32;

int causes_of(const proto::Failure& failure);

// Does a failure of this turn nest deeper? An engine wrote such once.
bool nests_deeply(const proto::Turn& turn);

// Keeps the failure itself and the innermost of its causes.
void bound_causes(proto::Turn* turn);

}  // namespace reprise::event
