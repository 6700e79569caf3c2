// What is refused before it is sent, in one place.
#pragma once
#include <string_view>

#include "replay/execution.h"
#include "reprise/options.h"
#include "runtime/engine/engine.h"

namespace reprise::internal {

// InvalidOption RP3003: empty, too long, no UTF-8.
void check_id(std::string_view what, std::string_view id);
// Of a run that is looked for: empty, too long.
void check_key(std::string_view workflow_id);
// That code of a run uses. What version 0.1 has recorded is replayed, UTF-8 or not.
void check_name(const replay::Execution& run, std::string_view what, std::string_view name);
void check_payload_size(std::string_view payload);              // PayloadError RP3002
void check_duration(std::string_view what, Duration duration);  // InvalidOption RP3010, as below
void check(const RetryPolicy& retry);
void check(const ActivityOptions& options);
void check(const StepOptions& options);
void check(const EngineLimits& limits);
void check(const EngineOptions& options);
void check(const WorkerOptions& options);

// As asked for, unless the environment variable REPRISE_GUARD says otherwise. InvalidOption RP3010.
runtime::GuardMode guard_mode(Guard asked);

// A call that is not allowed now: UsageError RP3010.
[[noreturn]] void misused(std::string_view message);
// A call that is not allowed here: UsageError RP2004.
[[noreturn]] void misplaced(std::string_view message);

}  // namespace reprise::internal
