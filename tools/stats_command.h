// reprise stats: how many runs of each kind, and how long their activities take.
#pragma once
#include <CLI/CLI.hpp>

#include "base/time.h"

namespace reprise::tools {

void add_stats_command(CLI::App& app, const base::Clock& clock);

}  // namespace reprise::tools
