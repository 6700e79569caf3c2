// reprise audit: who did what to a run, and what it did; the newest first.
#pragma once
#include <CLI/CLI.hpp>

namespace reprise::tools {

void add_audit_command(CLI::App& app);

}  // namespace reprise::tools
