// A cursor in a transaction that writes, closed at the end of its scope: before the transaction.
#pragma once
#include <lmdb.h>

namespace reprise::store {

class LmdbCursor {
 public:
  LmdbCursor() = default;
  ~LmdbCursor() { close(); }
  LmdbCursor(const LmdbCursor&) = delete;
  LmdbCursor& operator=(const LmdbCursor&) = delete;

  // LMDB's error code.
  int open(MDB_txn* txn, MDB_dbi table) {
    close();
    return mdb_cursor_open(txn, table, &cursor_);
  }
  void close() {
    if (cursor_ != nullptr) mdb_cursor_close(cursor_);
    cursor_ = nullptr;
  }
  MDB_cursor* get() const { return cursor_; }

 private:
  MDB_cursor* cursor_ = nullptr;
};

}  // namespace reprise::store
