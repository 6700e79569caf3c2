#include "sdk/src/verify/patch_tally.h"

namespace reprise::internal {

void PatchTally::add(const std::string& workflow,
                     const proto::History& history,
                     const runtime::HistoryReplay& replay) {
  if (replay.execution() == nullptr) return;  // there is no code to speak of
  Runs& runs = runs_[workflow];
  ++runs.all;
  runs.diverged += replay.trouble() == nullptr ? 0 : 1;
  std::map<std::string_view, bool> markers;  // change id, deprecated
  for (const proto::Turn& turn : history.turns()) {
    for (const proto::Event& command : turn.commands()) {
      if (!command.has_patch_recorded()) continue;
      markers.emplace(command.patch_recorded().change_id(), command.patch_recorded().deprecated());
    }
  }
  for (const auto& [id, deprecated] : markers) {
    VerifyPatch& patch = patches_[{workflow, std::string(id)}];
    ++(deprecated ? patch.deprecated : patch.new_branch);
  }
  for (const auto& [id, answer] : replay.execution()->patches()) {
    VerifyPatch& patch = patches_[{workflow, id}];
    patch.asked = patch.asked || answer.asked;
    patch.deprecating = patch.deprecating || answer.deprecated;
    // A run without the event that did not act as the new branch does took the old one.
    const bool old = !answer.taken || (answer.unmarked() && replay.trouble() != nullptr);
    if (old && !markers.contains(id)) ++patch.old_branch;
  }
}

void PatchTally::merge(const PatchTally& other) {
  for (const auto& [workflow, runs] : other.runs_) {
    runs_[workflow].all += runs.all;
    runs_[workflow].diverged += runs.diverged;
  }
  for (const auto& [key, more] : other.patches_) {
    VerifyPatch& patch = patches_[key];
    patch.old_branch += more.old_branch;
    patch.new_branch += more.new_branch;
    patch.deprecated += more.deprecated;
    patch.asked = patch.asked || more.asked;
    patch.deprecating = patch.deprecating || more.deprecating;
  }
}

std::vector<VerifyPatch> PatchTally::list() const {
  std::vector<VerifyPatch> all;
  for (const auto& [key, counted] : patches_) {
    VerifyPatch patch = counted;
    patch.workflow = key.first;
    patch.change_id = key.second;
    const Runs& runs = runs_.at(key.first);
    patch.unmarked = runs.all - patch.old_branch - patch.new_branch - patch.deprecated;
    patch.diverged = runs.diverged;
    all.push_back(std::move(patch));
  }
  return all;
}

}  // namespace reprise::internal
