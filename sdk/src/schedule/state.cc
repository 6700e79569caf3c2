#include "sdk/src/schedule/state.h"

#include <algorithm>

#include "sdk/src/errors.h"

namespace reprise::internal {
namespace {

ScheduledRun shown_run(const StartedByIt& run, const ScheduleTarget& target) {
  return {.due = run.due,
          .started = run.started,
          .triggered = run.triggered,
          .workflow_id = id_of_run(target.id, run.due, run.triggered),
          .run_id = run.run_id,
          .status = run.end,
          .refused = run.refused};
}

template <class T>
T published_as(const Value<T>& value, const Settings& published) {
  return value.find_in(published).value_or(T{});
}

}  // namespace

schedule::Spec to_spec(const ScheduleSpec& spec) {
  return {.cron = spec.cron,
          .time_zone = spec.time_zone,
          .every = spec.every,
          .phase = spec.phase,
          .jitter = spec.jitter,
          .from = spec.from,
          .until = spec.until};
}

std::string id_of_run(std::string_view beginning, Time due, bool triggered) {
  return std::string(beginning) + "-" + schedule::rfc3339(due, triggered);
}

base::Status check_plan(const SchedulePlan& plan) {
  const auto overlap = static_cast<unsigned>(plan.policy.overlap);
  if (overlap > static_cast<unsigned>(Overlap::kAllow)) {
    return base::Error{base::ErrorCode::kInvalidSchedule,
                       "overlap: there is no policy " + std::to_string(overlap)};
  }
  if (plan.policy.catch_up < Duration(0)) {
    return base::Error{base::ErrorCode::kInvalidSchedule, "catch_up is negative"};
  }
  const auto due = schedule::DueTimes::make(to_spec(plan.spec), {});
  return due ? base::Status() : due.error();
}

ScheduleView view_of(const ScheduleProgress& progress) {
  ScheduleView view{.handled = progress.handled,
                    .paused = progress.paused,
                    .note = progress.note,
                    .running = progress.running,
                    .running_count = progress.running.size(),
                    .recent = progress.recent,
                    .waiting = progress.waiting.size(),
                    .backfills = progress.backfills.size(),
                    .counts = progress.counts};
  if (view.running.size() > kRecentRuns) view.running.resize(kRecentRuns);
  return view;
}

std::vector<Time> next_due(std::string_view id,
                           const ScheduleSpec& spec,
                           Time after,
                           std::size_t count) {
  const auto due = value_or_throw(schedule::DueTimes::make(to_spec(spec), id));
  std::vector<Time> times;
  while (times.size() < std::min(count, kMaxNext)) {
    const auto next = due.next(after);
    if (!next) break;
    times.push_back(next->at);
    after = next->nominal;
  }
  return times;
}

ScheduleDescription describe_schedule(std::string_view workflow_id,
                                      const Settings& published,
                                      Time now) {
  const auto target = published_as(kPublishedTarget, published);
  const auto plan = published_as(kPublishedPlan, published);
  const auto view = published_as(kPublishedView, published);
  ScheduleDescription out;
  out.id = workflow_id.substr(std::min(workflow_id.size(), kSchedulePrefix.size()));
  out.workflow = target.workflow;
  out.task_queue = target.task_queue;
  out.spec = plan.spec;
  out.policy = plan.policy;
  out.paused = view.paused;
  out.note = view.note;
  for (const StartedByIt& run : view.running) out.running.push_back(shown_run(run, target));
  for (const StartedByIt& run : view.recent) out.recent.push_back(shown_run(run, target));
  out.running_count = view.running_count;
  out.waiting = view.waiting;
  out.started = view.counts.started;
  out.failed = view.counts.failed;
  out.skipped = view.counts.skipped;
  out.missed = view.counts.missed;
  out.backfills = view.backfills;
  if (out.paused) return out;
  try {
    out.next = next_due(out.id, out.spec, std::max(now, view.handled), kRecentRuns);
  } catch (const Error& error) {  // a time zone that this system does not know
    out.parked = error.what();
  }
  return out;
}

}  // namespace reprise::internal

namespace reprise {

std::string_view to_string(Overlap overlap) {
  switch (overlap) {
    case Overlap::kSkip:
      return "skip";
    case Overlap::kBufferOne:
      return "buffer-one";
    case Overlap::kBufferAll:
      return "buffer-all";
    case Overlap::kCancelOther:
      return "cancel-other";
    case Overlap::kTerminateOther:
      return "terminate-other";
    case Overlap::kAllow:
      return "allow";
  }
  return "unknown";
}

}  // namespace reprise
