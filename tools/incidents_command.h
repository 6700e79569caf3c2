// reprise incidents: what is wrong now, since when, where, and the command for it.
#pragma once
#include <CLI/CLI.hpp>

#include "base/time.h"

namespace reprise::tools {

void add_incidents_command(CLI::App& app, const base::Clock& clock);

}  // namespace reprise::tools
