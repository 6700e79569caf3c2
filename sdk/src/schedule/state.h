// What a schedule's run keeps, passes on to the next run of its chain, and publishes. All of it is
// recorded: members are added, never renamed.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reprise/child.h"
#include "reprise/definitions.h"
#include "reprise/schedule.h"
#include "runtime/schedule/due_times.h"
#include "sdk/src/schedule/record.h"

namespace reprise::internal {

inline constexpr std::string_view kSystemQueue = "reprise:system";
inline constexpr std::string_view kScheduleWorkflow = "reprise:schedule";
inline constexpr std::string_view kSchedulePrefix = "reprise:schedule:";  // then the schedule's id

inline constexpr std::size_t kMostRunning = 1'000;  // runs of one schedule under way
inline constexpr std::size_t kMostWaiting = 1'000;  // runs that wait for the end of others
inline constexpr std::size_t kMostBackfills = 10;   // ranges that are not done
inline constexpr std::size_t kRecentRuns = 10;      // kept after their end
inline constexpr std::size_t kMaxNoteBytes = 1'000;
inline constexpr std::size_t kMaxNext = 1'000;
inline constexpr Duration kShortestCatchUp{10'000};  // a busy engine is late, too

// What is started.
struct ScheduleAction {
  std::string workflow;
  std::string input;  // the encoded arguments
  std::string task_queue;
  std::string id;  // the beginning of the runs' workflow ids
  Duration run_timeout{0};
  Duration execution_timeout{0};
  std::optional<RetryPolicy> retry{};
  Settings settings{};
  int priority = 0;
  std::string fairness_key{};
  double fairness_weight = 0;
};

// When and how; published with the names of what is started.
struct SchedulePlan {
  ScheduleSpec spec{};
  SchedulePolicy policy{};
};

struct ScheduleTarget {
  std::string workflow;
  std::string task_queue;
  std::string id;
};

// A run that was started; `end` is set once it has ended or was refused.
struct StartedByIt {
  Time due{};
  Time started{};
  bool triggered = false;
  std::string run_id;
  std::optional<RunStatus> end{};
  std::string refused;
};

struct WaitingRun {
  Time due{};
};

// What is left of a backfill: due times after `after`, up to `to`.
struct BackfillRange {
  Time after{};
  Time to{};
};

struct ScheduleCounts {
  std::uint64_t started = 0;
  std::uint64_t failed = 0;
  std::uint64_t skipped = 0;
  std::uint64_t missed = 0;
};

// What one run of the chain tells the next.
struct ScheduleProgress {
  Time handled{};  // due times up to this one have been decided
  bool paused = false;
  std::string note;
  Time last_trigger{};
  std::vector<StartedByIt> running;
  std::vector<StartedByIt> recent;  // the newest first
  std::vector<WaitingRun> waiting;
  std::vector<BackfillRange> backfills;
  ScheduleCounts counts{};
};

// Published as `progress`: the same, cut.
struct ScheduleView {
  Time handled{};
  bool paused = false;
  std::string note;
  std::vector<StartedByIt> running;
  std::uint64_t running_count = 0;
  std::vector<StartedByIt> recent;
  std::uint64_t waiting = 0;
  std::uint64_t backfills = 0;
  ScheduleCounts counts{};
};

template <>
struct Members<RetryPolicy> {
  static void each(auto& v, auto f) {
    f("initial_interval", v.initial_interval);
    f("backoff_coefficient", v.backoff_coefficient);
    f("maximum_interval", v.maximum_interval);
    f("maximum_attempts", v.maximum_attempts);
    f("non_retryable", v.non_retryable);
  }
};
template <>
struct Members<Setting> {
  static void each(auto& v, auto f) {
    f("name", v.name);
    f("payload", v.payload);
    f("type", v.type);
  }
};
template <>
struct Members<ScheduleSpec> {
  static void each(auto& v, auto f) {
    f("cron", v.cron);
    f("time_zone", v.time_zone);
    f("every", v.every);
    f("phase", v.phase);
    f("jitter", v.jitter);
    f("from", v.from);
    f("until", v.until);
  }
};
template <>
struct Members<SchedulePolicy> {
  static void each(auto& v, auto f) {
    f("overlap", v.overlap);
    f("catch_up", v.catch_up);
    f("pause_on_failure", v.pause_on_failure);
  }
};
template <>
struct Members<ScheduleAction> {
  static void each(auto& v, auto f) {
    f("workflow", v.workflow);
    f("input", v.input);
    f("task_queue", v.task_queue);
    f("id", v.id);
    f("run_timeout", v.run_timeout);
    f("execution_timeout", v.execution_timeout);
    f("retry", v.retry);
    f("settings", v.settings);
    f("priority", v.priority);
    f("fairness_key", v.fairness_key);
    f("fairness_weight", v.fairness_weight);
  }
};
template <>
struct Members<SchedulePlan> {
  static void each(auto& v, auto f) {
    f("spec", v.spec);
    f("policy", v.policy);
  }
};
template <>
struct Members<ScheduleTarget> {
  static void each(auto& v, auto f) {
    f("workflow", v.workflow);
    f("task_queue", v.task_queue);
    f("id", v.id);
  }
};
template <>
struct Members<StartedByIt> {
  static void each(auto& v, auto f) {
    f("due", v.due);
    f("started", v.started);
    f("triggered", v.triggered);
    f("run_id", v.run_id);
    f("end", v.end);
    f("refused", v.refused);
  }
};
template <>
struct Members<WaitingRun> {
  static void each(auto& v, auto f) { f("due", v.due); }
};
template <>
struct Members<BackfillRange> {
  static void each(auto& v, auto f) {
    f("after", v.after);
    f("to", v.to);
  }
};
template <>
struct Members<ScheduleCounts> {
  static void each(auto& v, auto f) {
    f("started", v.started);
    f("failed", v.failed);
    f("skipped", v.skipped);
    f("missed", v.missed);
  }
};
template <>
struct Members<ScheduleProgress> {
  static void each(auto& v, auto f) {
    f("handled", v.handled);
    f("paused", v.paused);
    f("note", v.note);
    f("last_trigger", v.last_trigger);
    f("running", v.running);
    f("recent", v.recent);
    f("waiting", v.waiting);
    f("backfills", v.backfills);
    f("counts", v.counts);
  }
};
template <>
struct Members<ScheduleView> {
  static void each(auto& v, auto f) {
    f("handled", v.handled);
    f("paused", v.paused);
    f("note", v.note);
    f("running", v.running);
    f("running_count", v.running_count);
    f("recent", v.recent);
    f("waiting", v.waiting);
    f("backfills", v.backfills);
    f("counts", v.counts);
  }
};

// ---- what clients and the schedule's run say to each other
// ----------------------------------------

inline constexpr Workflow<void(ScheduleAction, SchedulePlan, ScheduleProgress)> kScheduleDefinition{
    kScheduleWorkflow};
inline constexpr Update<void(std::string)> kPauseSchedule{"pause"};
inline constexpr Update<void()> kResumeSchedule{"resume"};
// The workflow id and the run id.
inline constexpr Update<std::pair<std::string, std::string>()> kTriggerSchedule{"trigger"};
inline constexpr Update<void(Time, Time)> kBackfillSchedule{"backfill"};
inline constexpr Update<void(SchedulePlan)> kReplacePlan{"replace"};

inline constexpr Value<SchedulePlan> kPublishedPlan{"plan"};
inline constexpr Value<ScheduleTarget> kPublishedTarget{"target"};
inline constexpr Value<ScheduleView> kPublishedView{"progress"};

schedule::Spec to_spec(const ScheduleSpec& spec);
// "nightly-2026-11-30T02:00:00Z"; of a trigger always with milliseconds.
std::string id_of_run(std::string_view beginning, Time due, bool triggered);
// kInvalidSchedule, kTimeZone.
base::Status check_plan(const SchedulePlan& plan);
ScheduleView view_of(const ScheduleProgress& progress);
// What is published, as users see it. PayloadError if it is not what a schedule publishes.
ScheduleDescription describe_schedule(std::string_view workflow_id,
                                      const Settings& published,
                                      Time now);
std::vector<Time> next_due(std::string_view id,
                           const ScheduleSpec& spec,
                           Time after,
                           std::size_t count);

}  // namespace reprise::internal
