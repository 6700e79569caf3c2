// reprise repair DIR NEWDIR: makes a new store of everything that verifies in a damaged one.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_repair_command(CLI::App& app);

}  // namespace reprise::tools
