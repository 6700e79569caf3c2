// A store as a version left it that could not read some of its own records: it set their run aside,
// and archived it so.
#pragma once
#include <string>
#include <vector>

#include "proto/log.pb.h"
#include "runtime/engine/run_state.h"
#include "store/store.h"
#include "tests/unit/store/builders.h"

namespace reprise::testing {

struct Quarantined {
  std::vector<proto::Turn> turns;  // of run 1, all of them archived
  store::Seq damaged_at = 0;       // the record that it could not read: the summary ends before it
  bool names_are_lost = false;     // it could not read the summary either, and wrote another one
};

inline proto::RunSummary summary_of(const Quarantined& run) {
  runtime::Names names;
  runtime::RunState state;
  state.number = 1;
  store::RecordMaker maker;
  for (std::size_t i = 0; i < run.turns.size() && i + 1 < run.damaged_at; ++i) {
    const std::string record = maker.make(1, run.turns[i].SerializeAsString());
    std::size_t size = 0;
    state.apply(run.turns[i], names);
    state.last_seq = i + 1;
    state.chain = store::decode_record(record, &size)->chain;
  }
  proto::RunSummary summary;
  if (!run.names_are_lost) state.to_summary(&summary);
  summary.set_status(static_cast<std::uint32_t>(runtime::RunStatus::kRunning));
  summary.set_damaged_at(run.damaged_at);
  return summary;
}

// Puts it into a new store.
inline base::Status archive_quarantined(store::Store& store, const Quarantined& run) {
  store::RecordMaker maker;
  store::ArchiveBatch batch;
  batch.through = run.turns.size();
  batch.next_run = 2;
  batch.chunks.push_back({.run = 1, .last = run.turns.size(), .records = {}});
  std::vector<std::string> records;
  for (const proto::Turn& turn : run.turns) {
    records.push_back(maker.make(1, turn.SerializeAsString()));
    batch.chunks[0].records += records.back();
  }
  const auto appended = store::append(store.journal(), store::batch_of(1, records), batch.through);
  if (!appended) return appended;
  batch.summaries.push_back({.run = 1,
                             .workflow_id = run.turns[0].inputs(0).run_started().workflow_id(),
                             .summary = summary_of(run).SerializeAsString(),
                             .add_key = runtime::index_key(runtime::RunStatus::kRunning),
                             .remove_key = {}});
  return store.archive().commit(batch);
}

}  // namespace reprise::testing
