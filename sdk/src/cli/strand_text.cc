#include "sdk/src/cli/strand_text.h"

#include "sdk/src/cli/event_text.h"

namespace reprise::internal {

std::vector<std::string> strand_lines(const replay::Execution& execution) {
  std::vector<std::string> lines;
  for (const std::string& wait : execution.waiting_for()) {
    lines.push_back("strand " + std::to_string(lines.size() + 1) + " waits for " + printable(wait));
  }
  if (lines.empty()) lines.emplace_back("no strand waits");
  return lines;
}

}  // namespace reprise::internal
