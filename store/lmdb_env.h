// The thin layer over LMDB that the journal and the archive share: opening with checks, one write
// transaction at a time, a final failure that stays, short read transactions, error texts.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lmdb.h>

#include "base/function_ref.h"
#include "base/result.h"
#include "store/files.h"
#include "store/lmdb_pages.h"

namespace reprise::store {

struct LmdbOptions {
  std::string path;  // an existing directory
  std::uint64_t map_bytes = 0;
  unsigned tables = 0;  // named tables
  bool read_only = false;
  bool create = false;  // else a missing data file is damage, and none is created
};

inline MDB_val lmdb_val(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}
inline std::string_view bytes_of(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

class PinnedSnapshot;

// Any thread may read; one thread at a time may write.
class LmdbEnv {
 public:
  static base::Result<std::unique_ptr<LmdbEnv>> open(const LmdbOptions& options);
  ~LmdbEnv();
  LmdbEnv(const LmdbEnv&) = delete;
  LmdbEnv& operator=(const LmdbEnv&) = delete;

  // Runs `work`, which returns LMDB's codes, in a write transaction and commits it. Without room
  // (kStoreFull) nothing has changed, and it may be tried again: docs/adr/0013. Any other failure
  // is final: LMDB itself would go on after a failed flush as if nothing had happened.
  base::Status write(base::FunctionRef<int(MDB_txn*)> work);

  // Called after each commit; its error counts as one of the write, and is final.
  void after_commit(std::function<base::Status()> look) { after_commit_ = std::move(look); }

  // Runs `work` in a read transaction. Pointers into the map are valid inside `work` only. `work`
  // opens no tables: open_tables() does that, in a transaction whose handles stay.
  base::Status read(base::FunctionRef<int(MDB_txn*)> work) const;
  base::Status open_tables(base::FunctionRef<int(MDB_txn*)> work) const;

  // Begins a read transaction for the caller; returns LMDB's code. Ended ones are kept and renewed,
  // which saves an allocation and LMDB's lock on the table of readers.
  int begin_read(MDB_txn** txn) const;
  void end_read(MDB_txn* txn) const;

  // From now until release() every read transaction is this one, of the newest snapshot. Only for
  // an environment that one thread uses, and not for long: pages that are freed meanwhile are not
  // used again, and the file grows.
  base::Status hold();
  void release();
  bool held() const { return held_ != nullptr; }

  // Walks the pages of the newest snapshot without LMDB (lmdb_pages.h).
  base::Status visit_pages(bool leaves, PageVisitor& visitor) const;
  // kStoreDamaged when a page is not part of a sound tree, so that LMDB must not touch it. A file
  // of more than `whole_up_to` bytes is walked without the leaf pages of its named tables, and so
  // without entries; false: it was that large.
  using EntryVisitor =
      base::FunctionRef<void(std::string_view table, std::string_view key, std::string_view value)>;
  base::Result<bool> verify_pages(std::uint64_t whole_up_to, EntryVisitor visit) const;

  base::Result<std::uint64_t> file_bytes() const;
  base::Error error(int code, std::string_view doing) const;
  MDB_env* get() const { return env_; }

 private:
  friend class PinnedSnapshot;  // shares the one that is held
  explicit LmdbEnv(const LmdbOptions& options);
  base::Status check_before_open() const;
  base::Status reserve_lock_file() const;
  int open_env();
  base::Error failure_of_write(int code) const;
  base::Error no_address_space() const;
  bool ended_early() const;
  bool panicked() const;

  const LmdbOptions options_;
  MDB_env* env_ = nullptr;
  File witness_;  // another descriptor of the data file: failed writebacks are reported to it too
  std::uint64_t commits_ = 0;
  std::optional<base::Error> failed_;
  std::function<base::Status()> after_commit_;

  mutable std::mutex idle_mutex_;
  mutable std::vector<MDB_txn*> idle_readers_;  // reset: they hold no snapshot
  std::unique_ptr<const PinnedSnapshot> held_;
};

// Keeps the pages of a snapshot from being reused while they are read without LMDB.
class PinnedSnapshot {
 public:
  static base::Result<PinnedSnapshot> pin(const LmdbEnv& env);
  ~PinnedSnapshot();
  PinnedSnapshot(PinnedSnapshot&& other) noexcept
      : env_(other.env_),
        txn_(std::exchange(other.txn_, nullptr)),
        file_(other.file_),
        meta_(other.meta_) {}
  PinnedSnapshot& operator=(PinnedSnapshot&&) = delete;

  base::Status walk(bool leaves, PageVisitor& visitor) const;
  base::Result<std::string> last_key() const;  // of the unnamed table (lmdb_pages.h)
  MDB_txn* txn() const { return txn_; }

 private:
  PinnedSnapshot(const LmdbEnv& env, MDB_txn* txn, int file, const MetaPage& meta)
      : env_(&env), txn_(txn), file_(file), meta_(meta) {}

  const LmdbEnv* env_;
  MDB_txn* txn_;
  int file_;
  MetaPage meta_;
};

}  // namespace reprise::store
