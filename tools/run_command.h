// The whole of the reprise command: main() calls it, and so do the tests.
#pragma once
#include "base/time.h"

namespace reprise::tools {

// Returns the exit status of the process.
int run_command(int argc, const char* const* argv, const base::Clock& clock);

}  // namespace reprise::tools
