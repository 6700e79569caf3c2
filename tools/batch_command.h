// reprise batch: one operation on every run that a filter finds.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_batch_command(CLI::App& app);

}  // namespace reprise::tools
