// Stacks of threads that run user code, for log lines.
#pragma once
#include <string>
#include <vector>

namespace reprise::runtime {

// A line for each of the user's functions, indented: what the library does around them says
// nothing. All of them when none is the user's. Reads debug information.
std::string stack_text(const std::vector<void*>& frames);

}  // namespace reprise::runtime
