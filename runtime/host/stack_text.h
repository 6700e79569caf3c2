// Stacks of threads that run user code, for log lines.
#pragma once
#include <string>
#include <vector>

namespace reprise::runtime {

// One indented line for each of the user's functions; those of the library do not help. If none is
// the user's, all functions. Reads debug information.
std::string stack_text(const std::vector<void*>& frames);

}  // namespace reprise::runtime
