#include "store/lmdb_env.h"

#include <cerrno>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <utility>

#include "store/file_error.h"
#include "store/lmdb_truncation.h"

namespace reprise::store {
namespace {

constexpr unsigned kReaders = 1024;
constexpr std::size_t kIdleReaders = 16;
constexpr std::uint64_t kCommitsPerReaderCheck = 256;
constexpr mdb_mode_t kFileMode = 0600;
constexpr std::uint64_t kFullDiskBytes = 1 << 20;

std::string damage_advice(const std::string& path, const char* what) {
  return path + " is damaged: " + what + "; restore the store from a backup";
}

// LMDB reports a write that the disk had no room to finish as EIO.
bool disk_is_full(const std::string& path) {
  struct statvfs disk {};
  return ::statvfs(path.c_str(), &disk) == 0 && disk.f_bavail * disk.f_frsize < kFullDiskBytes;
}

// Ends a transaction that is left in another way than by its commit: an exception, above all
// std::bad_alloc, would leave LMDB's write lock or a reader's snapshot behind.
template <class End>
class TransactionGuard {
 public:
  TransactionGuard(MDB_txn* txn, End end) : txn_(txn), end_(end) {}
  ~TransactionGuard() {
    if (txn_ != nullptr) end_(txn_);
  }
  TransactionGuard(const TransactionGuard&) = delete;
  TransactionGuard& operator=(const TransactionGuard&) = delete;
  MDB_txn* release() { return std::exchange(txn_, nullptr); }

 private:
  MDB_txn* txn_;
  End end_;
};

}  // namespace

LmdbEnv::LmdbEnv(const LmdbOptions& options) : options_(options) {
  idle_readers_.reserve(kIdleReaders);  // so that end_read() needs no memory
}

base::Result<std::unique_ptr<LmdbEnv>> LmdbEnv::open(const LmdbOptions& options) {
  std::unique_ptr<LmdbEnv> env(new LmdbEnv(options));
  if (!options.create) {
    if (auto sound = env->check_before_open(); !sound) return sound.error();
  }
  if (const int code = env->open_env(); code > 0) {
    // It may be the lock file as well as the data file.
    return file_error(code, "open", options.path);
  } else if (code != 0) {
    return env->error(code, "open");
  }
  if (const int code = check_not_truncated(env->env_); code == MDB_CORRUPTED) {
    return base::Error{base::ErrorCode::kStoreDamaged,
                       damage_advice(options.path + "/data.mdb", "its end is missing")};
  } else if (code != 0) {
    return env->error(code, "open");
  }
  // Slots of readers that were killed keep freed pages from being reused.
  mdb_reader_check(env->env_, nullptr);
  return env;
}

LmdbEnv::~LmdbEnv() {
  for (MDB_txn* reader : idle_readers_) mdb_txn_abort(reader);
  if (env_ != nullptr) mdb_env_close(env_);
}

// LMDB takes an empty file for a new store, which would hide that all data is gone.
base::Status LmdbEnv::check_before_open() const {
  const std::string file = options_.path + "/data.mdb";
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) return file_error(errno, "open", file);
    return base::Error{base::ErrorCode::kStoreDamaged, damage_advice(file, "it is missing")};
  }
  if (info.st_size == 0) {
    return base::Error{base::ErrorCode::kStoreDamaged, damage_advice(file, "it is empty")};
  }
  return {};
}

int LmdbEnv::open_env() {
  int code = mdb_env_create(&env_);
  if (code == 0) code = mdb_env_set_mapsize(env_, options_.map_bytes);
  if (code == 0) code = mdb_env_set_maxreaders(env_, kReaders);
  if (code == 0 && options_.tables > 0) code = mdb_env_set_maxdbs(env_, options_.tables);
  // NOTLS: a thread may have several read transactions, and a read transaction may move.
  const unsigned flags = MDB_NOTLS | (options_.read_only ? MDB_RDONLY : 0);
  if (code == 0) code = mdb_env_open(env_, options_.path.c_str(), flags, kFileMode);
  return code;
}

base::Status LmdbEnv::write(base::FunctionRef<int(MDB_txn*)> work) {
  if (failed_) return *failed_;
  MDB_txn* txn = nullptr;
  int code = mdb_txn_begin(env_, nullptr, 0, &txn);
  if (code == 0) {
    TransactionGuard guard(txn, mdb_txn_abort);
    code = work(txn);
    if (code == 0) code = mdb_txn_commit(guard.release());
  }
  if (code != 0) {
    failed_ = error(code == EIO && disk_is_full(options_.path) ? ENOSPC : code, "write");
    return *failed_;
  }
  if (++commits_ % kCommitsPerReaderCheck == 0) mdb_reader_check(env_, nullptr);
  return {};
}

base::Status LmdbEnv::read(base::FunctionRef<int(MDB_txn*)> work) const {
  MDB_txn* txn = nullptr;
  int code = begin_read(&txn);
  if (code == 0) {
    const TransactionGuard guard(txn, [this](MDB_txn* ended) { end_read(ended); });
    code = work(txn);
  }
  if (code != 0) return error(code, "read");
  return {};
}

int LmdbEnv::begin_read(MDB_txn** txn) const {
  {
    const std::lock_guard lock(idle_mutex_);
    if (!idle_readers_.empty()) {
      *txn = idle_readers_.back();
      idle_readers_.pop_back();
    }
  }
  if (*txn == nullptr) return mdb_txn_begin(env_, nullptr, MDB_RDONLY, txn);
  const int code = mdb_txn_renew(*txn);
  if (code != 0) mdb_txn_abort(std::exchange(*txn, nullptr));
  return code;
}

void LmdbEnv::end_read(MDB_txn* txn) const {
  mdb_txn_reset(txn);
  {
    const std::lock_guard lock(idle_mutex_);
    if (idle_readers_.size() < kIdleReaders) {
      idle_readers_.push_back(txn);
      return;
    }
  }
  mdb_txn_abort(txn);
}

base::Status LmdbEnv::open_tables(base::FunctionRef<int(MDB_txn*)> work) const {
  MDB_txn* txn = nullptr;
  int code = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn);
  if (code == 0) {
    TransactionGuard guard(txn, mdb_txn_abort);
    code = work(txn);
    // Not abort: that would close the handles.
    const int committed = mdb_txn_commit(guard.release());
    if (code == 0) code = committed;
  }
  if (code != 0) return error(code, "read");
  return {};
}

base::Result<std::uint64_t> LmdbEnv::file_bytes() const {
  mdb_filehandle_t file = 0;
  struct stat info {};
  // Never by opening the file again: closing that descriptor would drop LMDB's locks.
  if (mdb_env_get_fd(env_, &file) != 0 || ::fstat(file, &info) != 0) {
    return file_error(errno, "read", options_.path);
  }
  return static_cast<std::uint64_t>(info.st_size);
}

base::Error LmdbEnv::error(int code, std::string_view doing) const {
  const std::string file = options_.path + "/data.mdb";
  switch (code) {
    case MDB_MAP_FULL:
    case MDB_MAP_RESIZED:
      return {base::ErrorCode::kStoreFull, file + " has reached its largest size of " +
                                               std::to_string(options_.map_bytes >> 20) +
                                               " MiB; open the store with a larger map size"};
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INCOMPATIBLE:
    case MDB_NOTFOUND:
      return {base::ErrorCode::kStoreDamaged, damage_advice(file, mdb_strerror(code))};
    default:
      break;
  }
  if (code > 0) return file_error(code, doing, file);
  return {base::ErrorCode::kStoreIo, "cannot " + std::string(doing) + " " + file + ": " +
                                         mdb_strerror(code) + "; check the disk and start again"};
}

}  // namespace reprise::store
