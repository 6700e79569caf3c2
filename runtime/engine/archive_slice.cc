#include "runtime/engine/archive_slice.h"

#include <algorithm>

#include "proto/parse.h"
#include "runtime/engine/row_key.h"
#include "runtime/engine/run_fields.h"

namespace reprise::runtime {
base::Result<ArchiveSlice::Gathered*> ArchiveSlice::gather(store::RunNumber number) {
  const auto [place, added] = runs_.try_emplace(number);
  Gathered& run = place->second;
  if (!added) return &run;
  run.state.number = number;
  const auto stored = archive_.summary(number);
  if (!stored && stored.error().code != base::ErrorCode::kStoreDamaged) return stored.error();
  run.is_new = stored && !*stored;
  if (run.is_new) return &run;
  proto::RunSummary summary;
  if (!stored || !proto::parse(**stored, &summary)) {
    run.state.set_damaged_at(through_ + 1);
    return &run;
  }
  run.state = RunState::from_summary(number, summary, names_);
  run.archived_status = run.state.status;
  run.archived_attributes = attribute_entries_of(summary);
  run.archived_started_ms = summary.started_ms();
  return &run;
}

// For a run's first record, which needs no look into the archive.
ArchiveSlice::Gathered* ArchiveSlice::gather_new(store::RunNumber number) {
  const auto [place, added] = runs_.try_emplace(number);
  if (added) {
    place->second.state.number = number;
    place->second.is_new = true;
  }
  return &place->second;
}

base::Status ArchiveSlice::add(store::Seq seq, std::string_view encoded) {
  if (const auto known = damaged_.find(seq); known != damaged_.end()) {
    return add_damaged(seq, encoded, known->second);
  }
  std::size_t consumed = 0;
  const auto record = store::decode_record(encoded, &consumed);
  if (!record) return record.error();
  const base::Result<Gathered*> gathered =
      record->first() ? gather_new(record->run) : gather(record->run);
  if (!gathered) return gathered.error();
  Gathered& run = **gathered;
  // Records after a damaged one are archived as they are, so that one damaged run does not hold up
  // the others; its summary stays as it was, and readers of the history get an error.
  if (run.state.damaged_at() == 0 &&
      (record->seq != seq || chain_.take(*record, &run.state) != ChainFault::kNone)) {
    return base::Error{base::ErrorCode::kStoreDamaged,
                       "record " + std::to_string(seq) +
                           " of the journal was damaged while the store was open; open it again, "
                           "and the run that it belongs to is quarantined"};
  }
  const Checkpointed* const checkpoint = run.state.checkpoint();
  if (checkpoint != nullptr && checkpoint->before.seq == record->previous && !run.records.empty()) {
    run.cut = run.records.size();
    run.cut_last = run.last;
  }
  // The same rule as when the store is opened, so that rows which were read do not change.
  if (run.state.damaged_at() != 0 || without_changes_.contains(record->run)) {
    note_lost_rows(seq, record->body);
  } else {
    for (auto& [key, value] : changes_of(record->body)) {
      rows_.insert_or_assign(key, std::move(value));
    }
  }
  run.records += encoded;
  run.last = seq;
  through_ = seq;
  bytes_ += encoded.size();
  return {};
}

// What a record changes that does not verify, or that follows on one, is not known to be right.
void ArchiveSlice::note_lost_rows(store::Seq seq, std::string_view body) {
  if (rows_lost_at_ == 0 && may_change_tables(body)) rows_lost_at_ = seq;
}

// The record is archived at its place in the history, without effect on the summary.
base::Status ArchiveSlice::add_damaged(store::Seq seq,
                                       std::string_view encoded,
                                       const std::vector<store::RunNumber>& owners) {
  std::size_t consumed = 0;
  const auto record = store::decode_record(encoded, &consumed);
  note_lost_rows(seq, record ? record->body : encoded);
  for (const store::RunNumber owner : owners) {
    const auto gathered = gather(owner);
    if (!gathered) return gathered.error();
    Gathered& run = **gathered;
    if (run.state.damaged_at() == 0) run.state.set_damaged_at(seq);
    if (owner != owners.front()) continue;
    run.records += encoded;
    run.last = seq;
  }
  through_ = seq;
  bytes_ += encoded.size();
  return {};
}

void ArchiveSlice::add_chunks(Gathered& run, std::vector<store::Chunk>* chunks) {
  if (run.records.empty()) return;
  if (run.cut != 0) {
    chunks->push_back({run.state.number, run.cut_last, run.records.substr(0, run.cut)});
    run.records.erase(0, run.cut);
  }
  chunks->push_back({run.state.number, run.last, std::move(run.records)});
}

store::ArchiveBatch ArchiveSlice::take(store::RunNumber next_run) {
  store::ArchiveBatch batch;
  batch.through = through_;
  batch.next_run = next_run;
  batch.rows = std::move(rows_);
  batch.rows_lost_at = rows_lost_at_;
  std::vector<Gathered*> in_order;
  in_order.reserve(runs_.size());
  for (auto& [number, run] : runs_) in_order.push_back(&run);
  std::sort(in_order.begin(), in_order.end(),
            [](const auto* a, const auto* b) { return a->state.number < b->state.number; });
  batch.chunks.reserve(runs_.size());
  batch.summaries.reserve(runs_.size());
  proto::RunSummary summary;
  std::set<std::string> names;
  for (Gathered* gathered : in_order) {
    Gathered& run = *gathered;
    add_chunks(run, &batch.chunks);
    store::SummaryUpdate update;
    update.run = run.state.number;
    summary.Clear();
    run.state.to_summary(&summary);
    update.summary = summary.SerializeAsString();
    if (run.is_new) update.workflow_id = run.state.workflow_id;
    if (run.is_new || run.archived_status != run.state.status) {
      update.add_key = index_key(run.state.status);
      if (!run.is_new) update.remove_key = index_key(run.archived_status);
      if (!run.state.open()) update.add_second_key = closing_key(run.state.closed_ms());
    }
    // A run whose summary could not be read has entries that nobody knows.
    const bool known = run.is_new || run.archived_status != RunStatus{};
    if (known) {
      set_field_changes(summary, run.is_new, run.archived_status, run.archived_started_ms,
                        run.archived_attributes, &update);
    }
    add_known_names(summary, &names);
    batch.summaries.push_back(std::move(update));
  }
  batch.add_fields.assign(names.begin(), names.end());
  return batch;
}

}  // namespace reprise::runtime
