#include "sdk/src/cli/strand_text.h"

#include "base/printable_text.h"
#include "replay/user_frames.h"

namespace reprise::internal {

std::vector<std::string> strand_lines(const replay::Execution& execution, base::Symbols& symbols) {
  std::vector<std::string> lines;
  for (const replay::StrandStatus& strand : execution.strands()) {
    if (strand.waits_for.empty()) continue;
    lines.push_back("strand " + std::to_string(strand.number) + " waits for " +
                    base::printable_text(strand.waits_for));
    for (const base::Symbol& frame : replay::user_frames(strand.frames, symbols)) {
      lines.push_back("  in " + base::to_string(frame));
    }
  }
  if (lines.empty()) lines.emplace_back("no strand waits");
  return lines;
}

}  // namespace reprise::internal
