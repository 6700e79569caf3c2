// reprise repair DIR NEWDIR: a new store of what verifies of a damaged one.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_repair_command(CLI::App& app);

}  // namespace reprise::tools
