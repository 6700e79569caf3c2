#include "replay/commands/patch.h"

#include "base/check.h"
#include "replay/execution_state.h"

namespace reprise::replay {

bool Execution::patched(std::string_view change_id, base::CallSite site) try {
  state_->core.enter();
  return state_->patches.patched(change_id, site);
} catch (const std::bad_alloc&) {
  out_of_memory();
}

void Execution::deprecate_patch(std::string_view change_id, base::CallSite site) try {
  state_->core.enter();
  state_->patches.deprecate(change_id, site);
} catch (const std::bad_alloc&) {
  out_of_memory();
}

const Patches& Execution::patches() const {
  return state_->patches.all();
}

bool PatchMarkers::patched(std::string_view change_id, base::CallSite site) {
  const auto [answer, first_time] = patches_.try_emplace(std::string(change_id));
  Patch& patch = answer->second;
  patch.asked = true;
  if (!first_time) return patch.taken;
  settle(&patch, change_id, false, site);
  return patch.taken = patch.marker.state() == Lifecycle::State::kSucceeded;
}

void PatchMarkers::deprecate(std::string_view change_id, base::CallSite site) {
  const auto [answer, first_time] = patches_.try_emplace(std::string(change_id));
  Patch& patch = answer->second;
  patch.deprecated = true;
  if (!first_time) return;
  patch.taken = true;
  settle(&patch, change_id, true, site);
  if (patch.unmarked()) run_.log.note_unmarked(change_id);
}

// Finds the marker in the log, or records it in a live turn.
void PatchMarkers::settle(Patch* patch,
                          std::string_view change_id,
                          bool deprecated,
                          base::CallSite site) {
  run_.ask_for_marker(change_id);
  const bool found = run_.log.accept_marker(change_id);
  if (!found && !run_.log.replaying()) {
    auto* marker = run_.log.draft(site)->mutable_patch_recorded();
    marker->set_change_id(std::string(change_id));
    marker->set_deprecated(deprecated);
    run_.submit();
  }
  const bool is_there = found || !run_.log.replaying();
  REPRISE_CHECK(
      patch->marker.on(is_there ? Lifecycle::Trigger::kRecord : Lifecycle::Trigger::kDrop),
      "a change is asked about once");
}

}  // namespace reprise::replay
