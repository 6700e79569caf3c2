// reprise backup DIR DEST: copies a store while an engine uses it.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_backup_command(CLI::App& app);

}  // namespace reprise::tools
