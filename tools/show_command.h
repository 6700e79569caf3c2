// reprise show: what a run did, and how long each part of it took.
#pragma once
#include <CLI/CLI.hpp>

#include "base/time.h"

namespace reprise::tools {

void add_show_command(CLI::App& app, const base::Clock& clock);

}  // namespace reprise::tools
