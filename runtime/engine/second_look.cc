#include "runtime/engine/second_look.h"

#include <algorithm>

#include "runtime/engine/run_fields.h"
#include "runtime/fold/chain.h"
#include "runtime/visibility/keys.h"

namespace reprise::runtime {

bool reaches(const RunState& folded, store::Seq damaged_at) {
  return folded.last_seq >= damaged_at;
}

base::Result<std::optional<RunState>> second_look(const store::Archive& archive,
                                                  store::RunNumber number,
                                                  store::Seq damaged_at,
                                                  Names& names) {
  std::optional<RunState> state(std::in_place);
  state->number = number;
  Chain chain(names);
  const base::Status read = archive.history(number, [&](std::string_view records) {
    const ChainFault fault = chain.take_all(records, &*state, [](const store::Record&) {});
    if (fault != ChainFault::kNone) state.reset();
    return base::go_on_if(state.has_value());
  });
  if (!read && read.error().code != base::ErrorCode::kStoreDamaged) return read.error();
  if (!read || (state && !reaches(*state, damaged_at))) state.reset();
  return state;
}

store::SummaryUpdate release(const RecoveredRun& run) {
  const RunState& state = run.state;
  proto::RunSummary summary;
  state.to_summary(&summary);
  store::SummaryUpdate update;
  update.run = state.number;
  update.workflow_id = state.workflow_id;
  update.summary = summary.SerializeAsString();
  // Those of the summary that it replaces, which may be another's, are not known. What they find is
  // compared with the filter, but for the status.
  update.add_fields = field_entries(summary);
  if (state.status == run.listed) return update;
  update.remove_key = index_key(run.listed);
  update.remove_fields = {visibility::status_entry(run.listed, state.started_ms)};
  update.add_key = index_key(state.status);
  if (!state.open()) update.add_second_key = closing_key(state.closed_ms());
  return update;
}

NewestOfId newest_runs(const RecoveredRuns& runs) {
  NewestOfId newest;
  for (const auto& [number, run] : runs) {
    const bool matters = run.damaged || run.released_from != 0;
    if (matters && !run.state.workflow_id.empty()) newest.emplace(run.state.workflow_id, 0);
  }
  if (newest.empty()) return newest;
  for (const auto& [number, run] : runs) {
    const auto found = newest.find(run.state.workflow_id);
    if (found != newest.end()) found->second = std::max(found->second, number);
  }
  return newest;
}

void hold_overtaken(RecoveredRuns& runs, const NewestOfId& newest, Names& names) {
  for (auto& [number, run] : runs) {
    if (run.released_from == 0 || run.damaged || !run.state.open()) continue;
    const store::RunNumber newer = newest.at(run.state.workflow_id);
    if (newer == number) continue;
    run.overtaken = true;
    run.quarantine(
        run.released_from,
        "run '" + run.state.id.to_string() +
            "' was quarantined by an earlier version, which could not read its name, and "
            "its id has been started again since (run number " +
            std::to_string(newer) +
            "); it stays quarantined, so that nothing is done twice: see what it has "
            "done, and terminate it by its run id",
        names);
  }
}

std::string released_text(const RecoveredRun& run) {
  return "run '" + run.state.workflow_id +
         "' was quarantined by an earlier version, which could not read record " +
         std::to_string(run.released_from) + "; all of its history verifies, and it goes on";
}

}  // namespace reprise::runtime
