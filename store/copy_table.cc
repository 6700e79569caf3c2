#include "store/copy_table.h"

#include <string>

namespace reprise::store {
namespace {

// The most that a commit has in memory, unless an entry is larger.
constexpr std::size_t kBytesPerCommit = std::size_t{32} << 20;

class Cursor {
 public:
  Cursor() = default;
  ~Cursor() {
    if (cursor_ != nullptr) mdb_cursor_close(cursor_);
  }
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  int open(const SnapshotTable& from) {
    return mdb_cursor_open(from.snapshot, from.table, &cursor_);
  }
  int get(MDB_cursor_op operation) { return mdb_cursor_get(cursor_, &key, &value, operation); }

  MDB_val key{};
  MDB_val value{};

 private:
  MDB_cursor* cursor_ = nullptr;
};

}  // namespace

base::Status copy_table(const SnapshotTable& from, std::string_view first, const TargetTable& to) {
  Cursor cursor;
  int read = cursor.open(from);
  std::string key(first);
  if (read == 0) {
    cursor.key = lmdb_val(key);
    read = cursor.get(key.empty() ? MDB_FIRST : MDB_SET_RANGE);
  }
  bool in_order = true;
  while (read == 0) {
    const auto written = to.env.write([&](MDB_txn* txn) {
      for (std::size_t bytes = 0; read == 0 && bytes < kBytesPerCommit;
           read = cursor.get(MDB_NEXT)) {
        // The key is copied because integer keys must be aligned, and in the map they are not.
        key = bytes_of(cursor.key);
        MDB_val target_key = lmdb_val(key);
        const int code = mdb_put(txn, to.table, &target_key, &cursor.value, MDB_APPEND);
        in_order = code != MDB_KEYEXIST;
        if (code != 0) return code;
        bytes += key.size() + cursor.value.mv_size;
      }
      return 0;
    });
    if (!in_order) return from.env.error(MDB_CORRUPTED, "read");
    if (!written) return written;
  }
  if (read != MDB_NOTFOUND) return from.env.error(read, "read");
  return {};
}

}  // namespace reprise::store
