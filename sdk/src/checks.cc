#include "sdk/src/checks.h"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>

#include "runtime/engine/limits.h"
#include "sdk/src/errors.h"
#include "store/turn_marks.h"

namespace reprise::internal {
namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;
constexpr std::uint64_t kAnything = std::numeric_limits<std::uint64_t>::max();

// Each has a mark that tells the next process what ended this one.
constexpr std::uint64_t kMostShards = store::TurnMarks::kMostShards;
constexpr std::uint64_t kMostActivityThreads = 65'536;
constexpr std::uint64_t kSmallestStack = std::uint64_t{32} * 1024;
constexpr std::uint64_t kLargestStack = 1'024 * kMebibyte;
constexpr std::uint64_t kSmallestMap = 16 * kMebibyte;
constexpr std::uint64_t kLargestMap = 64 * kMebibyte * kMebibyte;  // address space has 128 TiB
// A turn is one record, and a record has 1 GiB at most; the other half is for its inputs.
constexpr std::uint64_t kLargestTurn = 512 * kMebibyte;

[[noreturn]] void invalid_option(const std::string& message) {
  throw InvalidOption(code_text(base::ErrorCode::kInvalidOption), message);
}

// `zero`: what 0 means, where that is allowed besides.
void check_range(std::string_view what,
                 std::uint64_t value,
                 std::uint64_t least,
                 std::uint64_t most,
                 std::string_view zero = {}) {
  if (value >= least && value <= most) return;
  if (value == 0 && !zero.empty()) return;
  std::string message = std::string(what) + " is " + std::to_string(value) + "; it must be ";
  message += most == kAnything ? "at least " + std::to_string(least)
                               : std::to_string(least) + " to " + std::to_string(most);
  if (!zero.empty()) message += ", or 0: " + std::string(zero);
  invalid_option(message);
}

}  // namespace

void check_id(std::string_view what, std::string_view id) {
  value_or_throw(runtime::check_id(what, id));
}

void check_key(std::string_view workflow_id) {
  value_or_throw(runtime::check_length("the workflow id", workflow_id));
}

void check_name(const replay::Execution& run, std::string_view what, std::string_view name) {
  value_or_throw(run.replaying() ? runtime::check_length(what, name)
                                 : runtime::check_id(what, name));
}

void check_payload_size(std::string_view payload) {
  if (payload.size() <= kMaxPayloadBytes) return;
  throw PayloadError(code_text(base::ErrorCode::kPayloadTooLarge),
                     "the encoded payload has " + std::to_string(payload.size()) +
                         " bytes; the limit is " + std::to_string(kMaxPayloadBytes) +
                         ". Keep large data elsewhere and pass a reference to it");
}

void check_duration(std::string_view what, Duration duration) {
  if (duration >= Duration::zero()) return;
  invalid_option(std::string(what) + " is negative: " + std::to_string(duration.count()) + " ms");
}

void check(const RetryPolicy& retry) {
  check_duration("retry.initial_interval", retry.initial_interval);
  check_duration("retry.maximum_interval", retry.maximum_interval);
  if (!(retry.backoff_coefficient >= 1.0)) {  // so that NaN is refused too
    invalid_option("retry.backoff_coefficient is " + std::to_string(retry.backoff_coefficient) +
                   "; it must be at least 1");
  }
  if (retry.maximum_attempts < 0) {
    invalid_option("retry.maximum_attempts is negative: " + std::to_string(retry.maximum_attempts) +
                   "; 0 means no limit");
  }
}

void check(const ActivityOptions& options) {
  check_duration("start_to_close", options.start_to_close);
  check_duration("schedule_to_start", options.schedule_to_start);
  check_duration("schedule_to_close", options.schedule_to_close);
  check_duration("heartbeat", options.heartbeat);
  check(options.retry);
  if (!options.task_queue.empty()) check_id("ActivityOptions::task_queue", options.task_queue);
}

void check(const StepOptions& options) {
  check_duration("start_to_close", options.start_to_close);
  check(options.retry);
}

void check(const EngineOptions& options) {
  if (options.shards < 0) {
    invalid_option("shards is " + std::to_string(options.shards) +
                   "; it must not be negative; 0 means one per processor");
  }
  check_range("shards", static_cast<std::uint64_t>(options.shards), 1, kMostShards,
              "one per processor");
  check_range("cached_runs", options.cached_runs, 1, kAnything);
  check_range("cached_bytes", options.cached_bytes, 1, kAnything);
  check_range("stack_bytes", options.stack_bytes, kSmallestStack, kLargestStack);
  check_range("journal_map_bytes", options.journal_map_bytes, kSmallestMap, kLargestMap,
              "the default");
  check_range("archive_map_bytes", options.archive_map_bytes, kSmallestMap, kLargestMap,
              "the default");
  check(options.limits);
  check_duration("retention.max_age", options.retention.max_age);
}

void check(const WorkerOptions& options) {
  check_id("WorkerOptions::task_queue", options.task_queue);
  check_range("activity_threads", options.activity_threads, 1, kMostActivityThreads,
              "the engine's choice");
}

void check(const EngineLimits& limits) {
  check_range("limits.pending_requests", limits.pending_requests, 1, kAnything);
  check_range("limits.pending_bytes", limits.pending_bytes, 1, kAnything);
  check_range("limits.waiting_attempts", limits.waiting_attempts, 1, kAnything);
  check_range("limits.pending_operations", limits.pending_operations, 1, kAnything);
  check_range("limits.turn_bytes", limits.turn_bytes, 1, kLargestTurn);
  check_range("limits.history_events", limits.history_events, 1, kAnything);
  check_duration("limits.overload_wait", limits.overload_wait);
  check_duration("limits.slow_turn", limits.slow_turn);
}

runtime::GuardMode guard_mode(Guard asked) {
  const char* const variable = std::getenv("REPRISE_GUARD");
  if (variable == nullptr || *variable == '\0') return static_cast<runtime::GuardMode>(asked);
  const std::string_view value(variable);
  if (value == "off") return runtime::GuardMode::kOff;
  if (value == "report") return runtime::GuardMode::kReport;
  if (value == "park") return runtime::GuardMode::kPark;
  invalid_option("the environment variable REPRISE_GUARD is '" + std::string(value) +
                 "'; it must be off, report or park");
}

void misused(std::string_view message) {
  throw UsageError(code_text(base::ErrorCode::kInvalidOption), message);
}

void misplaced(std::string_view message) {
  throw UsageError(code_text(base::ErrorCode::kOutsideWorkflow), message);
}

}  // namespace reprise::internal
