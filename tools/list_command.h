// reprise list: the runs that match, the newest first.
#pragma once
#include <CLI/CLI.hpp>

#include "base/time.h"

namespace reprise::tools {

void add_list_command(CLI::App& app, const base::Clock& clock);

}  // namespace reprise::tools
