// The rows of users' tables in LMDB's archive.
#include <optional>
#include <utility>

#include "base/printable_text.h"
#include "store/copy_table.h"
#include "store/lmdb_archive.h"
#include "store/lmdb_cursor.h"
#include "store/lmdb_entries.h"

namespace reprise::store {
namespace {

class LmdbRows final : public Rows {
 public:
  // `table`: nullopt: there is none yet.
  LmdbRows(const LmdbEnv& env, std::optional<MDB_dbi> table) : env_(env), table_(table) {}
  ~LmdbRows() override {
    cursor_.reset();
    if (txn_ != nullptr) env_.end_read(txn_);
  }

  int begin() { return env_.begin_read(&txn_); }
  MDB_txn* snapshot() const { return txn_; }
  void set_through(Seq through) { through_ = through; }

  Seq through() const override { return through_; }

  base::Result<std::optional<std::string>> get(std::string_view key) override {
    if (!table_ || key.empty()) return std::optional<std::string>();
    MDB_val stored_key = lmdb_val(key);
    MDB_val value{};
    const int code = mdb_get(txn_, *table_, &stored_key, &value);
    if (code == MDB_NOTFOUND) return std::optional<std::string>();
    if (code != 0) return env_.error(code, "read");
    const auto row = unseal_row(key, bytes_of(value));
    if (!row) return damaged(key);
    return std::optional<std::string>(*row);
  }

  base::Result<std::optional<RowView>> seek(std::string_view from) override {
    if (!table_) return std::optional<RowView>();
    if (!cursor_) {
      cursor_.emplace();
      if (const int code = cursor_->open(txn_, *table_); code != 0) return env_.error(code, "read");
    }
    MDB_val key = lmdb_val(from);
    return at(key, from.empty() ? MDB_FIRST : MDB_SET_RANGE);
  }

  base::Result<std::optional<RowView>> next() override {
    if (!cursor_) return std::optional<RowView>();
    return at({}, MDB_NEXT);
  }

 private:
  base::Result<std::optional<RowView>> at(MDB_val key, MDB_cursor_op operation) {
    MDB_val value{};
    const int code = mdb_cursor_get(cursor_->get(), &key, &value, operation);
    if (code == MDB_NOTFOUND) return std::optional<RowView>();
    if (code != 0) return env_.error(code, "read");
    const auto row = unseal_row(bytes_of(key), bytes_of(value));
    if (!row) return damaged(bytes_of(key));
    return std::optional<RowView>({bytes_of(key), *row});
  }

  static base::Error damaged(std::string_view key) {
    return {base::ErrorCode::kStoreDamaged,
            "the row of table '" + base::printable_text(key.substr(0, key.find('\0'))) +
                "' does not verify; write it again, or restore the "
                "store from a backup"};
  }

  const LmdbEnv& env_;
  const std::optional<MDB_dbi> table_;
  MDB_txn* txn_ = nullptr;
  std::optional<LmdbCursor> cursor_;
  Seq through_ = 0;
};

}  // namespace

base::Result<std::unique_ptr<Rows>> LmdbArchive::rows() const {
  // Asked before the transaction begins. The table may be made meanwhile, so that the moment has it
  // and this does not: then the rows are those of the time before, which have nothing.
  const bool has_table = has_rows_;
  auto rows = std::make_unique<LmdbRows>(*env_, has_table ? std::optional(rows_) : std::nullopt);
  if (const int code = rows->begin(); code != 0) return env_->error(code, "read");
  Seq through = 0;
  if (const int code = through_in(rows->snapshot(), &through); code != 0) {
    return env_->error(code, "read");
  }
  rows->set_through(has_table ? through : 0);
  return std::unique_ptr<Rows>(std::move(rows));
}

base::Result<Seq> LmdbArchive::rows_lost_at() const {
  RowsState state;
  const auto done = env_->read([&](MDB_txn* txn) { return read_rows_state(txn, &state); });
  if (!done) return done.error();
  return state.lost_at;
}

// The rows have checksums of their own. If the state has none that is right, it is unknown whether
// they are all there.
int LmdbArchive::read_rows_state(MDB_txn* txn, RowsState* state) const {
  MDB_val key = lmdb_val(kRowsState);
  MDB_val value{};
  const int code = mdb_get(txn, meta_, &key, &value);
  if (code != 0) return code == MDB_NOTFOUND ? 0 : code;
  const auto decoded = RowsState::decode(bytes_of(value), uuid_);
  *state = decoded.value_or(RowsState{.digest = {}, .lost_at = 1});
  return 0;
}

// The table and its state are made in one transaction.
bool LmdbArchive::has_rows_state(MDB_txn* snapshot) const {
  MDB_val key = lmdb_val(kRowsState);
  MDB_val value{};
  return mdb_get(snapshot, meta_, &key, &value) == 0;
}

int LmdbArchive::put_rows(MDB_txn* txn, const ArchiveBatch& batch, bool* made_table) {
  // Without a table there was nothing to lose but what is in the log.
  const bool lost = batch.rows_lost_at != 0 && has_rows_;
  if (batch.rows.empty() && !lost) return 0;
  RowsState state;
  int code = read_rows_state(txn, &state);
  if (code == 0 && !has_rows_) code = mdb_dbi_open(txn, kRowsTable.data(), MDB_CREATE, &rows_);
  *made_table = code == 0 && !has_rows_;
  std::vector<std::string> sealed;
  std::vector<Entry> entries;
  sealed.reserve(batch.rows.size());
  entries.reserve(batch.rows.size());
  for (const auto& [key, value] : batch.rows) {
    if (value) {
      sealed.push_back(seal_row(key, *value));
      entries.push_back({key, sealed.back()});
    } else if (code == 0) {
      code = remove_entry(txn, rows_, key, &state.digest);
    }
  }
  if (code == 0) code = put_entries(txn, rows_, entries, &state.digest);
  if (state.lost_at == 0) state.lost_at = batch.rows_lost_at;
  return code == 0 ? put_meta(txn, kRowsState, state.encode(uuid_)) : code;
}

base::Status LmdbArchive::copy_rows_to(LmdbArchive& target, MDB_txn* snapshot) const {
  RowsState state;
  if (const int code = read_rows_state(snapshot, &state); code != 0) {
    return env_->error(code, "read");
  }
  if (!has_rows_ || !has_rows_state(snapshot)) return {};
  const base::Status made = target.env_->write([&](MDB_txn* txn) {
    const int code = mdb_dbi_open(txn, kRowsTable.data(), MDB_CREATE, &target.rows_);
    return code == 0 ? target.put_meta(txn, kRowsState, state.encode(target.uuid_)) : code;
  });
  if (!made) return made;
  target.has_rows_ = true;
  return copy_table({*env_, snapshot, rows_}, {}, {*target.env_, target.rows_});
}

}  // namespace reprise::store
