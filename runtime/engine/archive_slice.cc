#include "runtime/engine/archive_slice.h"

#include <algorithm>

namespace reprise::runtime {
base::Result<ArchiveSlice::Gathered*> ArchiveSlice::gather(const store::Record& record) {
  const auto [place, added] = runs_.try_emplace(record.run);
  Gathered& run = place->second;
  if (!added) return &run;
  run.state.number = record.run;
  run.is_new = record.first();
  if (run.is_new) return &run;
  const auto stored = archive_.summary(record.run);
  if (!stored) return stored.error();
  proto::RunSummary summary;
  if (!*stored || !summary.ParseFromString(**stored)) {
    run.state.damaged_at = record.seq;
    return &run;
  }
  run.state = RunState::from_summary(record.run, summary, names_);
  run.archived_status = run.state.status;
  return &run;
}

base::Status ArchiveSlice::add(const store::Record& record, std::string_view encoded) {
  const auto gathered = gather(record);
  if (!gathered) return gathered.error();
  Gathered& run = **gathered;
  run.records += encoded;
  run.last = record.seq;
  through_ = record.seq;
  bytes_ += encoded.size();
  fold(record, &run);
  return {};
}

// A record that does not follow from the run's earlier ones is archived as it is, so that one
// damaged run does not hold up the others; its summary stays where it was, and whoever reads the
// history is told.
void ArchiveSlice::fold(const store::Record& record, Gathered* run) {
  if (run->state.damaged_at != 0) return;
  arena_.reset();
  proto::Turn* turn = arena_.make();
  if (!store::verify_record(record, run->state.chain) ||
      !turn->ParseFromArray(record.body.data(), static_cast<int>(record.body.size()))) {
    run->state.damaged_at = record.seq;
    return;
  }
  run->state.apply(*turn, names_);
  run->state.last_seq = record.seq;
  run->state.chain = record.chain;
}

store::ArchiveBatch ArchiveSlice::take(store::RunNumber next_run) {
  store::ArchiveBatch batch;
  batch.through = through_;
  batch.next_run = next_run;
  std::vector<Gathered*> in_order;
  in_order.reserve(runs_.size());
  for (auto& [number, run] : runs_) in_order.push_back(&run);
  std::sort(in_order.begin(), in_order.end(),
            [](const auto* a, const auto* b) { return a->state.number < b->state.number; });
  batch.chunks.reserve(runs_.size());
  batch.summaries.reserve(runs_.size());
  proto::RunSummary summary;
  for (Gathered* gathered : in_order) {
    Gathered& run = *gathered;
    batch.chunks.push_back({run.state.number, run.last, std::move(run.records)});
    store::SummaryUpdate update;
    update.run = run.state.number;
    summary.Clear();
    run.state.to_summary(&summary);
    update.summary = summary.SerializeAsString();
    if (run.is_new) update.workflow_id = run.state.workflow_id;
    if (run.is_new || run.archived_status != run.state.status) {
      update.add_key = index_key(run.state.status);
      if (!run.is_new) update.remove_key = index_key(run.archived_status);
      if (!run.state.open()) update.add_second_key = closing_key(run.state.closed_ms);
    }
    batch.summaries.push_back(std::move(update));
  }
  return batch;
}

}  // namespace reprise::runtime
