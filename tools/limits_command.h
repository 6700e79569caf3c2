// reprise limits: what the limits of activities do now.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_limits_command(CLI::App& app);

}  // namespace reprise::tools
