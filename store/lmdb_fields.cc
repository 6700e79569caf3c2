// The table of fields in LMDB's archive.
#include "store/archive_keys.h"
#include "store/copy_table.h"
#include "store/lmdb_archive.h"
#include "store/lmdb_cursor.h"
#include "store/lmdb_entries.h"

namespace reprise::store {

int LmdbArchive::read_fields_state(MDB_txn* txn, std::optional<StoredFields>* state) const {
  state->reset();
  MDB_val key = lmdb_val(kFieldsTable);
  MDB_val value{};
  const int code = mdb_get(txn, meta_, &key, &value);
  if (code != 0) return code == MDB_NOTFOUND ? 0 : code;
  if (fields_verify_) *state = StoredFields::decode(bytes_of(value), uuid_);
  return 0;
}

int LmdbArchive::write_fields_state(MDB_txn* txn, const StoredFields& state) {
  return put_meta(txn, kFieldsTable, state.encode(uuid_));
}

base::Result<FieldsState> LmdbArchive::fields() const {
  if (!has_fields_) return FieldsState();
  std::optional<StoredFields> state;
  const auto done = env_->read([&](MDB_txn* txn) { return read_fields_state(txn, &state); });
  if (!done) return done.error();
  return state ? FieldsState{state->version, state->next} : FieldsState();
}

base::Status LmdbArchive::begin_fields(std::uint64_t version) {
  const base::Status begun = env_->write([&](MDB_txn* txn) {
    int code = 0;
    if (!has_fields_) {
      code = mdb_dbi_open(txn, kFieldsTable.data(), MDB_CREATE, &fields_);
    } else {
      code = mdb_drop(txn, fields_, 0);
    }
    MDB_stat runs{};
    if (code == 0) code = mdb_stat(txn, summaries_, &runs);
    const RunNumber next = runs.ms_entries == 0 ? 0 : 1;
    return code == 0 ? write_fields_state(txn, {{}, version, next}) : code;
  });
  if (!begun) return begun;
  fields_verify_ = true;
  has_fields_ = true;
  return {};
}

int LmdbArchive::put_fields(MDB_txn* txn,
                            const std::vector<IndexChange>& changes,
                            StoredFields* state) {
  std::vector<Entry> added;
  added.reserve(changes.size());
  for (const IndexChange& change : changes) {
    if (change.add) {
      added.push_back({change.key, {}});
      continue;
    }
    const int code = remove_entry(txn, fields_, change.key, &state->digest);
    if (code != 0) return code;
  }
  return put_entries(txn, fields_, added, &state->digest);
}

// Without a state that verifies nothing is written: the table is made again when an engine opens
// the store.
int LmdbArchive::update_fields(MDB_txn* txn, const ArchiveBatch& batch) {
  if (!has_fields_) return 0;
  std::optional<StoredFields> state;
  int code = read_fields_state(txn, &state);
  if (code != 0 || !state) return code;
  KeyPool pool;
  code = put_fields(txn, field_changes(batch, &pool), &*state);
  return code == 0 ? write_fields_state(txn, *state) : code;
}

int LmdbArchive::remove_fields(MDB_txn* txn, const std::vector<RunRemoval>& runs) {
  if (!has_fields_) return 0;
  std::optional<StoredFields> state;
  int code = read_fields_state(txn, &state);
  if (code != 0 || !state) return code;
  KeyPool pool;
  for (const RunRemoval& removal : runs) {
    for (const std::string& key : removal.fields) {
      if (code == 0) {
        code = remove_entry(txn, fields_, field_key(key, removal.run, &pool), &state->digest);
      }
    }
  }
  return code == 0 ? write_fields_state(txn, *state) : code;
}

base::Status LmdbArchive::build_fields(const FieldsPart& part) {
  if (!has_fields_) return {};
  KeyPool pool;
  std::vector<IndexChange> changes;
  changes.reserve(part.entries.size());
  for (const FieldsPart::Entry& entry : part.entries) {
    changes.push_back({field_key(entry.key, entry.run, &pool), true});
  }
  keep_last_of_each(&changes);
  return env_->write([&](MDB_txn* txn) {
    std::optional<StoredFields> state;
    int code = read_fields_state(txn, &state);
    if (code != 0 || !state) return code;
    code = put_fields(txn, changes, &*state);
    state->next = part.next;
    return code == 0 ? write_fields_state(txn, *state) : code;
  });
}

base::Status LmdbArchive::copy_fields_to(LmdbArchive& target, MDB_txn* snapshot) const {
  std::optional<StoredFields> state;
  if (!has_fields_) return {};
  if (const int code = read_fields_state(snapshot, &state); code != 0) {
    return env_->error(code, "read");
  }
  if (!state) return {};  // the copy's is made when it is opened
  const base::Status made = target.env_->write([&](MDB_txn* txn) {
    const int code = mdb_dbi_open(txn, kFieldsTable.data(), MDB_CREATE, &target.fields_);
    return code == 0 ? target.write_fields_state(txn, *state) : code;
  });
  if (!made) return made;
  target.has_fields_ = true;
  return copy_table({*env_, snapshot, fields_}, {}, {*target.env_, target.fields_});
}

}  // namespace reprise::store
