// reprise reset, reprise restart, reprise fork.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_reset_commands(CLI::App& app);

}  // namespace reprise::tools
