// reprise check DIR: is everything in the store what was written to it?
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_check_command(CLI::App& app);

}  // namespace reprise::tools
