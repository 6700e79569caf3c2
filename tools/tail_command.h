// reprise tail: shows events as they become durable.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_tail_command(CLI::App& app);

}  // namespace reprise::tools
