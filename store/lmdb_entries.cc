#include "store/lmdb_entries.h"

#include <utility>

#include "store/lmdb_cursor.h"
#include "store/lmdb_env.h"

namespace reprise::store {
namespace {

int last_key(MDB_txn* txn, MDB_dbi table, std::string* last) {
  LmdbCursor cursor;
  int code = cursor.open(txn, table);
  MDB_val key{};
  MDB_val value{};
  if (code == 0) code = mdb_cursor_get(cursor.get(), &key, &value, MDB_LAST);
  if (code == 0) *last = bytes_of(key);
  return code == MDB_NOTFOUND ? 0 : code;
}

int append(MDB_cursor* cursor, std::string_view key, std::string_view value) {
  MDB_val stored_key = lmdb_val(key);
  MDB_val stored_value = lmdb_val(value);
  return mdb_cursor_put(cursor, &stored_key, &stored_value, MDB_APPEND);
}

// LMDB searches only once for a new key, and nearly all keys are new.
int insert_or_replace(MDB_cursor* cursor,
                      std::string_view key,
                      std::string_view value,
                      TableDigest* digest) {
  MDB_val stored_key = lmdb_val(key);
  MDB_val stored_value = lmdb_val(value);
  const int code = mdb_cursor_put(cursor, &stored_key, &stored_value, MDB_NOOVERWRITE);
  if (code != MDB_KEYEXIST) return code;
  digest->remove(key, bytes_of(stored_value));  // which is the one in the table now
  stored_value = lmdb_val(value);
  return mdb_cursor_put(cursor, &stored_key, &stored_value, 0);
}

}  // namespace

int put_entries(MDB_txn* txn,
                MDB_dbi table,
                const std::vector<Entry>& entries,
                TableDigest* digest) {
  std::string last;
  int code = last_key(txn, table, &last);
  LmdbCursor cursor;
  bool at_end = false;
  for (const Entry& entry : entries) {
    const bool after_all = entry.key > last;
    const bool elsewhere = after_all != std::exchange(at_end, after_all);
    if (code == 0 && (elsewhere || cursor.get() == nullptr)) code = cursor.open(txn, table);
    if (code == 0 && after_all) code = append(cursor.get(), entry.key, entry.value);
    if (code == 0 && !after_all) {
      code = insert_or_replace(cursor.get(), entry.key, entry.value, digest);
    }
    if (code != 0) return code;
    digest->add(entry.key, entry.value);
    if (after_all) last = entry.key;
  }
  return code;
}

int remove_entry(MDB_txn* txn, MDB_dbi table, std::string_view key, TableDigest* digest) {
  MDB_val stored_key = lmdb_val(key);
  MDB_val value{};
  int code = mdb_get(txn, table, &stored_key, &value);
  if (code == 0) {
    digest->remove(key, bytes_of(value));
    code = mdb_del(txn, table, &stored_key, nullptr);
  }
  return code == MDB_NOTFOUND ? 0 : code;
}

}  // namespace reprise::store
