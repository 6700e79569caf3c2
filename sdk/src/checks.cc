#include "sdk/src/checks.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>

#include "base/printable_text.h"
#include "base/reserved.h"
#include "base/utf8.h"
#include "runtime/engine/limits.h"
#include "runtime/host/fair_queue.h"
#include "sdk/src/enums.h"
#include "sdk/src/errors.h"
#include "sdk/src/settings.h"
#include "sdk/src/start_terms.h"
#include "store/turn_marks.h"

namespace reprise::internal {
namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;
constexpr std::uint64_t kAnything = std::numeric_limits<std::uint64_t>::max();

// Each shard has a mark that tells the next process what ended this one.
constexpr std::uint64_t kMostShards = store::TurnMarks::kMostShards;
constexpr std::uint64_t kMostActivityThreads = 65'536;
constexpr std::uint64_t kSmallestStack = std::uint64_t{32} * 1024;
constexpr std::uint64_t kLargestStack = 1'024 * kMebibyte;
constexpr std::uint64_t kSmallestMap = 16 * kMebibyte;
constexpr std::uint64_t kLargestMap = 64 * kMebibyte * kMebibyte;  // address space has 128 TiB
// A turn is one record, of 1 GiB at most; the other half is for its inputs.
constexpr std::uint64_t kLargestTurn = 512 * kMebibyte;

// One turn may have all of them.
constexpr std::uint64_t kMostUpdates = 100'000;

// So that the transactions of a commit fit into its batches (store/writer.cc).
constexpr std::uint64_t kMostRows = 100'000;
constexpr std::uint64_t kMostRowBytes = 32 * kMebibyte;

constexpr std::string_view kNoLimit = "no limit";
constexpr std::string_view kNotSaid = "not said";
constexpr std::string_view kPerProcessor = "one per processor";

[[noreturn]] void invalid_option(const std::string& message,
                                 base::ErrorCode code = base::ErrorCode::kInvalidOption) {
  throw InvalidOption(code_text(code), message);
}

[[noreturn]] void refuse_option(const std::string& option,
                                const std::string& value,
                                const std::string& allowed,
                                std::string_view zero = {},
                                base::ErrorCode code = base::ErrorCode::kInvalidOption) {
  std::string message = option + " is " + value + "; it must be " + allowed;
  if (!zero.empty()) message += ", or 0: " + std::string(zero);
  invalid_option(message, code);
}

// The options of one struct, and their owner: "ActivityOptions::heartbeat of activity 'charge'".
// They are checked for every activity, so the name is composed only for a message. `zero`: what 0
// means, if it has a special meaning.
class OptionsOf {
 public:
  explicit OptionsOf(std::string_view type, std::string_view kind = {}, std::string_view name = {})
      : type_(type), kind_(kind), name_(name) {}

  void duration(std::string_view member, Duration value, std::string_view zero = {}) const {
    if (value >= Duration::zero()) return;
    const std::string text = std::to_string(value.count()) + " ms";
    if (zero.empty()) refuse_option(name_of(member), text, "0 or more");
    refuse_option(name_of(member), text, "positive", zero);
  }
  void number(std::string_view member,
              std::uint64_t value,
              std::uint64_t least,
              std::uint64_t most,
              std::string_view zero = {}) const {
    if (value >= least && value <= most) return;
    if (value == 0 && !zero.empty()) return;
    refuse_option(name_of(member), std::to_string(value),
                  most == kAnything ? "at least " + std::to_string(least)
                                    : std::to_string(least) + " to " + std::to_string(most),
                  zero);
  }
  void retry(const RetryPolicy& policy) const {
    duration("retry.initial_interval", policy.initial_interval);
    duration("retry.maximum_interval", policy.maximum_interval);
    if (!(policy.backoff_coefficient >= 1.0)) {  // so that NaN is refused too
      refuse_option(name_of("retry.backoff_coefficient"), short_text(policy.backoff_coefficient),
                    "at least 1");
    }
    if (policy.maximum_attempts < 0) {
      refuse_option(name_of("retry.maximum_attempts"), std::to_string(policy.maximum_attempts),
                    "at least 1", "no limit");
    }
  }
  // Those that all starts of runs share.
  template <class Options>
  void terms(const Options& options) const {
    duration("run_timeout", options.run_timeout, kNoLimit);
    duration("execution_timeout", options.execution_timeout, kNoLimit);
    precedence(options);
    if (!options.retry) return;
    retry(*options.retry);
    const std::size_t bytes = to_terms(options).retry->ByteSizeLong();
    if (bytes <= runtime::kMaxRetryPolicyBytes) return;
    refuse_option(name_of("retry"), std::to_string(bytes) + " bytes long when recorded",
                  "at most " + std::to_string(runtime::kMaxRetryPolicyBytes));
  }
  template <class Options>
  void precedence(const Options& options) const {
    const auto refuse = [&](std::string_view member, const std::string& value,
                            const std::string& allowed, std::string_view zero) {
      refuse_option(name_of(member), value, allowed, zero, base::ErrorCode::kPrecedence);
    };
    if (options.priority < 0 || options.priority > runtime::kLastPriority) {
      refuse("priority", std::to_string(options.priority), "1 (first) to 5 (last)", kNotSaid);
    }
    const double weight = options.fairness_weight;
    const bool is_weight = weight >= runtime::FairShares::kLeastWeight &&
                           weight <= runtime::FairShares::kMostWeight;  // false for NaN
    if (weight != 0 && !is_weight) {
      refuse("fairness_weight", short_text(weight), "0.001 to 1000", kNotSaid);
    }
    const std::string& key = options.fairness_key;
    if (key.size() > kMaxFairnessKeyBytes) {
      refuse("fairness_key", std::to_string(key.size()) + " bytes long",
             "at most " + std::to_string(kMaxFairnessKeyBytes) + " bytes long", {});
    }
    if (!base::is_utf8(key)) refuse("fairness_key", "not UTF-8", "UTF-8", {});
  }
  // Of an activity on a worker.
  void limits(const ActivityLimits& limits) const {
    const auto refuse = [&](std::string_view member, const std::string& value,
                            const std::string& allowed, std::string_view zero) {
      refuse_option(name_of(member), value, allowed, zero, base::ErrorCode::kActivityLimit);
    };
    if (limits.in_flight > runtime::kMostInFlight) {
      refuse("in_flight", std::to_string(limits.in_flight),
             "1 to " + std::to_string(runtime::kMostInFlight), kNoLimit);
    }
    const double rate = limits.per_second;
    const bool is_rate = rate >= runtime::kLeastPerSecond && rate <= runtime::kMostPerSecond;
    if (rate != 0 && !is_rate) {
      refuse("per_second", short_text(rate), "0.000001 to 1000000", kNoLimit);
    }
    const CircuitBreaker& breaker = limits.breaker;
    const auto most = static_cast<int>(runtime::kMostBreakerFailures);
    if (breaker.failures < 0 || breaker.failures > most) {
      refuse("breaker.failures", std::to_string(breaker.failures), "1 to " + std::to_string(most),
             "there is no breaker");
    }
    const auto time = [&](std::string_view member, Duration value) {
      if (value >= Duration(1) && value <= runtime::kLongestBreakerTime) return;
      refuse(member, std::to_string(value.count()) + " ms", "1 ms to 366 days", {});
    };
    time("breaker.window", breaker.window);
    time("breaker.open_for", breaker.open_for);
  }
  // Empty: the default of something else applies.
  void task_queue(std::string_view queue) const {
    if (queue.empty()) return;
    if (!runtime::check_id({}, queue)) check_id(name_of("task_queue"), queue);
    if (base::is_reserved(queue)) check_not_reserved(name_of("task_queue"), queue);
  }
  std::string name_of(std::string_view member) const {
    std::string text = std::string(type_) + "::" + std::string(member);
    if (kind_.empty()) return text;
    return text + " of " + std::string(kind_) + " '" + base::printable_text(name_) + "'";
  }

 private:
  static std::string short_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
  }

  std::string_view type_;
  std::string_view kind_;
  std::string_view name_;
};

void check_limits(const EngineLimits& limits, const OptionsOf& options) {
  options.number("limits.pending_requests", limits.pending_requests, 1, kAnything);
  options.number("limits.pending_bytes", limits.pending_bytes, 1, kAnything);
  options.number("limits.waiting_attempts", limits.waiting_attempts, 1, kAnything);
  options.number("limits.pending_operations", limits.pending_operations, 1, kAnything);
  options.number("limits.child_depth", limits.child_depth, 0, kAnything);
  options.number("limits.turn_bytes", limits.turn_bytes, 1, kLargestTurn);
  options.number("limits.history_events", limits.history_events, 1, kAnything);
  options.number("limits.pending_updates", limits.pending_updates, 1, kMostUpdates);
  options.number("limits.settings", limits.settings, 1, kAnything);
  options.number("limits.settings_bytes", limits.settings_bytes, 1, kAnything);
  options.number("limits.transaction_rows", limits.transaction_rows, 1, kMostRows);
  options.number("limits.transaction_bytes", limits.transaction_bytes, 1, kMostRowBytes);
  options.duration("limits.overload_wait", limits.overload_wait, "no call waits");
  options.duration("limits.slow_turn", limits.slow_turn, "nothing is reported");
}

}  // namespace

void check_id(std::string_view what, std::string_view id) {
  value_or_throw(runtime::check_id(what, id));
}

void check_not_reserved(std::string_view what, std::string_view name) {
  if (!base::is_reserved(name)) return;
  throw InvalidOption(code_text(base::ErrorCode::kReservedName),
                      std::string(what) + " '" + base::printable_text(name) + "' begins with '" +
                          std::string(base::kReservedPrefix) +
                          "', as the names of the engine's own runs do; use another one");
}

void check_key(std::string_view workflow_id) {
  value_or_throw(runtime::check_length("the workflow id", workflow_id));
}

void check_name(const replay::Execution& run, std::string_view what, std::string_view name) {
  value_or_throw(run.replaying() ? runtime::check_length(what, name)
                                 : runtime::check_id(what, name));
}

void check_payload_size(std::string_view payload, std::string_view what, std::string_view name) {
  if (payload.size() <= kMaxPayloadBytes) return;
  const std::string whose = name.empty() ? "" : " '" + base::printable_text(name) + "'";
  throw PayloadError(code_text(base::ErrorCode::kPayloadTooLarge),
                     std::string(what) + whose + ": " + std::to_string(payload.size()) +
                         " bytes when encoded; the limit is " + std::to_string(kMaxPayloadBytes) +
                         ". Keep large data elsewhere and pass a reference to it");
}

void check_duration(std::string_view what, Duration duration) {
  if (duration >= Duration::zero()) return;
  refuse_option(std::string(what), std::to_string(duration.count()) + " ms", "0 or more");
}

void check_at_least(std::string_view what,
                    std::int64_t value,
                    std::int64_t least,
                    std::string_view note) {
  if (value >= least) return;
  refuse_option(std::string(what), std::to_string(value),
                "at least " + std::to_string(least) + std::string(note));
}

void check(std::string_view activity, const ActivityOptions& options) {
  const OptionsOf of("ActivityOptions", "activity", activity);
  of.duration("start_to_close", options.start_to_close, kNoLimit);
  of.duration("schedule_to_start", options.schedule_to_start, kNoLimit);
  of.duration("schedule_to_close", options.schedule_to_close, kNoLimit);
  of.duration("heartbeat", options.heartbeat, kNoLimit);
  of.retry(options.retry);
  of.task_queue(options.task_queue);
  of.precedence(options);
}

void check(std::string_view activity, const ActivityLimits& limits) {
  OptionsOf("ActivityLimits", "activity", activity).limits(limits);
}

void check(std::string_view step, const StepOptions& options) {
  const OptionsOf of("StepOptions", "step", step);
  of.duration("start_to_close", options.start_to_close, kNoLimit);
  of.retry(options.retry);
}

void check(std::string_view workflow, const StartOptions& options) {
  const OptionsOf of("StartOptions", "workflow", workflow);
  of.terms(options);
  of.duration("start_delay", options.start_delay, "none");
  if (options.execution_timeout > Duration::zero() &&
      options.start_delay >= options.execution_timeout) {
    refuse_option(of.name_of("start_delay"), std::to_string(options.start_delay.count()) + " ms",
                  "shorter than execution_timeout, which counts from the start");
  }
  if (!options.request_id.empty()) {
    check_id("StartOptions::request_id", options.request_id);
    if (options.id.empty()) {
      refuse_option(of.name_of("id"), "empty",
                    "given with a request_id, which is looked for there");
    }
  }
  if (!options.id.empty()) check_id("the workflow id", options.id);
  check_not_reserved("the workflow id", options.id);
  of.task_queue(options.task_queue);
  for (const Setting& setting : options.settings) check(setting);
}

void check(std::string_view workflow, const ContinueOptions& options) {
  const OptionsOf of("ContinueOptions", "workflow", workflow);
  of.duration("run_timeout", options.run_timeout, "as this run's");
  of.task_queue(options.task_queue);
}

void check(std::string_view workflow, const ChildOptions& options) {
  const OptionsOf of("ChildOptions", "workflow", workflow);
  of.terms(options);
  if (!options.id.empty()) check_id("the workflow id", options.id);
  check_not_reserved("the workflow id", options.id);
  of.task_queue(options.task_queue);
  for (const Setting& setting : options.settings) check(setting);
}

void check(const ClientOptions& options) {
  value_or_throw(runtime::check_principal(options.principal));
  check("ClientOptions", options.interceptors);
}

void check(std::string_view topic, const PublishOptions& options) {
  const OptionsOf of("PublishOptions", "topic", topic);
  of.duration("keep", options.keep, "not at all");
  if (!options.id.empty()) check_id("PublishOptions::id", options.id);
}

void check(const EngineOptions& options) {
  const OptionsOf of("EngineOptions");
  if (options.shards < 0) {
    refuse_option(of.name_of("shards"), std::to_string(options.shards),
                  "1 to " + std::to_string(kMostShards), kPerProcessor);
  }
  of.number("shards", static_cast<std::uint64_t>(options.shards), 1, kMostShards, kPerProcessor);
  of.number("cached_runs", options.cached_runs, 1, kAnything);
  of.number("cached_bytes", options.cached_bytes, 1, kAnything);
  of.number("stack_bytes", options.stack_bytes, kSmallestStack, kLargestStack);
  of.number("journal_map_bytes", options.journal_map_bytes, kSmallestMap, kLargestMap,
            "the default");
  of.number("archive_map_bytes", options.archive_map_bytes, kSmallestMap, kLargestMap,
            "the default");
  check_limits(options.limits, of);
  of.duration("retention.max_age", options.retention.max_age, "for ever");
}

void check(const WorkerOptions& options) {
  check_id("WorkerOptions::task_queue", options.task_queue);
  check_not_reserved("WorkerOptions::task_queue", options.task_queue);
  OptionsOf("WorkerOptions", "task queue", options.task_queue)
      .number("activity_threads", options.activity_threads, 1, kMostActivityThreads,
              "the engine's choice");
  check("WorkerOptions", options.interceptors);
}

runtime::GuardMode guard_mode(Guard asked) {
  const char* const variable = std::getenv("REPRISE_GUARD");
  if (variable == nullptr || *variable == '\0') return to_runtime(asked);
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
