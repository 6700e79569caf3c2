// The subcommands of the reprise command.
#pragma once
#include <CLI/CLI.hpp>

#include "base/time.h"

namespace reprise::tools {

// Adds all of them. Parsing executes the one that was asked for, by its callback. `clock`: what
// ages are counted to; must outlive the app.
void add_commands(CLI::App& app, const base::Clock& clock);

}  // namespace reprise::tools
