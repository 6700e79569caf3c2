// What is refused before it is sent, in one place.
#pragma once
#include <string_view>

#include "reprise/options.h"
#include "runtime/engine/engine.h"

namespace reprise::internal {

void check_id(std::string_view what, std::string_view id);      // InvalidOption RP3003
void check_payload_size(std::string_view payload);              // PayloadError RP3002
void check_duration(std::string_view what, Duration duration);  // InvalidOption RP3010, as below
void check(const RetryPolicy& retry);
void check(const ActivityOptions& options);
void check(const StepOptions& options);
void check(const EngineLimits& limits);
void check(const EngineOptions& options);

// As asked for, unless the environment variable REPRISE_GUARD says otherwise. InvalidOption RP3010.
runtime::GuardMode guard_mode(Guard asked);

// A call that is not allowed now: UsageError RP3010.
[[noreturn]] void misused(std::string_view message);

}  // namespace reprise::internal
