#include "store/memory_archive.h"

#include "store/archive_keys.h"
#include "store/archive_state.h"

namespace reprise::store {

base::Status MemoryArchive::commit(const ArchiveBatch& batch) {
  const std::lock_guard lock(mutex_);
  for (const Chunk& chunk : batch.chunks) chunks_[chunk_key(chunk.run, chunk.last)] = chunk.records;
  for (const SummaryUpdate& update : batch.summaries) {
    summaries_[update.run] = update.summary;
    if (!update.workflow_id.empty()) ids_.insert(id_key(update.workflow_id, update.run));
  }
  KeyPool pool;
  for (const IndexChange& change : index_changes(batch, &pool)) {
    if (change.add) {
      index_.emplace(change.key);
    } else {
      index_.erase(std::string(change.key));
    }
  }
  if (fields_state_.version != 0) {
    for (const IndexChange& change : field_changes(batch, &pool)) {
      if (change.add) {
        fields_.emplace(change.key);
      } else {
        fields_.erase(std::string(change.key));
      }
    }
  }
  through_ = batch.through;
  next_run_ = batch.next_run;
  has_rows_ = has_rows_ || !batch.rows.empty();
  if (has_rows_ && rows_lost_at_ == 0) rows_lost_at_ = batch.rows_lost_at;
  if (batch.rows.empty()) return {};
  auto rows = std::make_shared<RowMap>(*rows_);
  for (const auto& [key, value] : batch.rows) {
    if (value) {
      (*rows)[key] = *value;
    } else {
      rows->erase(key);
    }
  }
  rows_ = std::move(rows);
  return {};
}

class MemoryArchive::MomentOfRows final : public Rows {
 public:
  MomentOfRows(std::shared_ptr<const RowMap> rows, Seq through)
      : rows_(std::move(rows)), through_(through), at_(rows_->end()) {}

  Seq through() const override { return through_; }
  base::Result<std::optional<std::string>> get(std::string_view key) override {
    const auto found = rows_->find(key);
    return found == rows_->end() ? std::optional<std::string>() : found->second;
  }
  base::Result<std::optional<RowView>> seek(std::string_view from) override {
    at_ = rows_->lower_bound(from);
    return here();
  }
  base::Result<std::optional<RowView>> next() override {
    if (at_ != rows_->end()) ++at_;
    return here();
  }

 private:
  std::optional<RowView> here() const {
    if (at_ == rows_->end()) return std::nullopt;
    return RowView{at_->first, at_->second};
  }

  const std::shared_ptr<const RowMap> rows_;
  const Seq through_;
  RowMap::const_iterator at_;
};

base::Result<std::unique_ptr<Rows>> MemoryArchive::rows() const {
  const std::lock_guard lock(mutex_);
  return std::unique_ptr<Rows>(std::make_unique<MomentOfRows>(rows_, through_));
}

base::Result<Seq> MemoryArchive::rows_lost_at() const {
  const std::lock_guard lock(mutex_);
  return rows_lost_at_;
}

base::Status MemoryArchive::remove(const std::vector<RunRemoval>& runs) {
  const std::lock_guard lock(mutex_);
  KeyPool pool;
  for (const RunRemoval& removal : runs) {
    chunks_.erase(chunks_.lower_bound(run_key(removal.run)),
                  chunks_.lower_bound(run_key(removal.run + 1)));
    summaries_.erase(removal.run);
    ids_.erase(id_key(removal.workflow_id, removal.run));
    for (const std::string& key : removal.keys) index_.erase(index_key(key, removal.run));
    for (const std::string& key : removal.fields)
      fields_.erase(std::string(field_key(key, removal.run, &pool)));
  }
  return {};
}

base::Result<std::optional<TokenKey>> MemoryArchive::token_key() const {
  const std::lock_guard lock(mutex_);
  return token_key_;
}

base::Status MemoryArchive::set_token_key(const TokenKey& key) {
  const std::lock_guard lock(mutex_);
  token_key_ = key;
  return {};
}

base::Result<std::uint64_t> MemoryArchive::live_bytes() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t bytes = 0;
  for (const auto& [key, records] : chunks_) bytes += key.size() + records.size();
  for (const auto& [run, summary] : summaries_) bytes += sizeof run + summary.size();
  for (const auto& [key, value] : *rows_) bytes += key.size() + value.size();
  for (const Keys* keys : {&ids_, &index_, &fields_}) {
    for (const std::string& key : *keys) bytes += key.size();
  }
  return bytes;
}

base::Result<Seq> MemoryArchive::through() const {
  const std::lock_guard lock(mutex_);
  return through_;
}

base::Result<RunNumber> MemoryArchive::next_run() const {
  const std::lock_guard lock(mutex_);
  return next_run_;
}

base::Result<std::optional<std::string>> MemoryArchive::summary(RunNumber run) const {
  const std::lock_guard lock(mutex_);
  const auto found = summaries_.find(run);
  return found == summaries_.end() ? std::optional<std::string>() : found->second;
}

// The first key at or after `at`; descending: the last before it (empty: of all).
std::optional<std::string> MemoryArchive::next(const Keys& keys,
                                               std::string_view at,
                                               bool descending) const {
  const std::lock_guard lock(mutex_);
  auto found = descending && at.empty() ? keys.end() : keys.lower_bound(at);
  if (descending) {
    if (found == keys.begin()) return std::nullopt;
    --found;
  }
  return found == keys.end() ? std::optional<std::string>() : *found;
}

base::Result<std::optional<RunNumber>> MemoryArchive::find(
    std::string_view workflow_id,
    base::FunctionRef<bool(RunNumber run, std::string_view summary)> is_it) const {
  const std::string prefix = id_prefix(workflow_id);
  std::string at = prefix;
  while (const auto key = next(ids_, at, false)) {
    if (!key->starts_with(prefix)) break;
    at = *key + '\0';
    if (key->size() != prefix.size() + 8) continue;  // a longer id with a zero byte in it
    const RunNumber run = run_of_id_key(*key);
    const auto candidate = *summary(run);  // none: removed meanwhile
    if (candidate && is_it(run, *candidate)) return std::optional(run);
  }
  return std::optional<RunNumber>();
}

base::Status MemoryArchive::list(std::string_view prefix,
                                 std::string_view after,
                                 bool descending,
                                 base::Visitor<std::string_view, RunNumber> visit) const {
  std::string at(prefix);
  if (descending) at = behind_prefix(prefix);
  if (!after.empty()) at = after;
  while (const auto full_key = next(index_, at, descending)) {
    if (!full_key->starts_with(prefix)) break;
    const std::string_view key = callers_key(*full_key);
    const bool skipped = !after.empty() && key == after;
    at = descending ? *full_key : *full_key + '\0';
    if (skipped) continue;
    if (const base::Visited seen = visit(key, run_of_index_key(*full_key)); !seen.goes_on())
      return seen.status();
  }
  return {};
}

base::Status MemoryArchive::history(RunNumber run,
                                    Seq after,
                                    base::Visitor<std::string_view> visit) const {
  const std::string prefix = run_key(run);
  std::string at = chunk_key(run, after + 1);
  while (true) {
    std::string records;
    {
      const std::lock_guard lock(mutex_);
      const auto chunk = chunks_.lower_bound(at);
      if (chunk == chunks_.end() || !chunk->first.starts_with(prefix)) return {};
      at = chunk->first + '\0';
      records = chunk->second;
    }
    if (const base::Visited seen = visit(records); !seen.goes_on()) return seen.status();
  }
}

base::Status MemoryArchive::visit(EntryVisitor visit) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, records] : chunks_) visit(kArchiveTableNames[kChunks], key, records);
  for (const auto& key : ids_) visit(kArchiveTableNames[kIds], key, {});
  for (const auto& key : index_) visit(kArchiveTableNames[kIndex], key, {});
  for (const auto& [run, summary] : summaries_) {
    visit(kArchiveTableNames[kSummaries], run_key(run), seal_summary(run, summary));
  }
  for (const auto& [key, value] : *rows_) visit(kRowsTable, key, seal_row(key, value));
  return {};
}

}  // namespace reprise::store
