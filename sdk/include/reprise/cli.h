// Commands for every worker program: they replay its runs' histories with its own code.
#pragma once
#include <optional>
#include <reprise/payload_codec.h>
#include <reprise/worker.h>

namespace reprise {

// Serves `program replay ...`, `program step ...` and `program verify ...`. Call it at the start of
// main(), with a worker that has its implementations and no Service yet. Returns the exit status if
// the first argument is one of these commands; nullopt: the arguments are for the program.
// `codecs`: those that the program's engine has, for stores whose content they have encoded. Prints
// to stdout and stderr; see `program replay --help`. Throws nothing; may end the process, as a
// debugger's commands do.
std::optional<int> cli(int argc,
                       const char* const* argv,
                       const Worker& worker,
                       const PayloadCodecs& codecs = {});

}  // namespace reprise
