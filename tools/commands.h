// The subcommands of the reprise command.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

// Adds all of them. Parsing executes the one that was asked for, by its callback.
void add_commands(CLI::App& app);

}  // namespace reprise::tools
