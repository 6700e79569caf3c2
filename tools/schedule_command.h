// reprise schedule: creates, lists, shows and changes schedules.
#pragma once
#include <CLI/CLI.hpp>

#include "base/time.h"

namespace reprise::tools {

void add_schedule_command(CLI::App& app, const base::Clock& clock);

}  // namespace reprise::tools
