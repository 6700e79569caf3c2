#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

// signal, query and update.
void add_message_commands(CLI::App& app);

}  // namespace reprise::tools
