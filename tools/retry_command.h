#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_retry_command(CLI::App& app);

}  // namespace reprise::tools
