#include "sdk/src/checks.h"

#include <cstdlib>
#include <string>

#include "runtime/engine/limits.h"
#include "sdk/src/errors.h"

namespace reprise::internal {
namespace {

constexpr std::size_t kSmallestStack = std::size_t{32} * 1024;
constexpr std::uint64_t kSmallestMap = std::uint64_t{16} << 20;

[[noreturn]] void invalid_option(const std::string& message) {
  throw InvalidOption(code_text(base::ErrorCode::kInvalidOption), message);
}

void check_map_size(std::string_view what, std::uint64_t bytes) {
  if (bytes == 0 || bytes >= kSmallestMap) return;
  invalid_option(std::string(what) + " is " + std::to_string(bytes) + "; it must be at least " +
                 std::to_string(kSmallestMap) + ", or 0 for the default");
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
    invalid_option("retry.maximum_attempts is negative; 0 means no limit");
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
  if (options.shards < 0) invalid_option("shards is negative; 0 means one per processor");
  if (options.cached_runs == 0) invalid_option("cached_runs is 0; it must be at least 1");
  if (options.cached_bytes == 0) invalid_option("cached_bytes is 0");
  if (options.stack_bytes < kSmallestStack) {
    invalid_option("stack_bytes is " + std::to_string(options.stack_bytes) +
                   "; it must be at least " + std::to_string(kSmallestStack));
  }
  check_map_size("journal_map_bytes", options.journal_map_bytes);
  check_map_size("archive_map_bytes", options.archive_map_bytes);
  check(options.limits);
  check_duration("retention.max_age", options.retention.max_age);
}

void check(const EngineLimits& limits) {
  const auto positive = [](std::string_view name, std::uint64_t value) {
    if (value == 0) invalid_option("limits." + std::string(name) + " is 0; nothing could be done");
  };
  positive("pending_requests", limits.pending_requests);
  positive("pending_bytes", limits.pending_bytes);
  positive("waiting_attempts", limits.waiting_attempts);
  positive("pending_operations", limits.pending_operations);
  positive("turn_bytes", limits.turn_bytes);
  positive("history_events", limits.history_events);
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

}  // namespace reprise::internal
