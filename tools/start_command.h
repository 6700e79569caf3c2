// reprise start --like RUN.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_start_command(CLI::App& app);

}  // namespace reprise::tools
