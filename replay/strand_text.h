// What the strands of a run wait for, for people.
#pragma once
#include <string>
#include <vector>

#include "replay/scheduler.h"
#include "replay/strand_status.h"

namespace reprise::replay {

// A line for each strand that waits, with the places in the code.
std::vector<std::string> lines_of_waits(const Scheduler& scheduler);

// Every strand with its stack.
std::vector<StrandStatus> status_of_strands(const Scheduler& scheduler);

}  // namespace reprise::replay
