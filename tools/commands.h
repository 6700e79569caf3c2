// The subcommands of the reprise command.
#pragma once
#include <CLI/CLI.hpp>

#include "base/time.h"

namespace reprise::tools {

// Adds all of them. Parsing executes the chosen one, through its callback. `clock`: the present,
// for ages; must outlive the app.
void add_commands(CLI::App& app, const base::Clock& clock);

}  // namespace reprise::tools
