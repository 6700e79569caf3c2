#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

// cancel and terminate.
void add_end_commands(CLI::App& app);

}  // namespace reprise::tools
