// Lines of the reports of parked runs. Foreign text becomes printable, on one line.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/symbols.h"
#include "replay/strand_status.h"

namespace reprise::replay {

inline constexpr std::size_t kReportLabelWidth = 22;

// "  last match          13 ActivityCompleted reserve".
std::string report_line(std::string_view label, std::string_view text);

// "workflow 'checkout', run order-7 (019a...)".
std::string run_text(std::string_view workflow,
                     std::string_view workflow_id,
                     std::string_view run_id);

// The user's functions on the strand's stack, a line for each. Empty: there are none.
std::string stack_lines(const StrandStatus& strand, base::Symbols& symbols);

}  // namespace reprise::replay
