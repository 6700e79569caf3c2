// reprise export: a run's history, to a file.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_export_command(CLI::App& app);

}  // namespace reprise::tools
