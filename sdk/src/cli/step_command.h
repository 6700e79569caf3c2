// `program step`: through a history turn by turn, in the terminal.
#pragma once
#include <CLI/CLI.hpp>

#include "reprise/worker.h"

namespace reprise::internal {

// The status that the program exits with is set when the command has run.
void add_step_command(CLI::App& app,
                      const Worker& worker,
                      const PayloadCodecs& codecs,
                      int* exit_status);

}  // namespace reprise::internal
