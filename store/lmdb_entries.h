// The archive's changes of its tables in a transaction: puts and removes entries, with their part
// of the table's digest. All return LMDB's error codes.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <lmdb.h>

#include "store/archive_state.h"

namespace reprise::store {

// Of memory that the caller keeps.
struct Entry {
  std::string_view key;
  std::string_view value;
};

// Entries should come in key order, so that each page is touched once. Keys after the table's last
// one are appended: that fills pages to 96 % instead of 64-69 %, and a cursor that stays at the end
// need not look for it.
int put_entries(MDB_txn* txn,
                MDB_dbi table,
                const std::vector<Entry>& entries,
                TableDigest* digest);

// Does nothing if it is not there.
int remove_entry(MDB_txn* txn, MDB_dbi table, std::string_view key, TableDigest* digest);

}  // namespace reprise::store
