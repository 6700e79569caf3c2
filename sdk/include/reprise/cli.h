// Commands that every worker program can have: its runs' histories, replayed by its own code.
#pragma once
#include <optional>
#include <reprise/worker.h>

namespace reprise {

// Serves `program replay ...`, `program step ...` and `program verify ...`, whatever else the
// program does: call it at the start of main(), with a worker that has its implementations and no
// Service yet. Returns the exit status when the first argument is one of its commands, and nullopt
// when the arguments are the program's own business. Prints to stdout and stderr; `program replay
// --help` says what there is. Throws nothing; may end the process, as a debugger's commands do.
std::optional<int> cli(int argc, const char* const* argv, const Worker& worker);

}  // namespace reprise
