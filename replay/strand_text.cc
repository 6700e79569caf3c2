#include "replay/strand_text.h"

#include <utility>

#include "base/place.h"

namespace reprise::replay {
namespace {

enum class Places { kLeftOut, kShown };

std::string at(base::CallSite site, Places places) {
  if (places == Places::kLeftOut || site.line == 0) return {};
  return " at " + base::place_text(site.short_file(), site.line);
}

std::string what_it_waits_for(const StrandRecord& strand, Places places) {
  std::string line;
  for (const Operation* operation : strand.waits_for) {
    line += (line.empty() ? "" : " or ") + std::string(to_string(operation->kind())) + " " +
            operation->label + at(operation->site, places);
    if (operation->state() == Operation::State::kCancelAsked) line += " (cancel requested)";
  }
  if (!strand.on_condition) return line;
  return line + (line.empty() ? "" : " or ") + "a condition" + at(strand.condition_site, places);
}

}  // namespace

std::vector<std::string> lines_of_waits(const Scheduler& scheduler) {
  std::vector<std::string> lines;
  for (const auto& strand : scheduler.strands()) {
    auto line = what_it_waits_for(*strand, Places::kShown);
    if (!line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<StrandStatus> status_of_strands(const Scheduler& scheduler) {
  std::vector<StrandStatus> all;
  for (const auto& strand : scheduler.strands()) {
    all.push_back(
        {strand->number, what_it_waits_for(*strand, Places::kLeftOut), strand->strand.stack()});
  }
  return all;
}

}  // namespace reprise::replay
