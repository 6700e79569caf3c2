#include "replay/report_lines.h"

#include <algorithm>

#include "base/printable_text.h"
#include "replay/user_frames.h"

namespace reprise::replay {

std::string report_line(std::string_view label, std::string_view text) {
  std::string made = "  ";
  made += label;
  made.resize(std::max(kReportLabelWidth, made.size()), ' ');
  made += base::printable_text(text);
  return made += '\n';
}

std::string run_text(std::string_view workflow,
                     std::string_view workflow_id,
                     std::string_view run_id) {
  std::string text = "workflow '" + base::printable_text(workflow);
  text += "', run " + base::printable_text(workflow_id);
  text += " (";
  text += run_id;
  return text += ")";
}

std::string stack_lines(const StrandStatus& strand, base::Symbols& symbols) {
  const auto frames = user_frames(strand.frames, symbols);
  if (frames.empty()) return {};  // its function has returned
  std::string title = "strand " + std::to_string(strand.number);
  if (!strand.waits_for.empty()) title += ", waits for " + strand.waits_for;
  std::string lines = report_line("stack", title);
  for (const base::Symbol& frame : frames) lines += report_line("", to_string(frame));
  return lines;
}

}  // namespace reprise::replay
