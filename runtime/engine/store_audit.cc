#include "runtime/engine/store_audit.h"

#include <algorithm>

#include "runtime/engine/row_key.h"
#include "runtime/engine/second_look.h"

namespace reprise::runtime {
namespace {

constexpr std::size_t kMostProblems = 1'000;

}  // namespace

StoreAudit::StoreAudit(Names& names, Progress progress, Verified verified, RowSeen row)
    : names_(names),
      progress_(std::move(progress)),
      verified_(std::move(verified)),
      archive_(names, verified_),
      row_(std::move(row)) {}

base::Status StoreAudit::run(const std::string& directory, store::InspectMode mode) {
  auto inspected = store::inspect_store(directory, mode, *this);
  if (!inspected) return inspected.error();
  inspected_ = std::move(*inspected);
  if (!tail_) finish_archive();
  finish_journal();
  hold_overtaken(runs_, newest_runs(runs_), names_);
  if (uuid_ != inspected_.uuid) problem("the archive is that of another store than FORMAT says");
  return {};
}

bool StoreAudit::sound() const {
  return problems_.empty() && std::none_of(runs_.begin(), runs_.end(),
                                           [](const auto& entry) { return entry.second.damaged; });
}

void StoreAudit::problem(const std::string& what) {
  if (problems_.size() < kMostProblems) problems_.push_back(what);
}

void StoreAudit::note(const std::string& what) {
  if (notes_.size() < kMostProblems) notes_.push_back(what);
}

void StoreAudit::reading(const std::string& place) {
  if (progress_) progress_(place);
}

// The archive's digests show what its pages have lost. In the journal anything may be lost.
void StoreAudit::damaged(const std::string& place, const std::string& what) {
  if (place.find("journal") != std::string::npos) lost_records_ = true;
  problem(place + ": " + what);
}

void StoreAudit::archive_entry(std::string_view table,
                               std::string_view key,
                               std::string_view value) {
  for (std::size_t i = 0; i < store::kArchiveTables; ++i) {
    if (table == store::kArchiveTableNames[i]) digests_[i].add(key, value);
  }
  if (table == store::kRowsTable) take_row(key, value);
  if (table == "meta" && key == store::kRowsState) rows_state_ = value;
  if (table == "meta" && key == "state") state_ = value;
  if (table == "meta" && key == "uuid") uuid_ = value;
  if (table == "meta" && key == store::kTokenKeyEntry) {
    token_key_ = store::unseal_token_key(value);
    if (!token_key_) problem("the key of the tokens does not verify: no token is accepted");
  }
  archive_.take(table, key, value);
}

// ---- tables -----------------------------------------------------------------------------------

void StoreAudit::take_row(std::string_view key, std::string_view stored) {
  rows_digest_.add(key, stored);
  const auto value = store::unseal_row(key, stored);
  if (!value) {
    lost_rows_ = true;
    return problem("a row of table '" + std::string(table_of_row(key)) + "' does not verify");
  }
  ++rows_;
  if (row_) row_(key, std::string(*value));
}

void StoreAudit::check_rows() {
  const auto state =
      rows_state_.empty() ? store::RowsState() : store::RowsState::decode(rows_state_, uuid_);
  if (!state) {
    lost_rows_ = true;
    return problem("the state of the tables does not verify: rows may be missing");
  }
  if (state->lost_at != 0) {
    note("record " + std::to_string(state->lost_at) +
         " was damaged before its changes of tables were made: rows may be missing or old");
  }
  const bool differ = state->digest != rows_digest_;
  if (differ && !lost_rows_) problem("the tables do not hold the rows that were written to them");
  lost_rows_ = lost_rows_ || differ || state->lost_at != 0;
  lost_rows_at_ = state->lost_at;
}

void StoreAudit::take_changes(const store::Record& record) {
  if (verified_) verified_(record);
  if (!row_) return;
  for (auto& [key, value] : changes_of(record.body)) row_(key, value);
}

void StoreAudit::finish_archive() {
  archive_.finish();
  check_rows();
  records_ = archive_.records();
  runs_ = archive_.take_runs();
  const bool some_damaged = std::any_of(runs_.begin(), runs_.end(),
                                        [](const auto& entry) { return entry.second.damaged; });
  const auto state = store::ArchiveState::decode(state_, uuid_);
  through_ = state ? state->through : archive_.newest();
  if (!state) problem("the archive's state does not verify");
  // If all chunks are there, they say where a history ends; so do the summaries.
  const auto verifies = [&](store::ArchiveTable table) {
    return state && state->digests[table] == digests_[table];
  };
  histories_complete_ = verifies(store::kChunks) || verifies(store::kSummaries);
  if (archive_.newest() > through_) {
    problem("the archive has records after the last one that it counts");
    through_ = archive_.newest();
  }
  if (state && state->digests != digests_ && !some_damaged) {
    problem(
        "the archive does not hold what was written to it, and nothing says which runs that is");
  }
  tail_.emplace(runs_, names_, through_, state ? state->next_run : 1,
                [this](const store::Record& record) { take_changes(record); });
}

void StoreAudit::journal_record(store::Seq seq, std::string_view bytes) {
  if (!tail_) finish_archive();
  if (first_ == 0) first_ = seq;
  if (last_ != 0 && seq <= last_) return problem("the journal's keys are not in order");
  last_ = seq;
  if (seq <= through_) return;  // the archive has it, and has been verified
  const std::uint64_t before = tail_->records();
  const base::Status taken = tail_->take(seq, bytes);
  const bool verifies = tail_->records() != before;
  if (!verifies &&
      may_change_tables(bytes.substr(std::min(bytes.size(), store::kRecordHeaderBytes)))) {
    lost_rows_ = true;
    if (lost_rows_at_ == 0) lost_rows_at_ = seq;
    note("changes of tables by record " + std::to_string(seq) +
         ", if it has any, are not made: rows may be missing or old");
  }
  if (taken) return;
  lost_records_ = true;
  problem(taken.error().message);
}

void StoreAudit::finish_journal() {
  records_ += tail_->records();
  const auto behind = [this](const std::string& what) {
    lost_records_ = true;
    problem(what);
  };
  if (first_ > through_ + 1) behind("the archive is older than the journal");
  // Beside an engine the archive is read at a later moment than the journal's records.
  if (std::max(last_, inspected_.journal_last) < through_) {
    behind("the journal is older than the archive");
  }
  if (last_ < inspected_.witnessed) {
    behind("the journal ends with record " + std::to_string(last_) + " and once had record " +
           std::to_string(inspected_.witnessed));
  }
}

}  // namespace reprise::runtime
