#include "store/lmdb_archive.h"

#include <algorithm>

#include "store/archive_keys.h"
#include "store/bytes.h"
#include "store/copy_table.h"
#include "store/lmdb_walk.h"

namespace reprise::store {
namespace {

constexpr std::string_view kThrough = "through";
constexpr std::string_view kNextRun = "next_run";
constexpr std::string_view kUuid = "uuid";

struct Entry {
  std::string key;
  std::string_view value;
};

int last_key(MDB_txn* txn, MDB_dbi table, std::string* last) {
  MDB_cursor* cursor = nullptr;
  int code = mdb_cursor_open(txn, table, &cursor);
  if (code != 0) return code;
  MDB_val key{};
  MDB_val value{};
  code = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
  if (code == 0) *last = bytes_of(key);
  mdb_cursor_close(cursor);
  return code == MDB_NOTFOUND ? 0 : code;
}

// Entries should come in key order, so that each page is touched once. What lies behind the table's
// last key is appended: that fills pages to 96 % instead of 64-69 %.
int put_all(MDB_txn* txn, MDB_dbi table, const std::vector<Entry>& entries) {
  std::string last;
  int code = last_key(txn, table, &last);
  for (const Entry& entry : entries) {
    if (code != 0) return code;
    const bool behind_all = entry.key > last;
    MDB_val key = lmdb_val(entry.key);
    MDB_val value = lmdb_val(entry.value);
    code = mdb_put(txn, table, &key, &value, behind_all ? MDB_APPEND : 0);
    if (behind_all) last = entry.key;
  }
  return code;
}

int remove_entry(MDB_txn* txn, MDB_dbi table, std::string_view key) {
  MDB_val stored_key = lmdb_val(key);
  const int code = mdb_del(txn, table, &stored_key, nullptr);
  return code == MDB_NOTFOUND ? 0 : code;
}

}  // namespace

base::Result<std::unique_ptr<LmdbArchive>> LmdbArchive::open(const LmdbOptions& options,
                                                             std::string_view uuid) {
  LmdbOptions with_tables = options;
  with_tables.tables = 5;
  auto env = LmdbEnv::open(with_tables);
  if (!env) return env.error();
  std::unique_ptr<LmdbArchive> archive(new LmdbArchive(std::move(*env)));
  const auto opened =
      options.create
          ? archive->env_->write([&](MDB_txn* txn) {
              int code = archive->open_tables(txn, MDB_CREATE);
              if (code == 0) code = archive->write_meta(txn, 0, 1);
              if (code == 0) code = put_all(txn, archive->meta_, {{std::string(kUuid), uuid}});
              return code;
            })
          : archive->env_->open_tables([&](MDB_txn* txn) { return archive->open_tables(txn, 0); });
  if (!opened) return opened.error();
  return archive;
}

int LmdbArchive::open_tables(MDB_txn* txn, unsigned flags) {
  int code = mdb_dbi_open(txn, "chunks", flags, &chunks_);
  if (code == 0) code = mdb_dbi_open(txn, "summaries", flags, &summaries_);
  if (code == 0) code = mdb_dbi_open(txn, "ids", flags, &ids_);
  if (code == 0) code = mdb_dbi_open(txn, "index", flags, &index_);
  if (code == 0) code = mdb_dbi_open(txn, "meta", flags, &meta_);
  return code;
}

base::Status LmdbArchive::commit(const ArchiveBatch& batch) {
  return env_->write([&](MDB_txn* txn) {
    int code = put_chunks(txn, batch);
    if (code == 0) code = put_summaries(txn, batch);
    if (code == 0) code = put_ids(txn, batch);
    if (code == 0) code = update_index(txn, batch);
    if (code == 0) code = write_meta(txn, batch.through, batch.next_run);
    return code;
  });
}

int LmdbArchive::write_meta(MDB_txn* txn, Seq through, RunNumber next_run) {
  char through_bytes[8];
  char next_run_bytes[8];
  store_le(through, through_bytes);
  store_le(next_run, next_run_bytes);
  return put_all(
      txn, meta_,
      {{std::string(kNextRun), {next_run_bytes, 8}}, {std::string(kThrough), {through_bytes, 8}}});
}

int LmdbArchive::put_chunks(MDB_txn* txn, const ArchiveBatch& batch) {
  std::vector<Entry> entries;
  entries.reserve(batch.chunks.size());
  for (const Chunk& chunk : batch.chunks) {
    entries.push_back({chunk_key(chunk.run, chunk.last), chunk.records});
  }
  return put_all(txn, chunks_, entries);
}

int LmdbArchive::put_summaries(MDB_txn* txn, const ArchiveBatch& batch) {
  std::vector<Entry> entries;
  entries.reserve(batch.summaries.size());
  for (const SummaryUpdate& update : batch.summaries) {
    entries.push_back({run_key(update.run), update.summary});
  }
  return put_all(txn, summaries_, entries);
}

int LmdbArchive::put_ids(MDB_txn* txn, const ArchiveBatch& batch) {
  std::vector<Entry> entries;
  for (const SummaryUpdate& update : batch.summaries) {
    if (!update.workflow_id.empty())
      entries.push_back({id_key(update.workflow_id, update.run), {}});
  }
  const auto by_key = [](const Entry& a, const Entry& b) { return a.key < b.key; };
  if (!std::is_sorted(entries.begin(), entries.end(), by_key)) {
    std::sort(entries.begin(), entries.end(), by_key);
  }
  return put_all(txn, ids_, entries);
}

int LmdbArchive::update_index(MDB_txn* txn, const ArchiveBatch& batch) {
  std::vector<Entry> added;
  const std::vector<IndexChange> changes = index_changes(batch);
  for (const IndexChange& change : changes) {
    if (change.add) {
      added.push_back({change.key, {}});
      continue;
    }
    if (const int code = remove_entry(txn, index_, change.key); code != 0) return code;
  }
  return put_all(txn, index_, added);
}

base::Status LmdbArchive::remove(const std::vector<RunRemoval>& runs) {
  return env_->write([&](MDB_txn* txn) {
    for (const RunRemoval& removal : runs) {
      if (const int code = remove_run(txn, removal); code != 0) return code;
    }
    return 0;
  });
}

int LmdbArchive::remove_run(MDB_txn* txn, const RunRemoval& removal) {
  int code = remove_chunks(txn, removal.run);
  if (code == 0) code = remove_entry(txn, summaries_, run_key(removal.run));
  if (code == 0) code = remove_entry(txn, ids_, id_key(removal.workflow_id, removal.run));
  for (const std::string& key : removal.keys) {
    if (code == 0) code = remove_entry(txn, index_, index_key(key, removal.run));
  }
  return code;
}

// Repositions after each deletion: cursors of LMDB 0.9.24 can be wrong after several in a row.
int LmdbArchive::remove_chunks(MDB_txn* txn, RunNumber run) {
  MDB_cursor* cursor = nullptr;
  int code = mdb_cursor_open(txn, chunks_, &cursor);
  if (code != 0) return code;
  const std::string prefix = run_key(run);
  while (code == 0) {
    MDB_val key = lmdb_val(prefix);
    MDB_val value{};
    code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    if (code == 0 && !bytes_of(key).starts_with(prefix)) break;
    if (code == 0) code = mdb_cursor_del(cursor, 0);
  }
  mdb_cursor_close(cursor);
  return code == MDB_NOTFOUND ? 0 : code;
}

base::Result<std::uint64_t> LmdbArchive::live_bytes() const {
  std::uint64_t bytes = 0;
  const auto done = env_->read([&](MDB_txn* txn) {
    for (const MDB_dbi table : {chunks_, summaries_, ids_, index_, meta_}) {
      MDB_stat stat{};
      if (const int code = mdb_stat(txn, table, &stat); code != 0) return code;
      bytes += stat.ms_psize * (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages);
    }
    return 0;
  });
  if (!done) return done.error();
  return bytes;
}

base::Status LmdbArchive::copy_to(LmdbArchive& target, MDB_txn* snapshot) const {
  const std::pair<MDB_dbi, MDB_dbi> tables[] = {{chunks_, target.chunks_},
                                                {summaries_, target.summaries_},
                                                {ids_, target.ids_},
                                                {index_, target.index_}};
  for (const auto& [from, to] : tables) {
    auto copied = copy_table({*env_, snapshot, from}, {}, {*target.env_, to});
    if (!copied) return copied;
  }
  Seq through = 0;
  RunNumber next_run = 0;
  int code = through_in(snapshot, &through);
  if (code == 0) code = number_in(snapshot, kNextRun, &next_run);
  if (code != 0) return env_->error(code, "read");
  return target.env_->write(
      [&](MDB_txn* txn) { return target.write_meta(txn, through, next_run); });
}

int LmdbArchive::through_in(MDB_txn* snapshot, Seq* through) const {
  return number_in(snapshot, kThrough, through);
}

int LmdbArchive::number_in(MDB_txn* txn, std::string_view key, std::uint64_t* number) const {
  MDB_val stored_key = lmdb_val(key);
  MDB_val value{};
  const int code = mdb_get(txn, meta_, &stored_key, &value);
  if (code != 0) return code;
  if (value.mv_size != sizeof *number) return MDB_CORRUPTED;
  *number = load_le<std::uint64_t>(static_cast<const char*>(value.mv_data));
  return 0;
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

base::Result<std::uint64_t> LmdbArchive::meta_number(std::string_view key) const {
  std::uint64_t number = 0;
  const auto done = env_->read([&](MDB_txn* txn) { return number_in(txn, key, &number); });
  if (!done) return done.error();
  return number;
}

base::Result<Seq> LmdbArchive::through() const {
  return meta_number(kThrough);
}
base::Result<RunNumber> LmdbArchive::next_run() const {
  return meta_number(kNextRun);
}
base::Result<std::string> LmdbArchive::uuid() const {
  return meta(kUuid);
}

base::Result<std::optional<std::string>> LmdbArchive::summary(RunNumber run) const {
  std::optional<std::string> found;
  const auto done = env_->read([&](MDB_txn* txn) {
    const std::string bytes = run_key(run);
    MDB_val key = lmdb_val(bytes);
    MDB_val value{};
    const int code = mdb_get(txn, summaries_, &key, &value);
    if (code == 0) found = bytes_of(value);
    return code == MDB_NOTFOUND ? 0 : code;
  });
  if (!done) return done.error();
  return found;
}

base::Result<std::optional<RunNumber>> LmdbArchive::find(
    std::string_view workflow_id, base::FunctionRef<bool(std::string_view summary)> is_it) const {
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
    if (is_it(**candidate)) return std::optional(run);
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

base::Status LmdbArchive::list(
    std::string_view prefix,
    std::string_view after,
    bool descending,
    base::FunctionRef<bool(std::string_view key, RunNumber run)> visit) const {
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
    if (!visit(key, run_of_index_key(walk.key()))) return {};
  }
  if (code != 0 && code != MDB_NOTFOUND) return env_->error(code, "read");
  return {};
}

base::Status LmdbArchive::history(RunNumber run,
                                  base::FunctionRef<bool(std::string_view records)> visit) const {
  const std::string prefix = run_key(run);
  LmdbWalk walk(*env_, chunks_, LmdbWalk::Order::kAscending);
  int code = walk.seek(prefix);
  for (; code == 0 && walk.key().starts_with(prefix); code = walk.step()) {
    if (!visit(walk.value())) return {};
  }
  if (code != 0 && code != MDB_NOTFOUND) return env_->error(code, "read");
  return {};
}

}  // namespace reprise::store
