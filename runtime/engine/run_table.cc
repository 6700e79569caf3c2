#include "runtime/engine/run_table.h"

#include <algorithm>
#include <utility>

namespace reprise::runtime {
namespace {

std::uint32_t hash_of(store::RunNumber number) {
  // Fibonacci hashing: the high half of the product depends on every bit of the number.
  return static_cast<std::uint32_t>((number * 0x9e3779b97f4a7c15) >> 32);
}

std::uint32_t hash_of(std::string_view workflow_id) {
  // The low bits have chosen the shard, so within one they are much alike.
  return static_cast<std::uint32_t>(base::hash64(workflow_id) >> 32);
}

}  // namespace

void KnownRun::drop_empty_extras() {
  if (extras == nullptr) return;
  const bool empty =
      extras->watches.empty() && !extras->started && extras->replies.empty() &&
      extras->updates.empty() && extras->untaken.empty() && extras->when_told.empty() &&
      !extras->parked.has_value() && extras->unsent == nullptr && extras->operations.empty() &&
      extras->transaction == nullptr && extras->held == nullptr && extras->held_timers.empty();
  if (empty) extras = nullptr;
}

bool KnownRun::paused() const {
  const proto::Turn* gathered = turn;
  if (gathered == nullptr && extras != nullptr) gathered = extras->held.get();
  return gathered == nullptr ? state.is_paused() : is_paused_by(*gathered, state.is_paused());
}

bool KnownRun::holds_updates() const {
  if (extras == nullptr) return false;
  const auto& updates = extras->updates;
  return std::any_of(updates.begin(), updates.end(),
                     [](const UpdateReply& update) { return update.held != nullptr; });
}

RunTable::~RunTable() {
  by_number_.for_each([this](KnownRun& run) { runs_.destroy(&run); });
}

KnownRun& RunTable::add(RunState state) {
  KnownRun* run = runs_.make();
  run->state = std::move(state);
  by_number_.add(hash_of(run->state.number), run);
  const std::uint32_t id_hash = hash_of(run->state.workflow_id);
  run->older = newest(id_hash, run->state.workflow_id);
  if (run->older != nullptr) {
    by_id_.replace(id_hash, run->older, run);
  } else {
    by_id_.add(id_hash, run);
  }
  return *run;
}

KnownRun* RunTable::find(store::RunNumber number) const {
  return by_number_.find(hash_of(number),
                         [&](const KnownRun& run) { return run.state.number == number; });
}

void RunTable::prefetch(store::RunNumber number) const {
  by_number_.prefetch(hash_of(number));
}

const KnownRun* RunTable::guess(store::RunNumber number) const {
  return by_number_.find(hash_of(number), [](const KnownRun& /*any*/) { return true; });
}

KnownRun* RunTable::find(std::string_view workflow_id) const {
  return newest(hash_of(workflow_id), workflow_id);
}

KnownRun* RunTable::newest(std::uint32_t hash, std::string_view workflow_id) const {
  return by_id_.find(hash,
                     [&](const KnownRun& run) { return run.state.workflow_id == workflow_id; });
}

KnownRun* RunTable::find(std::string_view workflow_id, const base::RunId& run_id) const {
  KnownRun* run = find(workflow_id);
  while (run != nullptr && run->state.id != run_id) run = run->older;
  return run;
}

void RunTable::forget(KnownRun* run, store::Seq through) {
  const std::uint32_t id_hash = hash_of(run->state.workflow_id);
  if (!run->unlinked) {
    KnownRun* const first = newest(id_hash, run->state.workflow_id);
    if (first == run) {
      by_id_.remove(id_hash, run);
    } else {
      unlink(run, first, through);
    }
  }
  by_number_.remove(hash_of(run->state.number), run);
  runs_.destroy(run);
}

// Of a chain that continues a thousand times a second, thousands of runs are forgotten one after
// the other, the oldest first. The list of the id's runs is walked once for all of them.
void RunTable::unlink(KnownRun* run, KnownRun* newest, store::Seq through) {
  KnownRun* newer = newest;         // the one that refers to it
  KnownRun* last_to_stay = newest;  // those after it will be forgotten soon
  for (KnownRun* at = newest->older; at != nullptr; at = at->older) {
    if (at->older == run) newer = at;
    // The last record of one that has just ended is not with the writer yet.
    const bool archived = !at->state.open() && !at->appending && at->state.last_seq <= through;
    if (!archived || at->damaged || at->overtaken) last_to_stay = at;
  }
  for (KnownRun* gone = std::exchange(last_to_stay->older, nullptr); gone != nullptr;) {
    gone->unlinked = true;
    gone = std::exchange(gone->older, nullptr);
  }
  if (!run->unlinked) newer->older = run->older;
}

void RunTable::forget_archived(store::Seq through) {
  while (!changed_.empty() && changed_.front().first <= through) changed_.pop_front();
  for (std::size_t left = closed_.size(); left > 0; --left) {
    KnownRun* run = closed_.front();
    if (run->state.last_seq > through) return;
    closed_.pop_front();
    // Without the newest run of an id, the id would lead to an older one.
    const bool hides_older = run->older != nullptr && find(run->state.workflow_id) == run;
    const bool has_step_under_way = run->place != nullptr;
    // The archive does not know yet its id, nor that it has ended.
    if (hides_older || has_step_under_way || run->overtaken) {
      closed_.push_back(run);
    } else {
      forget(run, through);
    }
  }
}

}  // namespace reprise::runtime
