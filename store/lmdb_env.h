// The thin layer over LMDB that the journal and the archive share: opening with checks, one write
// transaction at a time that latches its first failure, short read transactions, error texts.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <lmdb.h>

#include "base/function_ref.h"
#include "base/result.h"

namespace reprise::store {

struct LmdbOptions {
  std::string path;  // an existing directory
  std::uint64_t map_bytes = 0;
  unsigned tables = 0;  // named tables
  bool read_only = false;
  bool create = false;  // else a missing data file is damage, not a wish for a new one
};

inline MDB_val lmdb_val(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}
inline std::string_view bytes_of(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

// Any thread may read; one thread at a time may write.
class LmdbEnv {
 public:
  static base::Result<std::unique_ptr<LmdbEnv>> open(const LmdbOptions& options);
  ~LmdbEnv();
  LmdbEnv(const LmdbEnv&) = delete;
  LmdbEnv& operator=(const LmdbEnv&) = delete;

  // Runs `work`, which returns LMDB's codes, in a write transaction and commits it. The first
  // failure is final: LMDB itself would go on after a failed flush as if nothing had happened.
  base::Status write(base::FunctionRef<int(MDB_txn*)> work);

  // Runs `work` in a read transaction. Pointers into the map are valid inside `work` only, and it
  // opens no tables: open_tables() does, in a transaction whose handles stay.
  base::Status read(base::FunctionRef<int(MDB_txn*)> work) const;
  base::Status open_tables(base::FunctionRef<int(MDB_txn*)> work) const;

  // A read transaction of one's own; LMDB's code. Those that have ended are kept and renewed, which
  // saves an allocation and LMDB's lock on the table of readers.
  int begin_read(MDB_txn** txn) const;
  void end_read(MDB_txn* txn) const;

  base::Result<std::uint64_t> file_bytes() const;
  base::Error error(int code, std::string_view doing) const;
  MDB_env* get() const { return env_; }

 private:
  explicit LmdbEnv(const LmdbOptions& options);
  base::Status check_before_open() const;
  int open_env();

  const LmdbOptions options_;
  MDB_env* env_ = nullptr;
  std::uint64_t commits_ = 0;
  std::optional<base::Error> failed_;

  mutable std::mutex idle_mutex_;
  mutable std::vector<MDB_txn*> idle_readers_;  // reset: they hold no snapshot
};

}  // namespace reprise::store
