#include "store/lmdb_archive.h"

#include <utility>

#include "store/archive_keys.h"
#include "store/lmdb_cursor.h"
#include "store/lmdb_entries.h"
#include "store/lmdb_walk.h"
#include "store/sort_by_key.h"

namespace reprise::store {
namespace {

constexpr std::string_view kMetaTable = "meta";
constexpr std::string_view kState = "state";
constexpr std::string_view kUuid = "uuid";

}  // namespace

base::Result<std::unique_ptr<LmdbArchive>> LmdbArchive::open(const LmdbOptions& options,
                                                             std::string_view uuid,
                                                             std::uint64_t verify_bytes) {
  LmdbOptions with_tables = options;
  with_tables.tables = kLmdbTables;
  auto env = LmdbEnv::open(with_tables);
  if (!env) return env.error();
  std::unique_ptr<LmdbArchive> archive(new LmdbArchive(std::move(*env)));
  if (options.create) {
    archive->uuid_ = uuid;
    const auto token_key = new_token_key();
    if (!token_key) {
      return base::Error{base::ErrorCode::kStoreIo, "the system gives no random bytes"};
    }
    const auto created = archive->env_->write([&](MDB_txn* txn) {
      int code = archive->open_tables(txn, MDB_CREATE);
      if (code == 0) code = archive->put_meta(txn, kUuid, uuid);
      if (code == 0) code = archive->put_meta(txn, kTokenKeyEntry, seal_token_key(*token_key));
      if (code == 0) code = archive->write_state(txn, {});
      return code;
    });
    if (!created) return created.error();
    return archive;
  }
  if (auto verified = archive->verify(verify_bytes); !verified) return verified.error();
  return archive;
}

// Runs before LMDB reads anything but the meta pages. The state with which the tables are compared
// comes from the same walk: an engine in another process may commit at any time.
base::Status LmdbArchive::verify(std::uint64_t verify_bytes) {
  TableDigests found;
  std::string beside;  // the state, as it is stored
  std::string beside_rows;
  std::string beside_fields;
  TableDigest found_rows;
  TableDigest found_fields;
  const auto whole = env_->verify_pages(
      verify_bytes, [&](std::string_view table, std::string_view key, std::string_view value) {
        for (std::size_t i = 0; i < kArchiveTables; ++i) {
          if (table == kArchiveTableNames[i]) found[i].add(key, value);
        }
        if (table == kRowsTable) found_rows.add(key, value);
        if (table == kFieldsTable) found_fields.add(key, value);
        if (table == kMetaTable && key == kState) beside = value;
        if (table == kMetaTable && key == kRowsState) beside_rows = value;
        if (table == kMetaTable && key == kFieldsTable) beside_fields = value;
      });
  if (!whole) return whole.error();
  const auto opened = env_->open_tables([&](MDB_txn* txn) { return open_tables(txn, 0); });
  if (!opened) return opened;
  auto stored_uuid = meta(kUuid);
  if (!stored_uuid) return stored_uuid.error();
  uuid_ = std::move(*stored_uuid);
  if (const auto read = state(); !read) return read.error();
  if (!*whole) return {};
  const auto state_of_walk = ArchiveState::decode(beside, uuid_);
  content_verifies_ = state_of_walk && state_of_walk->digests == found;
  const auto rows_of_walk =
      beside_rows.empty() ? RowsState() : RowsState::decode(beside_rows, uuid_);
  rows_verify_ = rows_of_walk && rows_of_walk->digest == found_rows;
  const auto fields_of_walk =
      beside_fields.empty() ? StoredFields() : StoredFields::decode(beside_fields, uuid_);
  fields_verify_ = fields_of_walk && fields_of_walk->digest == found_fields;
  return {};
}

int LmdbArchive::open_tables(MDB_txn* txn, unsigned flags) {
  int code = mdb_dbi_open(txn, "chunks", flags, &chunks_);
  if (code == 0) code = mdb_dbi_open(txn, "summaries", flags, &summaries_);
  if (code == 0) code = mdb_dbi_open(txn, "ids", flags, &ids_);
  if (code == 0) code = mdb_dbi_open(txn, "index", flags, &index_);
  if (code == 0) code = mdb_dbi_open(txn, kMetaTable.data(), flags, &meta_);
  if (code != 0 || flags != 0) return code;
  code = mdb_dbi_open(txn, kRowsTable.data(), 0, &rows_);
  has_rows_ = code == 0;
  if (code != 0 && code != MDB_NOTFOUND) return code;
  code = mdb_dbi_open(txn, kFieldsTable.data(), 0, &fields_);
  has_fields_ = code == 0;
  return code == MDB_NOTFOUND ? 0 : code;
}

base::Status LmdbArchive::commit(const ArchiveBatch& batch) {
  bool made_table = false;
  const base::Status written = env_->write([&](MDB_txn* txn) {
    ArchiveState state;
    int code = read_state(txn, &state);
    if (code == 0) code = put_chunks(txn, batch, &state.digests[kChunks]);
    if (code == 0) code = put_summaries(txn, batch, &state.digests[kSummaries]);
    if (code == 0) code = put_ids(txn, batch, &state.digests[kIds]);
    if (code == 0) code = update_index(txn, batch, &state.digests[kIndex]);
    state.through = batch.through;
    state.next_run = batch.next_run;
    if (code == 0) code = write_state(txn, state);
    if (code == 0) code = update_fields(txn, batch);
    if (code == 0) code = put_rows(txn, batch, &made_table);
    return code;
  });
  if (written && made_table) has_rows_ = true;
  return written;
}

int LmdbArchive::read_state(MDB_txn* txn, ArchiveState* state) const {
  MDB_val key = lmdb_val(kState);
  MDB_val value{};
  if (const int code = mdb_get(txn, meta_, &key, &value); code != 0) return code;
  const auto decoded = ArchiveState::decode(bytes_of(value), uuid_);
  if (!decoded) return MDB_CORRUPTED;
  *state = *decoded;
  return 0;
}

int LmdbArchive::write_state(MDB_txn* txn, const ArchiveState& state) {
  return put_meta(txn, kState, state.encode(uuid_));
}

int LmdbArchive::put_meta(MDB_txn* txn, std::string_view key, std::string_view value) {
  MDB_val stored_key = lmdb_val(key);
  MDB_val stored = lmdb_val(value);
  return mdb_put(txn, meta_, &stored_key, &stored, 0);
}

int LmdbArchive::put_chunks(MDB_txn* txn, const ArchiveBatch& batch, TableDigest* digest) {
  KeyPool pool;
  std::vector<Entry> entries;
  entries.reserve(batch.chunks.size());
  for (const Chunk& chunk : batch.chunks) {
    entries.push_back({pool.keep(chunk_key(chunk.run, chunk.last)), chunk.records});
  }
  return put_entries(txn, chunks_, entries, digest);
}

int LmdbArchive::put_summaries(MDB_txn* txn, const ArchiveBatch& batch, TableDigest* digest) {
  KeyPool pool;
  std::vector<std::string> sealed;
  std::vector<Entry> entries;
  sealed.reserve(batch.summaries.size());
  entries.reserve(batch.summaries.size());
  for (const SummaryUpdate& update : batch.summaries) {
    sealed.push_back(seal_summary(update.run, update.summary));
    entries.push_back({pool.keep(run_key(update.run)), sealed.back()});
  }
  return put_entries(txn, summaries_, entries, digest);
}

int LmdbArchive::put_ids(MDB_txn* txn, const ArchiveBatch& batch, TableDigest* digest) {
  KeyPool pool;
  std::vector<Entry> entries;
  entries.reserve(batch.summaries.size());
  for (const SummaryUpdate& update : batch.summaries) {
    if (update.workflow_id.empty()) continue;
    entries.push_back({pool.keep(id_key(update.workflow_id, update.run)), {}});
  }
  sort_by_key(&entries);
  return put_entries(txn, ids_, entries, digest);
}

int LmdbArchive::update_index(MDB_txn* txn, const ArchiveBatch& batch, TableDigest* digest) {
  KeyPool pool;
  const std::vector<IndexChange> changes = index_changes(batch, &pool);
  std::vector<Entry> added;
  added.reserve(changes.size());
  for (const IndexChange& change : changes) {
    if (change.add) {
      added.push_back({change.key, {}});
      continue;
    }
    if (const int code = remove_entry(txn, index_, change.key, digest); code != 0) return code;
  }
  return put_entries(txn, index_, added, digest);
}

base::Status LmdbArchive::remove(const std::vector<RunRemoval>& runs) {
  return env_->write([&](MDB_txn* txn) {
    ArchiveState state;
    int code = read_state(txn, &state);
    for (const RunRemoval& removal : runs) {
      if (code == 0) code = remove_run(txn, removal, &state.digests);
    }
    if (code == 0) code = write_state(txn, state);
    if (code == 0) code = remove_fields(txn, runs);
    return code;
  });
}

int LmdbArchive::remove_run(MDB_txn* txn, const RunRemoval& removal, TableDigests* digests) {
  TableDigests& of = *digests;
  int code = remove_chunks(txn, removal.run, &of[kChunks]);
  if (code == 0) code = remove_entry(txn, summaries_, run_key(removal.run), &of[kSummaries]);
  if (code == 0) {
    code = remove_entry(txn, ids_, id_key(removal.workflow_id, removal.run), &of[kIds]);
  }
  for (const std::string& key : removal.keys) {
    if (code == 0) code = remove_entry(txn, index_, index_key(key, removal.run), &of[kIndex]);
  }
  return code;
}

// Repositions after each deletion: cursors of LMDB 0.9.24 can be wrong after several in a row.
int LmdbArchive::remove_chunks(MDB_txn* txn, RunNumber run, TableDigest* digest) {
  LmdbCursor cursor;
  int code = cursor.open(txn, chunks_);
  const std::string prefix = run_key(run);
  while (code == 0) {
    MDB_val key = lmdb_val(prefix);
    MDB_val value{};
    code = mdb_cursor_get(cursor.get(), &key, &value, MDB_SET_RANGE);
    if (code == 0 && !bytes_of(key).starts_with(prefix)) break;
    if (code != 0) break;
    digest->remove(bytes_of(key), bytes_of(value));
    code = mdb_cursor_del(cursor.get(), 0);
  }
  return code == MDB_NOTFOUND ? 0 : code;
}

base::Result<std::uint64_t> LmdbArchive::live_bytes() const {
  std::uint64_t bytes = 0;
  std::vector<MDB_dbi> tables{chunks_, summaries_, ids_, index_, meta_};
  if (has_rows_) tables.push_back(rows_);  // asked before the transaction begins
  if (has_fields_) tables.push_back(fields_);
  const auto done = env_->read([&](MDB_txn* txn) {
    for (const MDB_dbi table : tables) {
      MDB_stat stat{};
      if (const int code = mdb_stat(txn, table, &stat); code != 0) return code;
      bytes += stat.ms_psize * (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages);
    }
    return 0;
  });
  if (!done) return done.error();
  return bytes;
}

int LmdbArchive::through_in(MDB_txn* snapshot, Seq* through) const {
  ArchiveState state;
  const int code = read_state(snapshot, &state);
  *through = state.through;
  return code;
}

base::Result<std::string> LmdbArchive::meta(std::string_view key) const {
  std::string bytes;
  const auto done = env_->read([&](MDB_txn* txn) {
    MDB_val stored_key = lmdb_val(key);
    MDB_val value{};
    const int code = mdb_get(txn, meta_, &stored_key, &value);
    if (code == 0) bytes = bytes_of(value);
    return code;
  });
  if (!done) return done.error();
  return bytes;
}

base::Result<ArchiveState> LmdbArchive::state() const {
  ArchiveState state;
  const auto done = env_->read([&](MDB_txn* txn) { return read_state(txn, &state); });
  if (!done) return done.error();
  return state;
}

base::Result<Seq> LmdbArchive::through() const {
  const auto read = state();
  if (!read) return read.error();
  return read->through;
}
base::Result<RunNumber> LmdbArchive::next_run() const {
  const auto read = state();
  if (!read) return read.error();
  return read->next_run;
}
base::Status LmdbArchive::visit(EntryVisitor visit) const {
  const auto walked = env_->verify_pages(~std::uint64_t{0}, visit);
  if (!walked) return walked.error();
  return {};
}
base::Result<std::string> LmdbArchive::uuid() const {
  return meta(kUuid);
}

base::Result<std::optional<std::string>> LmdbArchive::summary(RunNumber run) const {
  std::optional<std::string> found;
  bool damaged = false;
  const auto done = env_->read([&](MDB_txn* txn) {
    const std::string bytes = run_key(run);
    MDB_val key = lmdb_val(bytes);
    MDB_val value{};
    const int code = mdb_get(txn, summaries_, &key, &value);
    if (code != 0) return code == MDB_NOTFOUND ? 0 : code;
    if (const auto summary = unseal_summary(run, bytes_of(value))) {
      found = *summary;
    } else {
      damaged = true;
    }
    return 0;
  });
  if (!done) return done.error();
  if (!damaged) return found;
  return base::Error{base::ErrorCode::kStoreDamaged,
                     "the summary of run number " + std::to_string(run) +
                         " does not verify; restore the store from a backup"};
}

base::Result<std::optional<RunNumber>> LmdbArchive::find(
    std::string_view workflow_id,
    base::FunctionRef<bool(RunNumber run, std::string_view summary)> is_it) const {
  const std::string prefix = id_prefix(workflow_id);
  LmdbWalk walk(*env_, ids_, LmdbWalk::Order::kAscending);
  int code = walk.seek(prefix);
  for (; code == 0 && walk.key().starts_with(prefix); code = walk.step()) {
    if (walk.key().size() != prefix.size() + 8) continue;  // a longer id with a zero byte in it
    const RunNumber run = run_of_id_key(walk.key());
    const auto candidate = summary(run);
    if (!candidate) return candidate.error();
    if (!*candidate) {
      // An id comes and goes together with its run's summary: removed since the walk saw it?
      const auto still_there = has_id(walk.key());
      if (!still_there) return still_there.error();
      if (*still_there) return env_->error(MDB_CORRUPTED, "read");
      continue;
    }
    if (is_it(run, **candidate)) return std::optional(run);
  }
  if (code != 0 && code != MDB_NOTFOUND) return env_->error(code, "read");
  return std::optional<RunNumber>();
}

base::Result<bool> LmdbArchive::has_id(std::string_view key) const {
  int code = 0;
  const auto done = env_->read([&](MDB_txn* txn) {
    MDB_val stored_key = lmdb_val(key);
    MDB_val value{};
    code = mdb_get(txn, ids_, &stored_key, &value);
    return code == MDB_NOTFOUND ? 0 : code;
  });
  if (!done) return done.error();
  return code == 0;
}

base::Status LmdbArchive::list(std::string_view prefix,
                               std::string_view after,
                               bool descending,
                               base::Visitor<std::string_view, RunNumber> visit) const {
  using Order = LmdbWalk::Order;
  LmdbWalk walk(*env_, index_, descending ? Order::kDescending : Order::kAscending);
  const std::string start(!after.empty() ? after
                          : descending   ? std::string_view(behind_prefix(prefix))
                                         : prefix);
  int code = walk.seek(start);
  for (; code == 0 && walk.key().starts_with(prefix); code = walk.step()) {
    if (walk.key().size() < 8) return env_->error(MDB_CORRUPTED, "read");
    const std::string_view key = callers_key(walk.key());
    if (!after.empty() && key == after) continue;
    const RunNumber run = run_of_index_key(walk.key());
    if (const base::Visited seen = visit(key, run); !seen.goes_on()) return seen.status();
  }
  if (code != 0 && code != MDB_NOTFOUND) return env_->error(code, "read");
  return {};
}

base::Status LmdbArchive::history(RunNumber run,
                                  Seq after,
                                  base::Visitor<std::string_view> visit) const {
  const std::string prefix = run_key(run);
  LmdbWalk walk(*env_, chunks_, LmdbWalk::Order::kAscending);
  int code = walk.seek(chunk_key(run, after + 1));
  for (; code == 0 && walk.key().starts_with(prefix); code = walk.step()) {
    if (const base::Visited seen = visit(walk.value()); !seen.goes_on()) return seen.status();
  }
  if (code != 0 && code != MDB_NOTFOUND) return env_->error(code, "read");
  return {};
}

}  // namespace reprise::store
