// A store left by a version that could not read some of its own records: it quarantined their run,
// and archived it so.
#pragma once
#include <string>
#include <unordered_set>
#include <vector>

#include "proto/log.pb.h"
#include "proto/parse.h"
#include "runtime/engine/archive_slice.h"
#include "store/store.h"
#include "tests/unit/store/builders.h"

namespace reprise::testing {

struct Quarantined {
  std::vector<proto::Turn> turns;  // of run 1, all of them archived
  // The record that it could not read. If it is the first record, the version did not know the
  // names either, and the archive does not list the run under its id. If it is after the last, a
  // repair has cut the run short.
  store::Seq damaged_at = 0;
  std::vector<proto::Turn> newer{};  // of run 2, likewise
};

// As a repair leaves it, whatever its last turn was.
inline void cut_short(const Quarantined& run, store::SummaryUpdate* update) {
  proto::RunSummary summary;
  (void)proto::parse(update->summary, &summary);
  summary.set_status(static_cast<std::uint32_t>(runtime::RunStatus::kRunning));
  summary.set_damaged_at(run.damaged_at);
  update->summary = summary.SerializeAsString();
  update->add_key = runtime::index_key(runtime::RunStatus::kRunning);
  update->add_second_key.clear();
}

// Puts it into a new store.
inline base::Status archive_quarantined(store::Store& store, const Quarantined& run) {
  store::RecordMaker maker;
  std::vector<std::string> records;
  for (const proto::Turn& turn : run.turns) {
    records.push_back(maker.make(1, turn.SerializeAsString()));
  }
  for (const proto::Turn& turn : run.newer) {
    records.push_back(maker.make(2, turn.SerializeAsString()));
  }
  base::Status done = store::append(store.journal(), store::batch_of(1, records), records.size());
  runtime::Names names;
  const bool unreadable = run.damaged_at <= run.turns.size();
  const runtime::DamagedRecords damaged{{unreadable ? run.damaged_at : 0, {1}}};
  const std::unordered_set<store::RunNumber> without_changes;
  runtime::ArchiveSlice slice(store.archive(), names, damaged, without_changes);
  for (std::size_t i = 0; i < records.size() && done; ++i) done = slice.add(i + 1, records[i]);
  if (!done) return done;
  store::ArchiveBatch batch = slice.take(run.newer.empty() ? 2 : 3);
  if (!unreadable) cut_short(run, batch.summaries.data());
  return store.archive().commit(batch);
}

}  // namespace reprise::testing
