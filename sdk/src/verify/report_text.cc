#include "sdk/src/verify/report_text.h"

#include <algorithm>
#include <utility>

#include "base/printable_text.h"
#include "base/shell_word.h"

namespace reprise {
namespace internal {
namespace {

constexpr std::size_t kLabelWidth = 22;
constexpr std::size_t kPlaceColumn = 54;

std::string line(std::string_view label, std::string_view text) {
  std::string made = "  ";
  made += label;
  made.resize(std::max(kLabelWidth, made.size() + 1), ' ');
  made += base::printable_text(text);
  return made += '\n';
}

std::string runs(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " run" : " runs");
}

std::string side(std::string_view label,
                 const std::string& what,
                 const std::string& at,
                 std::string_view verb) {
  std::string text = line(label, what.empty() ? "nothing" : what);
  if (at.empty()) return text;
  text.pop_back();
  text.resize(std::max(kPlaceColumn, text.size() + 1), ' ');
  return text += std::string(verb) + base::printable_text(at) + "\n";
}

std::string indented(const std::string& text) {
  std::string made;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    made += "      " + base::printable_text(text.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return made;
}

std::string examples(const VerifyGroup& group) {
  std::string text;
  for (const VerifyExample& example : group.examples) {
    text += (text.empty() ? "" : ", ") + base::printable_text(example.workflow_id);
    if (example.event != 0) text += " (event " + std::to_string(example.event) + ")";
  }
  const std::uint64_t more = group.runs - group.examples.size();
  return more == 0 ? text : text + " and " + std::to_string(more) + " more";
}

std::string both_sides(const VerifyGroup& group) {
  if (group.recorded.empty() && group.attempted.empty()) {
    return line("the report", group.report.substr(0, group.report.find('\n')));
  }
  return side("the log says", group.recorded, group.recorded_at, "recorded at ") +
         side("the code now does", group.attempted, group.attempted_at, "at ");
}

std::string text_of(const VerifyGroup& group, const std::string& replay) {
  const bool unreadable = group.what == "unreadable" || group.what == "quarantined";
  std::string text = "\n" + runs(group.runs) + " of workflow '" +
                     base::printable_text(group.workflow) + "'" + ": " + group.what + " (" +
                     group.code + ")\n";
  text += both_sides(group);
  text += line(group.runs == 1 ? "which" : "such as", examples(group));
  if (!unreadable)
    text +=
        line("look at one", replay + " --run " + base::shell_word(group.examples[0].workflow_id));
  if (!group.edit.empty()) {
    text += line("to keep them going", group.edit_at.empty() ? "" : "at " + group.edit_at);
    text += indented(group.edit);
  }
  if (!group.note.empty()) text += line("", group.note);
  return text;
}

std::string text_of(const VerifyPatch& patch) {
  std::string counts = std::to_string(patch.old_branch) + " on the old branch, " +
                       std::to_string(patch.new_branch + patch.deprecated) + " on the new one";
  if (patch.deprecated > 0) counts += " (" + std::to_string(patch.deprecated) + " deprecated)";
  if (patch.unmarked > 0) counts += ", " + std::to_string(patch.unmarked) + " without its event";
  return "\nchange '" + base::printable_text(patch.change_id) + "' of workflow '" +
         base::printable_text(patch.workflow) + "': " + counts + "\n  " + patch.advice() + "\n";
}

std::string text_of(const VerifyGivenUp& given_up) {
  return "\nworkflow '" + base::printable_text(given_up.workflow) +
         "': " + std::to_string(given_up.strands) +
         (given_up.strands == 1 ? " strand swallows" : " strands swallow") +
         " what unwinds a run that leaves memory (RP2011), and stays there: its runs go on\n" +
         indented(given_up.report);
}

std::string skipped(const VerifyReport& report) {
  std::string text;
  for (const auto& [queue, count] : report.other_task_queues) {
    text += line("not checked", std::to_string(count) + " on task queue '" + queue +
                                    "', which this worker does not serve");
  }
  const std::pair<std::uint64_t, std::string_view> others[] = {
      {report.quarantined, " damaged and quarantined: no code runs them"},
      {report.ended, " ended meanwhile"},
      {report.beyond_limit, " beyond the limit"}};
  for (const auto& [count, why] : others) {
    if (count > 0) text += line("not checked", std::to_string(count) + std::string(why));
  }
  return text;
}

std::string verdict(const VerifyReport& report) {
  switch (report.exit_status()) {
    case 0:
      return report.checked == 0 ? "\nno run to check\n" : "\nsafe to deploy\n";
    case 1:
      return "\ndo not deploy: " + runs(report.diverged) + " would be parked\n";
    default:
      return "\ndo not deploy: " + runs(report.unreadable) + " could not be checked\n";
  }
}

}  // namespace

std::string report_text(const VerifyReport& report,
                        const std::string& store,
                        const std::string& replay) {
  std::string text = base::printable_text(store) + ": " + runs(report.checked) + " checked\n";
  text += line("safe", std::to_string(report.safe));
  text += line("diverge", std::to_string(report.diverged));
  if (report.unreadable > 0) text += line("unreadable", std::to_string(report.unreadable));
  text += skipped(report);
  for (const VerifyGroup& group : report.groups) text += text_of(group, replay);
  for (const VerifyPatch& patch : report.patches) text += text_of(patch);
  for (const VerifyGivenUp& given_up : report.given_up) text += text_of(given_up);
  return text + verdict(report);
}

}  // namespace internal

std::string VerifyPatch::advice() const {
  const std::string id = "(\"" + base::printable_text(change_id) + "\")";
  const std::string recorded = internal::runs(new_branch) + " recorded ctx.patched" + id;
  if (deprecating && old_branch > 0) {
    return "too early: go back to if (ctx.patched" + id + "), " + internal::runs(old_branch) +
           " took the old branch";
  }
  if (deprecating) {
    return new_branch > 0 ? "keep ctx.deprecate_patch" + id + ": " + recorded
                          : "ctx.deprecate_patch" + id + " can be removed";
  }
  if (!asked) {
    return new_branch > 0 ? "put ctx.deprecate_patch" + id + " back: " + recorded
                          : "removed, and no run misses it";
  }
  if (old_branch > 0)
    return "keep both branches: the old one is taken by " + internal::runs(old_branch);
  if (diverged > 0) return "keep both branches until no run of the workflow diverges";
  return "the old branch can go: ctx.deprecate_patch" + id + " in the place of ctx.patched" + id;
}

int VerifyReport::exit_status() const {
  if (diverged > 0) return 1;
  return unreadable > 0 ? 2 : 0;
}

}  // namespace reprise
