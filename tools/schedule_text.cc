#include "tools/schedule_text.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/time.h"
#include "tools/run_text.h"
#include "tools/time_text.h"

namespace reprise::tools {
namespace {

using nlohmann::json;

std::string run_line(const ScheduledRun& run) {
  std::string state = "runs since " + utc_seconds(base::to_ms(run.started));
  if (run.status) state = std::string(to_string(*run.status));
  if (!run.refused.empty()) state = "not started: " + safe_text(run.refused);
  return safe_text(run.workflow_id) + "  " + state + (run.triggered ? ", triggered" : "");
}

json run_as_json(const ScheduledRun& run) {
  json out = {{"workflow_id", run.workflow_id},
              {"due", utc_iso(base::to_ms(run.due))},
              {"started", utc_iso(base::to_ms(run.started))},
              {"triggered", run.triggered}};
  if (!run.run_id.empty()) out["run_id"] = run.run_id;
  if (run.status) out["status"] = to_string(*run.status);
  if (!run.refused.empty()) out["refused"] = run.refused;
  return out;
}

json runs_as_json(const std::vector<ScheduledRun>& runs) {
  json out = json::array();
  for (const ScheduledRun& run : runs) out.push_back(run_as_json(run));
  return out;
}

std::string policy_text(const SchedulePolicy& policy) {
  return std::string(to_string(policy.overlap)) + ", catches up " +
         duration_text(policy.catch_up.count()) +
         (policy.pause_on_failure ? ", pauses on failure" : "");
}

}  // namespace

std::string when_text(const ScheduleSpec& spec) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  for (const std::string& cron : spec.cron) add(safe_text(cron));
  if (!spec.cron.empty()) text += " (" + safe_text(spec.time_zone) + ")";
  if (spec.every > Duration(0)) add("every " + duration_text(spec.every.count()));
  if (spec.phase > Duration(0)) text += " plus " + duration_text(spec.phase.count());
  if (spec.jitter > Duration(0)) add("jitter " + duration_text(spec.jitter.count()));
  if (spec.from) add("from " + utc_seconds(base::to_ms(*spec.from)));
  if (spec.until) add("until " + utc_seconds(base::to_ms(*spec.until)));
  return text;
}

json schedule_json(const ScheduleDescription& schedule) {
  json next = json::array();
  for (const Time time : schedule.next) next.push_back(utc_iso(base::to_ms(time)));
  json out = {{"id", schedule.id},
              {"workflow", schedule.workflow},
              {"task_queue", schedule.task_queue},
              {"cron", schedule.spec.cron},
              {"time_zone", schedule.spec.time_zone},
              {"every_ms", schedule.spec.every.count()},
              {"phase_ms", schedule.spec.phase.count()},
              {"jitter_ms", schedule.spec.jitter.count()},
              {"overlap", to_string(schedule.policy.overlap)},
              {"catch_up_ms", schedule.policy.catch_up.count()},
              {"pause_on_failure", schedule.policy.pause_on_failure},
              {"paused", schedule.paused},
              {"note", schedule.note},
              {"running", runs_as_json(schedule.running)},
              {"running_count", schedule.running_count},
              {"recent", runs_as_json(schedule.recent)},
              {"waiting", schedule.waiting},
              {"backfills", schedule.backfills},
              {"started", schedule.started},
              {"failed", schedule.failed},
              {"skipped", schedule.skipped},
              {"missed", schedule.missed},
              {"next", next}};
  if (schedule.spec.from) out["from"] = utc_iso(base::to_ms(*schedule.spec.from));
  if (schedule.spec.until) out["until"] = utc_iso(base::to_ms(*schedule.spec.until));
  if (!schedule.parked.empty()) out["parked"] = schedule.parked;
  return out;
}

void print_schedule(const ScheduleDescription& schedule, const Paint& paint) {
  print_field(paint, "schedule", safe_text(schedule.id));
  print_field(paint, "workflow",
              safe_text(schedule.workflow) + " in task queue " + safe_text(schedule.task_queue));
  print_field(paint, "when", when_text(schedule.spec));
  print_field(paint, "overlap", policy_text(schedule.policy));
  if (schedule.paused) {
    print_field(paint, "paused", schedule.note.empty() ? "yes" : safe_text(schedule.note),
                Colour::kYellow);
  }
  if (!schedule.parked.empty()) {
    print_field(paint, "parked", safe_text(schedule.parked), Colour::kRed);
  }
  print_field(paint, "runs",
              std::to_string(schedule.started) + " started, " + std::to_string(schedule.failed) +
                  " failed, " + std::to_string(schedule.skipped) + " skipped, " +
                  std::to_string(schedule.missed) + " missed; " +
                  std::to_string(schedule.running_count) + " under way, " +
                  std::to_string(schedule.waiting) + " waiting, " +
                  std::to_string(schedule.backfills) + " backfills");
  for (const ScheduledRun& run : schedule.running) print_field(paint, "", run_line(run));
  for (const ScheduledRun& run : schedule.recent) print_field(paint, "", run_line(run));
  for (std::size_t i = 0; i < schedule.next.size() && i < 3; ++i) {
    print_field(paint, i == 0 ? "next" : "", utc_seconds(base::to_ms(schedule.next[i])));
  }
}

}  // namespace reprise::tools
