// reprise import: a history from a file: is it one, and in the other form.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_import_command(CLI::App& app);

}  // namespace reprise::tools
