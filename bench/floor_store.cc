#include "bench/floor_store.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace reprise::bench {
namespace {

constexpr unsigned kTableFlags = MDB_CREATE | MDB_INTEGERKEY;
constexpr std::size_t kMapBytes = std::size_t{64} << 30;  // address space only

void check(int code, const char* what) {
  if (code != 0) throw std::runtime_error(std::string(what) + ": " + mdb_strerror(code));
}

}  // namespace

FloorStore::FloorStore(const std::string& directory) : directory_(directory) {
  if (!std::filesystem::create_directories(directory)) {
    throw std::runtime_error(directory + " exists; name a directory that does not");
  }
  try {
    open();
  } catch (...) {
    mdb_env_close(env_);
    std::filesystem::remove_all(directory_);
    throw;
  }
}

FloorStore::~FloorStore() {
  mdb_env_close(env_);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void FloorStore::open() {
  check(mdb_env_create(&env_), "mdb_env_create");
  check(mdb_env_set_mapsize(env_, kMapBytes), "mdb_env_set_mapsize");
  check(mdb_env_set_maxdbs(env_, 3), "mdb_env_set_maxdbs");
  check(mdb_env_open(env_, directory_.c_str(), MDB_NOTLS, 0600), "mdb_env_open");
  commit([this](Batch& batch) {
    check(mdb_dbi_open(batch.txn_, "journal", kTableFlags, &journal_), "mdb_dbi_open");
    check(mdb_dbi_open(batch.txn_, "histories", kTableFlags, &histories_), "mdb_dbi_open");
    check(mdb_dbi_open(batch.txn_, "rows", MDB_CREATE, &rows_), "mdb_dbi_open");
  });
}

void FloorStore::commit(base::FunctionRef<void(Batch&)> work) {
  MDB_txn* txn = nullptr;
  check(mdb_txn_begin(env_, nullptr, 0, &txn), "mdb_txn_begin");
  Batch batch(*this, txn);
  try {
    work(batch);
  } catch (...) {
    mdb_txn_abort(txn);
    throw;
  }
  check(mdb_txn_commit(txn), "mdb_txn_commit");
}

void FloorStore::Batch::append(MDB_dbi table, std::uint64_t key, std::string_view bytes) {
  MDB_val k{sizeof key, &key};
  MDB_val v{bytes.size(), const_cast<char*>(bytes.data())};
  check(mdb_put(txn_, table, &k, &v, MDB_APPEND), "mdb_put");
}

void FloorStore::Batch::append_record(std::string_view bytes) {
  append(store_.journal_, ++store_.sequence_, bytes);
}

void FloorStore::Batch::append_history(std::string_view bytes) {
  append(store_.histories_, ++store_.closed_, bytes);
}

// Keys and values have the sizes of a table's.
void FloorStore::Batch::change_row(std::uint64_t row) {
  std::array<char, 17> key{"accounts"};
  for (std::size_t i = 0; i < 8; ++i) key[9 + i] = static_cast<char>(row >> (8 * (7 - i)));
  std::array<std::uint64_t, 2> value{};
  MDB_val k{key.size(), key.data()};
  MDB_val v{};
  if (mdb_get(txn_, store_.rows_, &k, &v) == 0) std::memcpy(value.data(), v.mv_data, sizeof value);
  ++value[0];
  v = {sizeof value, value.data()};
  check(mdb_put(txn_, store_.rows_, &k, &v, 0), "mdb_put");
}

// The newest record stays, as it does in a store: its key says where the sequence goes on.
void FloorStore::Batch::trim(std::uint64_t records) {
  records = std::min(records, store_.records() - 1);
  MDB_cursor* cursor = nullptr;
  check(mdb_cursor_open(txn_, store_.journal_, &cursor), "mdb_cursor_open");
  for (std::uint64_t i = 0; i < records; ++i) {
    MDB_val key{};
    MDB_val value{};
    check(mdb_cursor_get(cursor, &key, &value, MDB_FIRST), "mdb_cursor_get");
    check(mdb_cursor_del(cursor, 0), "mdb_cursor_del");
  }
  mdb_cursor_close(cursor);
  store_.trimmed_ += records;
}

}  // namespace reprise::bench
