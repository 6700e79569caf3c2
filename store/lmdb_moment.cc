// A moment of LMDB's archive: a read transaction.
#include <optional>
#include <utility>

#include "store/archive_keys.h"
#include "store/bytes.h"
#include "store/lmdb_archive.h"
#include "store/lmdb_cursor.h"

namespace reprise::store {
namespace {

class LmdbKeys final : public KeyCursor {
 public:
  explicit LmdbKeys(const LmdbEnv& env) : env_(env) {}

  int open(MDB_txn* txn, MDB_dbi table) { return cursor_.open(txn, table); }

  Key at_or_after(std::string_view key) override {
    return key.empty() ? move({}, MDB_FIRST) : move(lmdb_val(key), MDB_SET_RANGE);
  }
  Key before(std::string_view key) override {
    if (key.empty()) return move({}, MDB_LAST);
    MDB_val at = lmdb_val(key);
    MDB_val value{};
    const int code = mdb_cursor_get(cursor_.get(), &at, &value, MDB_SET_RANGE);
    if (code == MDB_NOTFOUND) return move({}, MDB_LAST);
    if (code != 0) return env_.error(code, "read");
    return move({}, MDB_PREV);
  }
  Key next() override { return move({}, MDB_NEXT); }
  Key previous() override { return move({}, MDB_PREV); }

 private:
  Key move(MDB_val key, MDB_cursor_op operation) {
    MDB_val value{};
    const int code = mdb_cursor_get(cursor_.get(), &key, &value, operation);
    if (code == MDB_NOTFOUND) return std::optional<std::string_view>();
    if (code != 0) return env_.error(code, "read");
    return std::optional(bytes_of(key));
  }

  const LmdbEnv& env_;
  LmdbCursor cursor_;
};

// An archive without a table of fields.
class NoKeys final : public KeyCursor {
 public:
  Key at_or_after(std::string_view /*key*/) override { return std::optional<std::string_view>(); }
  Key before(std::string_view /*key*/) override { return std::optional<std::string_view>(); }
  Key next() override { return std::optional<std::string_view>(); }
  Key previous() override { return std::optional<std::string_view>(); }
};

struct MomentTables {
  MDB_dbi summaries = 0;
  MDB_dbi ids = 0;
  MDB_dbi index = 0;
  std::optional<MDB_dbi> fields{};
};

class LmdbMoment final : public ArchiveMoment {
 public:
  LmdbMoment(const LmdbEnv& env, const MomentTables& tables) : env_(env), tables_(tables) {}
  ~LmdbMoment() override {
    if (txn_ != nullptr) env_.end_read(txn_);
  }

  int begin() { return env_.begin_read(&txn_); }
  MDB_txn* txn() const { return txn_; }
  void set(Seq through, std::uint64_t version) {
    through_ = through;
    version_ = version;
  }

  Seq through() const override { return through_; }
  std::uint64_t fields_version() const override { return version_; }

  base::Result<std::unique_ptr<KeyCursor>> keys(Table table) override {
    if (table == Table::kFields && !tables_.fields) {
      return std::unique_ptr<KeyCursor>(std::make_unique<NoKeys>());
    }
    const MDB_dbi of = table == Table::kFields ? *tables_.fields
                       : table == Table::kIds  ? tables_.ids
                                               : tables_.index;
    auto cursor = std::make_unique<LmdbKeys>(env_);
    if (const int code = cursor->open(txn_, of); code != 0) return env_.error(code, "read");
    return std::unique_ptr<KeyCursor>(std::move(cursor));
  }

  base::Result<std::optional<std::string_view>> summary(RunNumber run) override {
    char bytes[8];
    store_le(__builtin_bswap64(run), bytes);
    MDB_val key = lmdb_val({bytes, sizeof bytes});
    MDB_val value{};
    const int code = mdb_get(txn_, tables_.summaries, &key, &value);
    if (code == MDB_NOTFOUND) return std::optional<std::string_view>();
    if (code != 0) return env_.error(code, "read");
    if (auto unsealed = unseal_summary(run, bytes_of(value))) return unsealed;
    return base::Error{base::ErrorCode::kStoreDamaged,
                       "the summary of run number " + std::to_string(run) +
                           " does not verify; restore the store from a backup"};
  }

  base::Status summaries(RunNumber from,
                         base::Visitor<RunNumber, std::string_view> visit) override {
    LmdbCursor cursor;
    const std::string first = run_key(from);
    MDB_val key = lmdb_val(first);
    MDB_val value{};
    int code = cursor.open(txn_, tables_.summaries);
    if (code == 0) code = mdb_cursor_get(cursor.get(), &key, &value, MDB_SET_RANGE);
    for (; code == 0; code = mdb_cursor_get(cursor.get(), &key, &value, MDB_NEXT)) {
      if (key.mv_size != 8) return env_.error(MDB_CORRUPTED, "read");
      const RunNumber run = load_be64(bytes_of(key));
      const auto summary = unseal_summary(run, bytes_of(value));
      const base::Visited seen = visit(run, summary.value_or(std::string_view()));
      if (!seen.goes_on()) return seen.status();
    }
    return code == MDB_NOTFOUND ? base::Status() : env_.error(code, "read");
  }

 private:
  const LmdbEnv& env_;
  const MomentTables tables_;
  MDB_txn* txn_ = nullptr;
  Seq through_ = 0;
  std::uint64_t version_ = 0;
};

}  // namespace

base::Result<std::unique_ptr<ArchiveMoment>> LmdbArchive::moment() const {
  // Asked before the transaction begins, as for rows().
  const bool has_fields = has_fields_;
  auto moment = std::make_unique<LmdbMoment>(
      *env_,
      MomentTables{summaries_, ids_, index_, has_fields ? std::optional(fields_) : std::nullopt});
  if (const int code = moment->begin(); code != 0) return env_->error(code, "read");
  Seq through = 0;
  int code = through_in(moment->txn(), &through);
  std::optional<StoredFields> state;
  if (code == 0 && has_fields) code = read_fields_state(moment->txn(), &state);
  if (code != 0) return env_->error(code, "read");
  moment->set(through, state && state->next == 0 ? state->version : 0);
  return std::unique_ptr<ArchiveMoment>(std::move(moment));
}

}  // namespace reprise::store
