// reprise history: the events of a run.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_history_command(CLI::App& app);

}  // namespace reprise::tools
