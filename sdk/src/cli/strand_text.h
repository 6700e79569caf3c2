// What the strands of a run wait for, for people.
#pragma once
#include <string>
#include <vector>

#include "replay/execution.h"

namespace reprise::internal {

// One line for each strand that waits: "strand 1 waits for activity charge". Between turns.
std::vector<std::string> strand_lines(const replay::Execution& execution);

}  // namespace reprise::internal
