// reprise complete, fail, heartbeat: for attempts that are left open, by their tokens.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_completion_commands(CLI::App& app);

}  // namespace reprise::tools
