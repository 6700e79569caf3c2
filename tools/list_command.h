// reprise list: newest runs first, or those that are asked for.
#pragma once
#include <CLI/CLI.hpp>

#include "base/time.h"

namespace reprise::tools {

void add_list_command(CLI::App& app, const base::Clock& clock);

}  // namespace reprise::tools
