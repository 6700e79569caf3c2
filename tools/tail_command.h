// reprise tail: what becomes durable, as it does.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_tail_command(CLI::App& app);

}  // namespace reprise::tools
