// What the strands of a run wait for, for people.
#pragma once
#include <string>
#include <vector>

#include "replay/execution.h"

namespace reprise::internal {

// "strand 1 waits for activity charge", then a line for each of the user's functions on its stack,
// for each strand that waits. Between turns.
std::vector<std::string> strand_lines(const replay::Execution& execution, base::Symbols& symbols);

}  // namespace reprise::internal
