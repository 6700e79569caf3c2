// The largest requests allowed. Checked before anything is recorded.
#pragma once
#include <span>
#include <string_view>

#include "base/result.h"
#include "proto/log.pb.h"
#include "runtime/engine/engine.h"
#include "runtime/start_terms.h"

namespace reprise::runtime {

inline constexpr std::size_t kMaxFairnessKeyBytes = 64;
inline constexpr std::size_t kMaxIdBytes = 1'000;                      // workflow ids and names
inline constexpr std::size_t kMaxPrincipalBytes = 256;
inline constexpr std::size_t kMaxPayloadBytes = std::size_t{2} << 20;  // one payload

// The most results of attempts that are not durable. An attempt is repeated if the process dies
// before its result is durable, so no attempt begins while there are this many. With 10,000 runs in
// flight 1,024 would cost a quarter of the throughput, because commits would wait for threads.
inline constexpr std::size_t kMaxUnrecordedResults = 4'096;

// A start with a request id is recognised among so many of the newest runs of its workflow id.
inline constexpr std::size_t kRequestsLookBack = 100;

// Of the retry policy of a run, which stays in memory while the run is open.
inline constexpr std::size_t kMaxRetryPolicyBytes = 16'384;

// kInvalidId, which names `what` it is, if it is empty or too long. Enough for looking a run up:
// stores of version 0.1 may have runs whose ids are not UTF-8.
base::Status check_length(std::string_view what, std::string_view id);

// Likewise, and if it is not UTF-8, which could not be shown, typed or exported. NUL and other
// control characters are allowed. Every recorded id or name has passed this check.
base::Status check_id(std::string_view what, std::string_view id);

// kInvalidPrincipal: too long, or not printable (base/printable_text.h). Empty is allowed.
base::Status check_principal(std::string_view principal);

// Those that a start gives its run: names, sizes, and the engine's limits. A name may come once.
base::Status check_settings(std::span<const proto::SettingRecorded> settings,
                            const EngineLimits& limits);

// Why a run cannot be started so: kInvalidOption, kInvalidId, kPrecedence.
base::Status check_terms(const StartTerms& terms);

// kStartNotAllowed: EngineOptions::refuse_start refuses it. Runs of the engine's own are allowed.
base::Status check_allowed(const StartRequest& start, const EngineOptions& options);

base::Status check_request(std::string_view workflow_id,
                           std::string_view name,
                           std::string_view input);

}  // namespace reprise::runtime
