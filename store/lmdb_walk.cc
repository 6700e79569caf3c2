#include "store/lmdb_walk.h"

#include <string>

namespace reprise::store {

LmdbWalk::LmdbWalk(const LmdbEnv& env,
                   MDB_dbi table,
                   Order order,
                   std::chrono::milliseconds longest_read)
    : env_(env), table_(table), order_(order), longest_read_(longest_read) {}

LmdbWalk::~LmdbWalk() {
  if (cursor_ != nullptr) mdb_cursor_close(cursor_);
  if (txn_ != nullptr) env_.end_read(txn_);
}

int LmdbWalk::begin() {
  began_ = Clock::now();
  const int code = env_.begin_read(&txn_);
  return code != 0 ? code : mdb_cursor_open(txn_, table_, &cursor_);
}

int LmdbWalk::renew() {
  mdb_txn_reset(txn_);
  began_ = Clock::now();
  const int code = mdb_txn_renew(txn_);
  return code != 0 ? code : mdb_cursor_renew(txn_, cursor_);
}

int LmdbWalk::get(MDB_cursor_op operation) {
  return mdb_cursor_get(cursor_, &key_, &value_, operation);
}

int LmdbWalk::seek(std::string_view key) {
  if (txn_ == nullptr) {
    if (const int code = begin(); code != 0) return code;
  }
  const bool descending = order_ == Order::kDescending;
  if (key.empty()) return get(descending ? MDB_LAST : MDB_FIRST);
  key_ = lmdb_val(key);
  const int code = get(MDB_SET_RANGE);
  if (!descending) return code;
  if (code == MDB_NOTFOUND) return get(MDB_LAST);
  return code != 0 ? code : get(MDB_PREV);
}

int LmdbWalk::step() {
  const bool descending = order_ == Order::kDescending;
  if (env_.held() || Clock::now() - began_ < longest_read_)
    return get(descending ? MDB_PREV : MDB_NEXT);
  const std::string here(key());
  int code = renew();
  if (code == 0) code = seek(here);
  // Ascending, the seek finds the entry just visited, unless it is gone by now.
  if (code == 0 && !descending && key() == here) code = get(MDB_NEXT);
  return code;
}

}  // namespace reprise::store
