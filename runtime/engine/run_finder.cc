#include "runtime/engine/run_finder.h"

#include <utility>

#include "proto/parse.h"

namespace reprise::runtime {
namespace {

base::Error no_such_run(const RunKey& key) {
  std::string what = "there is no run with workflow id '" + key.workflow_id + "'";
  if (key.run_id) what += " and run id " + key.run_id->to_string();
  return {base::ErrorCode::kNotFound, what + " in this store"};
}

bool is_it(const RunState& state, const RunKey& key) {
  return state.workflow_id == key.workflow_id && (!key.run_id || state.id == *key.run_id);
}

}  // namespace

KnownRun* RunFinder::find(const RunKey& key) const {
  return key.run_id ? runs_.find(key.workflow_id, *key.run_id) : runs_.find(key.workflow_id);
}

base::Result<RunState> RunFinder::find_archived(const RunKey& key) const {
  const store::Archive& archive = shared_.store->archive();
  std::optional<RunState> state;
  const auto found = archive.find(key.workflow_id, [&](store::RunNumber number, std::string_view bytes) {
    proto::RunSummary summary;
    if (!proto::parse(bytes, &summary)) return false;
    state = RunState::from_summary(number, summary, names_);
    return is_it(*state, key);
  });
  if (!found) return found.error();
  if (!*found) return no_such_run(key);
  return std::move(*state);
}

// A closed run that is removed while its history is read looks damaged, but is not.
base::Error RunFinder::unless_removed(const RunKey& key, const base::Error& error) const {
  if (error.code != base::ErrorCode::kStoreDamaged) return error;
  const auto through = shared_.store->archive().through();
  // The archive may have removed a run that is not forgotten here yet.
  const KnownRun* known = find(key);
  if (known != nullptr && (!through || known->state.last_seq > *through)) return error;
  const auto archived = find_archived(key);
  return archived ? error : archived.error();
}

base::Result<KnownRun*> RunFinder::find_open(const RunKey& key) const {
  KnownRun* run = find(key);
  if (run != nullptr && run->damaged) return *run->extras->parked;
  if (run != nullptr && run->state.open()) return run;
  if (run == nullptr) {
    if (const auto archived = find_archived(key); !archived) return archived.error();
  }
  return base::Error{base::ErrorCode::kRunClosed,
                     "run '" + key.workflow_id + "' has ended; describe it to see how"};
}

}  // namespace reprise::runtime
