// reprise why: what a run waits for.
#pragma once
#include <CLI/CLI.hpp>

#include "base/time.h"

namespace reprise::tools {

void add_why_command(CLI::App& app, const base::Clock& clock);

}  // namespace reprise::tools
