// Those who wait for the end of a run.
#include <algorithm>
#include <utility>

#include "event/turn.h"
#include "runtime/engine/starts.h"
#include "runtime/engine/stored_run.h"

namespace reprise::runtime {
namespace {

// A result is that of the last run of the chain.
RunKey whole_chain(RunKey key) {
  key.of_chain = key.run_id.has_value();
  return key;
}

}  // namespace

void Starts::watch(const RunKey& asked, const std::shared_ptr<RunWatch>& watch) {
  const RunKey key = whole_chain(asked);
  KnownRun* run = parts_.finder.find(key);
  const bool waits = run != nullptr && run->damaged && watch->for_parent();
  if (run != nullptr && run->damaged && !waits) return watch->set(*run->extras->parked);
  if (run != nullptr && (run->state.open() || waits)) {
    run->with_extras().watches.push_back(watch);
    return;
  }
  // It has ended in this round.
  if (run != nullptr && run->has_unrecorded()) {
    return parts_.loading.when_in_log(*run, [this, key, watch] { this->watch(key, watch); });
  }
  if (run != nullptr) {
    if (run->parked()) return watch->set(*run->extras->parked);
    // Its end may not be durable yet.
    return parts_.effects.call_after(run->state.last_seq, [this, key, watch] {
      if (KnownRun* ended = parts_.finder.find(key); ended != nullptr) {
        read_end(ended->state, watch);
      } else {
        this->watch(key, watch);
      }
    });
  }
  const auto archived = parts_.finder.find_archived(key);
  if (!archived) return watch->set(archived.error());
  read_end(*archived, watch);
}

void Starts::unwatch(const RunKey& key, const std::shared_ptr<RunWatch>& watch) {
  KnownRun* run = parts_.finder.find(whole_chain(key));
  if (run == nullptr || run->extras == nullptr) return;
  auto& watches = run->extras->watches;
  watches.erase(std::remove(watches.begin(), watches.end(), watch), watches.end());
  run->drop_empty_extras();
}

void Starts::read_end(const RunState& state, const std::shared_ptr<RunWatch>& watch) const {
  if (state.continued_to() != base::RunId()) return watch->set(RunFinder::no_next(state));
  RunEnd end;
  const base::Status read = StoredRun(parts_.shared, state).history([&](const proto::Turn& turn) {
    if (event::closes(turn)) end = end_of(turn);
  });
  if (read) {
    watch->set(std::move(end));
  } else {
    watch->set(parts_.finder.unless_removed({state.workflow_id, state.id}, read.error()));
  }
}

}  // namespace reprise::runtime
