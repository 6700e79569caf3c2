// The checks of arguments before anything is sent, in one place.
#pragma once
#include <cstdint>
#include <string_view>

#include "replay/execution.h"
#include "reprise/child.h"
#include "reprise/limits.h"
#include "reprise/options.h"
#include "reprise/topic.h"
#include "runtime/engine/engine.h"

namespace reprise::internal {

// InvalidOption RP3003: empty, too long, not UTF-8.
void check_id(std::string_view what, std::string_view id);
// InvalidOption RP3048: a name of the engine's own runs.
void check_not_reserved(std::string_view what, std::string_view name);
// For the id of a run that is looked up: empty, too long.
void check_key(std::string_view workflow_id);
// For names that a run's code uses. Names that version 0.1 recorded are replayed, UTF-8 or not.
void check_name(const replay::Execution& run, std::string_view what, std::string_view name);
// PayloadError RP3002: "the arguments of activity 'charge': 3000007 bytes...".
void check_payload_size(std::string_view payload,
                        std::string_view what,
                        std::string_view name = {});

// InvalidOption RP3010, which names the option and its owner, RP3003 for its ids, or RP3042 for
// what orders attempts.
void check(std::string_view activity, const ActivityOptions& options);
void check(std::string_view step, const StepOptions& options);
// InvalidOption RP3041.
void check(std::string_view activity, const ActivityLimits& limits);
void check(std::string_view workflow, const StartOptions& options);
void check(std::string_view workflow, const ContinueOptions& options);
void check(std::string_view workflow, const ChildOptions& options);
void check(const ClientOptions& options);  // RP3034
void check(std::string_view topic, const PublishOptions& options);
void check(const EngineOptions& options);
void check(const WorkerOptions& options);
// One of them is null.
void check(std::string_view owner, const Interceptors& interceptors);
// For a call's only argument: "the timeout of result_for()".
void check_duration(std::string_view what, Duration duration);
// For an option that is a count: "EnvOptions::time_steps".
void check_at_least(std::string_view what,
                    std::int64_t value,
                    std::int64_t least,
                    std::string_view note);

// The option, unless the environment variable REPRISE_GUARD overrides it. InvalidOption RP3010.
runtime::GuardMode guard_mode(Guard asked);

// A call that is not allowed now: UsageError RP3010.
[[noreturn]] void misused(std::string_view message);
// A call that is not allowed here: UsageError RP2004.
[[noreturn]] void misplaced(std::string_view message);

}  // namespace reprise::internal
