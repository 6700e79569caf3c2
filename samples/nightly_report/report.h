// The workflow of this sample: the report of a shop's day, which a schedule starts every night.
#pragma once
#include <chrono>
#include <reprise/reprise.h>
#include <string>
#include <string_view>

namespace nightly_report {

inline constexpr reprise::Activity<int(std::string, std::string)> count_orders{"count_orders"};
inline constexpr reprise::Activity<void(std::string, std::string)> publish{"publish"};
inline constexpr reprise::Workflow<std::string(std::string)> report{"report"};

// The run's workflow id ends with the time for which it was started, so a run that is late, or is
// made up for, still reports on its own day: "berlin-2026-11-30T03:30:00Z".
inline std::string day_of(const std::string& workflow_id) {
  constexpr std::size_t kDay = std::string_view("2026-11-30").size();
  const std::size_t time = workflow_id.rfind('T');
  if (time == workflow_id.npos || time < kDay) return workflow_id;
  return workflow_id.substr(time - kDay, kDay);
}

inline std::string run_report(reprise::Context& ctx, const std::string& shop) {
  const std::string day = day_of(ctx.info().workflow_id);
  const int orders = ctx.call(count_orders(shop, day), {.retry = {.maximum_attempts = 3}});
  const std::string text = shop + ", " + day + ": " + std::to_string(orders) + " orders";
  ctx.call(publish(day, text));
  return text;
}

// Weekdays at half past four, when no zone's clocks change. Two reports are never made at a time; a
// night that nobody was there for is made up for within a week.
inline reprise::Schedule schedule_report(const reprise::Client& client, const std::string& shop) {
  using namespace std::chrono_literals;
  const reprise::ScheduleSpec spec{.cron = {"30 4 * * mon-fri"}, .time_zone = "Europe/Berlin"};
  return client.create_schedule(
      shop, spec, report(shop), {.run_timeout = 1h, .request_id = "first"},
      {.overlap = reprise::Overlap::kBufferAll, .catch_up = 24h * 7, .pause_on_failure = true});
}

}  // namespace nightly_report
