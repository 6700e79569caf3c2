// Walks a table in short read transactions: a long read transaction keeps freed pages from being
// reused, and the file grows with every commit. Entries that are added or removed during the walk
// may be seen or not; the order is kept.
#pragma once
#include <chrono>
#include <string_view>

#include "store/lmdb_env.h"

namespace reprise::store {

// Belongs to one thread. All functions return LMDB's codes; MDB_NOTFOUND: no further entry.
class LmdbWalk {
 public:
  enum class Order { kAscending, kDescending };

  LmdbWalk(const LmdbEnv& env,
           MDB_dbi table,
           Order order,
           std::chrono::milliseconds longest_read = std::chrono::milliseconds(5));
  ~LmdbWalk();
  LmdbWalk(const LmdbWalk&) = delete;
  LmdbWalk& operator=(const LmdbWalk&) = delete;

  // To the first entry at or after `key`; descending: to the last entry before it. An empty key
  // means the table's beginning; descending: its end.
  int seek(std::string_view key);
  // To the next entry. Views that key() and value() gave out before are no longer valid.
  int step();

  std::string_view key() const { return bytes_of(key_); }
  std::string_view value() const { return bytes_of(value_); }

 private:
  using Clock = std::chrono::steady_clock;

  int begin();
  int renew();
  int get(MDB_cursor_op operation);

  const LmdbEnv& env_;
  const MDB_dbi table_;
  const Order order_;
  const std::chrono::milliseconds longest_read_;
  MDB_txn* txn_ = nullptr;
  MDB_cursor* cursor_ = nullptr;
  MDB_val key_{};
  MDB_val value_{};
  Clock::time_point began_;
};

}  // namespace reprise::store
