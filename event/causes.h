// Limits chains of causes in failures before the code of a run sees them: copying, writing or
// destroying a failure recurses down the chain, and strands have small stacks.
#pragma once
#include "proto/log.pb.h"

namespace reprise::event {

// Below the failure that code throws. The failure of an activity or a child, with which the engine
// wraps what that threw, has one more.
inline constexpr int kMaxCauses = 32;

int causes_of(const proto::Failure& failure);

// Does a failure of this turn nest deeper? An earlier engine wrote such failures.
bool nests_deeply(const proto::Turn& turn);

// Keeps the failure itself and the innermost of its causes.
void bound_causes(proto::Failure* failure);
void bound_causes(proto::Turn* turn);

}  // namespace reprise::event
