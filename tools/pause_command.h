// reprise pause, reprise resume.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_pause_commands(CLI::App& app);

}  // namespace reprise::tools
