// reprise import: checks a history in a file, and writes it in the other form.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_import_command(CLI::App& app);

}  // namespace reprise::tools
