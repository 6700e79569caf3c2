// Schedules as text and as JSON.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "reprise/schedule.h"
#include "tools/console.h"

namespace reprise::tools {

// "30 4 * * mon-fri (Europe/Berlin), every 6h00m".
std::string when_text(const ScheduleSpec& spec);
nlohmann::json schedule_json(const ScheduleDescription& schedule);
void print_schedule(const ScheduleDescription& schedule, const Paint& paint);

}  // namespace reprise::tools
