// Limits of activities, from the public headers to those below and back.
#pragma once
#include "reprise/limits.h"
#include "runtime/activity_limits.h"

namespace reprise::internal {

// They are valid.
runtime::ActivityLimits to_runtime(const ActivityLimits& limits);
ActivityLimits to_public(const runtime::ActivityLimits& limits);
LimitState to_public(const runtime::LimitState& state);

}  // namespace reprise::internal
