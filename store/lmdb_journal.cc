#include "store/lmdb_journal.h"

#include <algorithm>

#include "store/bytes.h"
#include "store/copy_table.h"
#include "store/lmdb_cursor.h"
#include "store/lmdb_walk.h"

namespace reprise::store {
namespace {

// A commit removes at most twice what it appends, so the journal shrinks under any load while no
// commit becomes long; with little or nothing to append, at most this many.
constexpr std::size_t kTrimAtLeast = 256;
constexpr std::size_t kTrimWhenIdle = 4096;

// Pages of the map reserved for trimming (at most a quarter of a small map): it copies some pages
// before it frees any, and a journal that cannot be trimmed would be full for ever.
constexpr std::size_t kPagesForTrimming = 64;

// `cursor` stays at the end of the table, so that LMDB need not look for it.
int append_batch(MDB_cursor* cursor, const RecordBatch& batch) {
  Seq seq = batch.first;
  std::uint32_t begin = 0;
  for (const std::uint32_t end : batch.ends) {
    MDB_val key{sizeof seq, &seq};
    MDB_val value = lmdb_val(std::string_view(batch.bytes).substr(begin, end - begin));
    const int code = mdb_cursor_put(cursor, &key, &value, MDB_APPEND);
    if (code != 0) return code;
    begin = end;
    ++seq;
  }
  return 0;
}

// Repositions after each deletion: cursors of LMDB 0.9.24 can be wrong after several in a row.
int remove_head(MDB_cursor* cursor, Seq through, std::size_t limit) {
  for (; limit > 0; --limit) {
    MDB_val key{};
    MDB_val value{};
    int code = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    if (code == MDB_NOTFOUND) return 0;
    if (code != 0) return code;
    if (load_le<Seq>(static_cast<const char*>(key.mv_data)) > through) return 0;
    code = mdb_cursor_del(cursor, 0);
    if (code != 0) return code;
  }
  return 0;
}

int trim(MDB_txn* txn, MDB_dbi table, Seq through, std::size_t limit) {
  LmdbCursor cursor;
  const int code = cursor.open(txn, table);
  return code != 0 ? code : remove_head(cursor.get(), through, limit);
}

// Keeps LMDB from treating the transaction as empty.
int change_nothing(MDB_txn* txn, MDB_dbi table, Seq last) {
  Seq seq = last + 1;
  MDB_val key{sizeof seq, &seq};
  MDB_val value = lmdb_val("x");
  const int code = mdb_put(txn, table, &key, &value, MDB_APPEND);
  return code != 0 ? code : mdb_del(txn, table, &key, nullptr);
}

// The pages of earlier transactions that LMDB may use again: each value of its table 0 begins with
// a count of pages.
int count_free_pages(MDB_txn* txn, std::size_t* pages) {
  LmdbCursor cursor;
  int code = cursor.open(txn, 0);
  MDB_val key{};
  MDB_val value{};
  while (code == 0 && (code = mdb_cursor_get(cursor.get(), &key, &value, MDB_NEXT)) == 0) {
    if (value.mv_size < sizeof(std::size_t)) return MDB_CORRUPTED;
    *pages += load_le<std::size_t>(static_cast<const char*>(value.mv_data));
  }
  return code == MDB_NOTFOUND ? 0 : code;
}

}  // namespace

base::Result<std::unique_ptr<LmdbJournal>> LmdbJournal::open(const LmdbOptions& options,
                                                             std::uint64_t verify_bytes) {
  auto env = LmdbEnv::open(options);
  if (!env) return env.error();
  if (!options.create) {
    const auto ignore = [](std::string_view, std::string_view, std::string_view) {};
    if (auto sound = (*env)->verify_pages(verify_bytes, ignore); !sound) return sound.error();
  }
  std::unique_ptr<LmdbJournal> journal(new LmdbJournal(std::move(*env)));
  if (auto opened = journal->open_table(options.create); !opened) return opened.error();
  auto last = journal->last();
  if (!last) return last.error();
  journal->last_ = *last;
  return journal;
}

// LMDB's unnamed table: a named one would cost each commit the page that names it.
base::Status LmdbJournal::open_table(bool create) {
  const auto open = [&](MDB_txn* txn) {
    return mdb_dbi_open(txn, nullptr, MDB_INTEGERKEY, &table_);
  };
  return create ? env_->write(open) : env_->open_tables(open);
}

base::Status LmdbJournal::append(const std::vector<const RecordBatch*>& batches, Seq trim_through) {
  std::size_t count = 0;
  for (const RecordBatch* batch : batches) {
    REPRISE_CHECK(batch->first == last_ + count + 1, "the journal has no gaps");
    count += batch->count();
  }
  auto committed = commit(batches, trim_through);
  // LMDB reuses a page at the earliest two transactions after the one that freed it.
  if (!committed && committed.error().code == base::ErrorCode::kStoreFull && just_trimmed_) {
    just_trimmed_ = false;
    const auto passed =
        env_->write([&](MDB_txn* txn) { return change_nothing(txn, table_, last_); });
    if (passed) committed = commit(batches, trim_through);
  }
  if (!committed) return committed;
  last_ += count;
  if (count > 0 && appended_) appended_(last_);
  return committed;
}

base::Status LmdbJournal::commit(const std::vector<const RecordBatch*>& batches, Seq trim_through) {
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (const RecordBatch* batch : batches) {
    count += batch->count();
    bytes += batch->bytes.size();
  }
  const std::size_t trim_limit = count == 0 ? kTrimWhenIdle : std::max(2 * count, kTrimAtLeast);
  // The newest record stays until there is a newer one: its key is what last() returns, and that
  // is cheaper than writing the number down elsewhere in each commit.
  if (count == 0) trim_through = std::min(trim_through, last_ == 0 ? 0 : last_ - 1);
  auto done = env_->write([&](MDB_txn* txn) {
    if (count > 0) {
      if (const int full = check_room(bytes); full != 0) return full;
    }
    // Trimming first lets the appended records use the pages that it frees.
    int code = trim_through == 0 ? 0 : trim(txn, table_, trim_through, trim_limit);
    LmdbCursor cursor;
    if (code == 0) code = cursor.open(txn, table_);
    for (const RecordBatch* batch : batches) {
      if (code == 0) code = append_batch(cursor.get(), *batch);
    }
    return code;
  });
  if (done) just_trimmed_ = trim_through > 0;
  return done;
}

// MDB_MAP_FULL when so many bytes would take the pages that trimming needs.
int LmdbJournal::check_room(std::size_t bytes) const {
  MDB_envinfo info{};
  MDB_stat stat{};
  int code = mdb_env_info(env_->get(), &info);
  if (code == 0) code = mdb_env_stat(env_->get(), &stat);
  if (code != 0) return code;
  const std::size_t pages = info.me_mapsize / stat.ms_psize;
  // At worst a record takes twice its size: see docs/log_format.md.
  const std::size_t needed = 2 * bytes / stat.ms_psize + std::min(kPagesForTrimming, pages / 4);
  std::size_t room = pages - std::min(pages, info.me_last_pgno + 1);
  if (room >= needed) return 0;
  MDB_txn* txn = nullptr;
  code = env_->begin_read(&txn);
  if (code != 0) return code;
  code = count_free_pages(txn, &room);
  env_->end_read(txn);
  if (code != 0) return code;
  return room >= needed ? 0 : MDB_MAP_FULL;
}

base::Status LmdbJournal::scan(Seq from, base::Visitor<Seq, std::string_view> visit) const {
  LmdbWalk walk(*env_, table_, LmdbWalk::Order::kAscending);
  int code = walk.seek({reinterpret_cast<const char*>(&from), sizeof from});
  for (; code == 0; code = walk.step()) {
    // Keys that do not increase are damage, and the walk might never end.
    if (walk.key().size() != sizeof(Seq)) return env_->error(MDB_CORRUPTED, "read");
    const Seq seq = load_le<Seq>(walk.key().data());
    if (seq < from) return env_->error(MDB_CORRUPTED, "read");
    if (const base::Visited seen = visit(seq, walk.value()); !seen.goes_on()) return seen.status();
    from = seq + 1;
  }
  if (code != MDB_NOTFOUND) return env_->error(code, "read");
  return {};
}

base::Result<std::string> LmdbJournal::read(Seq seq) const {
  std::optional<std::string> found;
  const auto done = env_->read([&](MDB_txn* txn) {
    MDB_val key{sizeof seq, &seq};
    MDB_val value{};
    const int code = mdb_get(txn, table_, &key, &value);
    if (code == 0) found = bytes_of(value);
    return code == MDB_NOTFOUND ? 0 : code;
  });
  if (!done) return done.error();
  if (found) return std::move(*found);
  return base::Error{base::ErrorCode::kNotFound,
                     "record " + std::to_string(seq) + " is not in the journal"};
}

base::Status LmdbJournal::copy_to(LmdbJournal& target, MDB_txn* snapshot, Seq from) const {
  const std::string_view first_key(reinterpret_cast<const char*>(&from), sizeof from);
  return copy_table({*env_, snapshot, table_}, first_key, {*target.env_, target.table_});
}

int LmdbJournal::key_in(MDB_txn* snapshot, MDB_cursor_op operation, Seq* seq) const {
  MDB_cursor* cursor = nullptr;
  int code = mdb_cursor_open(snapshot, table_, &cursor);
  if (code != 0) return code;
  MDB_val key{};
  MDB_val value{};
  code = mdb_cursor_get(cursor, &key, &value, operation);
  if (code == 0 && key.mv_size != sizeof *seq) code = MDB_CORRUPTED;
  if (code == 0) *seq = load_le<Seq>(static_cast<const char*>(key.mv_data));
  mdb_cursor_close(cursor);
  return code == MDB_NOTFOUND ? 0 : code;
}

base::Result<Seq> LmdbJournal::key_at(MDB_cursor_op operation) const {
  Seq seq = 0;
  const auto done = env_->read([&](MDB_txn* txn) { return key_in(txn, operation, &seq); });
  if (!done) return done.error();
  return seq;
}

base::Result<Seq> LmdbJournal::first() const {
  return key_at(MDB_FIRST);
}
base::Result<Seq> LmdbJournal::last() const {
  return key_at(MDB_LAST);
}

}  // namespace reprise::store
