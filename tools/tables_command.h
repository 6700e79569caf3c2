// reprise tables: the rows of users' tables in a store.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_tables_command(CLI::App& app);

}  // namespace reprise::tools
