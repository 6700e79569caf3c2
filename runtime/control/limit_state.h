// What limits do, as an engine tells other processes.
#pragma once
#include "proto/control.pb.h"
#include "runtime/activity_limits.h"

namespace reprise::runtime {

void fill_limit_state(const LimitState& from, proto::ControlLimitState* to);
// A state that only a newer engine knows becomes that there is no breaker.
LimitState limit_state_of(const proto::ControlLimitState& from);

}  // namespace reprise::runtime
