#include "runtime/engine/run_finder.h"

#include <set>
#include <utility>

#include "proto/parse.h"

namespace reprise::runtime {
namespace {

base::Error no_such_run(const RunKey& key) {
  std::string what = "there is no run with workflow id '" + key.workflow_id + "'";
  if (key.run_id) what += " and run id " + key.run_id->to_string();
  return {base::ErrorCode::kNotFound, what + " in this store"};
}

bool is_in_chain(const RunState& state, const RunKey& key, const base::RunId& first) {
  return state.workflow_id == key.workflow_id && state.first_of_chain() == first;
}

}  // namespace

KnownRun* RunFinder::find(const RunKey& key) const {
  if (!key.run_id) return runs_.find(key.workflow_id);
  return key.of_chain ? find_in_chain(key) : runs_.find(key.workflow_id, *key.run_id);
}

// The newest one: each run of a chain ends before the next one begins.
KnownRun* RunFinder::find_in_chain(const RunKey& key) const {
  KnownRun* run = runs_.find(key.workflow_id);
  if (run == nullptr || run->state.id == *key.run_id) return run;
  if (run->state.first_of_chain() == *key.run_id) return run;  // as asked by its starter
  const base::RunId first = first_of_chain(key);
  while (run != nullptr && run->state.first_of_chain() != first) run = run->older;
  // Then the archive has the newest one: an older one stays known if it is quarantined.
  if (run != nullptr && run->state.continued_to() != base::RunId()) return nullptr;
  return run;
}

// Of a run that nobody knows any more: it may have been the first one itself.
base::RunId RunFinder::first_of_chain(const RunKey& key) const {
  const KnownRun* const known = runs_.find(key.workflow_id, *key.run_id);
  if (known != nullptr) return known->state.first_of_chain();
  const auto archived = find_archived({key.workflow_id, key.run_id});
  return archived ? archived->first_of_chain() : *key.run_id;
}

base::Result<RunState> RunFinder::find_archived(const RunKey& key) const {
  if (key.run_id && key.of_chain) {
    const base::RunId first = first_of_chain(key);
    return find_archived(key,
                         [&](const RunState& state) { return is_in_chain(state, key, first); });
  }
  return find_archived(key, [&](const RunState& state) {
    return state.workflow_id == key.workflow_id && (!key.run_id || state.id == *key.run_id);
  });
}

template <class IsIt>
base::Result<RunState> RunFinder::find_archived(const RunKey& key, const IsIt& is_it) const {
  const store::Archive& archive = shared_.store->archive();
  std::optional<RunState> state;
  const auto found =
      archive.find(key.workflow_id, [&](store::RunNumber number, std::string_view bytes) {
        proto::RunSummary summary;
        if (!proto::parse(bytes, &summary)) return false;
        state = RunState::from_summary(number, summary, names_);
        return is_it(*state);
      });
  if (!found) return found.error();
  if (!*found) return no_such_run(key);
  return std::move(*state);
}

base::Result<std::optional<RunFinder::StartedBy>> RunFinder::started_by(
    const std::string& workflow_id, const std::string& request_id) const {
  std::optional<StartedBy> found;
  std::set<store::RunNumber> seen;  // the archive may have them, too
  const auto is_it = [&](const RunState& run) {
    if (!seen.insert(run.number).second) return false;
    if (run.workflow_id != workflow_id || run.terms() == nullptr) return false;
    if (run.terms()->request_id != request_id) return false;
    found = StartedBy{run.first_of_chain(), {}, run.last_seq};
    return true;
  };
  const auto enough = [&] { return seen.size() >= kRequestsLookBack; };
  for (const KnownRun* run = runs_.find(workflow_id); run != nullptr; run = run->older) {
    if (enough() || is_it(run->state)) break;
  }
  bool unreadable = false;
  if (!found && !enough()) {
    const auto searched = shared_.store->archive().find(
        workflow_id, [&](store::RunNumber number, std::string_view bytes) {
          proto::RunSummary summary;
          unreadable = !proto::parse(bytes, &summary);
          return unreadable || enough() || is_it(RunState::from_summary(number, summary, names_));
        });
    if (!searched) return searched.error();
  }
  if (unreadable) return base::Error{base::ErrorCode::kStoreDamaged, "a summary is not readable"};
  if (found) found->workflow = workflow_of({workflow_id, found->run_id});
  return found;
}

// Empty: it is not in the store any more.
std::string RunFinder::workflow_of(const RunKey& key) const {
  if (const KnownRun* const known = find(key); known != nullptr) return *known->state.workflow;
  const auto archived = find_archived(key);
  return archived ? *archived->workflow : std::string();
}

base::Error RunFinder::no_next(const RunState& run) {
  return {base::ErrorCode::kNotFound,
          "run '" + run.workflow_id + "' (" + run.id.to_string() + ") has continued as run " +
              run.continued_to().to_string() + ", which is not in this store any more"};
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
