#include "store/lmdb_env.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
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
constexpr off_t kLockFileBytes = off_t{kReaders} * 64 + 4096;  // at least what LMDB maps

std::string damage_advice(const std::string& path, const char* what) {
  return path + " is damaged: " + what +
         "; restore the store from a backup, or see what `reprise repair` can save";
}

class FirstDamage final : public PageVisitor {
 public:
  explicit FirstDamage(LmdbEnv::EntryVisitor visit) : visit_(visit) {}
  void entry(std::string_view table, std::string_view key, std::string_view value) override {
    visit_(table, key, value);
  }
  void damaged(std::uint64_t page, const std::string& what) override {
    if (first.empty()) first = "page " + std::to_string(page) + ": " + what;
  }
  std::string first;

 private:
  LmdbEnv::EntryVisitor visit_;
};

bool is_want_of_room(int error_number) {
  return error_number == ENOSPC || error_number == EDQUOT;
}

// statvfs ignores most quotas; an allocation after the end of the file does not.
bool disk_is_full(int file) {
  struct statvfs disk {};
  if (::fstatvfs(file, &disk) != 0) return false;
  if (disk.f_bavail * disk.f_frsize < kFullDiskBytes) return true;
  struct stat info {};
  if (::fstat(file, &info) != 0) return false;
  return ::fallocate(file, FALLOC_FL_KEEP_SIZE, info.st_size, kFullDiskBytes) != 0 &&
         is_want_of_room(errno);
}

// Ends a transaction that is not left by its commit: otherwise an exception, above all
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
  // LMDB itself would follow a link.
  if (auto lock = must_be_a_file(options.path + "/lock.mdb"); !lock) return lock.error();
  if (auto reserved = env->reserve_lock_file(); !reserved) return reserved.error();
  if (const int code = env->open_env(); code == ENOMEM) {
    return env->no_address_space();
  } else if (code > 0) {
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
  if (!options.read_only) {
    auto witness = open_file(options.path + "/data.mdb", O_RDONLY);
    if (!witness) return witness.error();
    env->witness_ = std::move(*witness);
  }
  // Slots of readers that were killed keep freed pages from being reused.
  mdb_reader_check(env->env_, nullptr);
  return env;
}

LmdbEnv::~LmdbEnv() {
  release();
  for (MDB_txn* reader : idle_readers_) mdb_txn_abort(reader);
  if (env_ != nullptr) mdb_env_close(env_);
}

base::Error LmdbEnv::no_address_space() const {
  return {base::ErrorCode::kNoResources,
          "cannot open " + options_.path + ": the process cannot have " +
              std::to_string(options_.map_bytes >> 20) +
              " MiB of address space for it; open the store with a smaller "
              "EngineOptions::journal_map_bytes or archive_map_bytes, or raise the limits of memory "
              "and address space (ulimit -v, the container's)"};
}

// LMDB takes an empty file for a new store, which would hide that all data is gone.
base::Status LmdbEnv::check_before_open() const {
  const std::string file = options_.path + "/data.mdb";
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) return file_error(errno, "open", file);
    return base::Error{base::ErrorCode::kStoreDamaged, damage_advice(file, "it is missing")};
  }
  if (!S_ISREG(info.st_mode)) {
    return base::Error{base::ErrorCode::kStoreDamaged, damage_advice(file, "it is no file")};
  }
  if (info.st_size == 0) {
    return base::Error{base::ErrorCode::kStoreDamaged, damage_advice(file, "it is empty")};
  }
  auto metas = check_meta_pages(file);
  if (!metas && metas.error().code == base::ErrorCode::kStoreDamaged) {
    return base::Error{base::ErrorCode::kStoreDamaged,
                       damage_advice(file, metas.error().message.c_str())};
  }
  return metas;
}

// Writing to a mapped page that has no block on the disk would kill the process when it is full.
// This process has no lock in that file yet which closing it could drop.
base::Status LmdbEnv::reserve_lock_file() const {
  if (options_.read_only) return {};
  const std::string path = options_.path + "/lock.mdb";
  const auto file = open_file(path, O_RDWR | O_CREAT);
  if (!file) return file.error();
  if (const int code = ::posix_fallocate(file->get(), 0, kLockFileBytes); code != 0) {
    return file_error(code, "write", path);
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
    const base::Error why = failure_of_write(code);
    if (why.code != base::ErrorCode::kStoreFull) failed_ = why;
    return why;
  }
  if (++commits_ % kCommitsPerReaderCheck == 0) mdb_reader_check(env_, nullptr);
  if (after_commit_) {
    // The commit is on the disk, but must not be acknowledged.
    if (const base::Status found = after_commit_(); !found) failed_ = found.error();
  }
  return failed_ ? base::Status(*failed_) : base::Status();
}

// LMDB is copy-on-write: a failed transaction has written only pages that no snapshot uses, and the
// next one writes all its pages anew. Only the last step, the meta page, is written in place.
base::Error LmdbEnv::failure_of_write(int code) const {
  const base::Error why = error(code == EIO && ended_early() ? ENOSPC : code, "write");
  if (why.code != base::ErrorCode::kStoreFull || !panicked()) return why;
  return {base::ErrorCode::kStoreIo,
          why.message + " and start again: it was the last write of a commit"};
}

// LMDB reports a write that ran out of room as EIO. It reports a failed sync in the same way, which
// must not be mistaken for lack of room; but the kernel reports a failed writeback once to every
// descriptor of the file.
bool LmdbEnv::ended_early() const {
  mdb_filehandle_t file = 0;
  if (mdb_env_get_fd(env_, &file) != 0 || !disk_is_full(file)) return false;
  return ::fdatasync(witness_.get()) == 0 || is_want_of_room(errno);
}

// After a failed write of a meta page LMDB refuses every transaction.
bool LmdbEnv::panicked() const {
  MDB_txn* txn = nullptr;
  const int code = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn);
  if (code == 0) mdb_txn_abort(txn);
  return code == MDB_PANIC;
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
  if (held_ != nullptr) {
    *txn = held_->txn();
    return 0;
  }
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
  if (held_ != nullptr && txn == held_->txn()) return;
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

base::Status LmdbEnv::hold() {
  REPRISE_CHECK(held_ == nullptr, "one snapshot at a time is held");
  auto pinned = PinnedSnapshot::pin(*this);
  if (!pinned) return pinned.error();
  held_ = std::make_unique<const PinnedSnapshot>(std::move(*pinned));
  return {};
}

void LmdbEnv::release() {
  const auto released = std::move(held_);  // no longer held when its transaction ends
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

base::Status LmdbEnv::visit_pages(bool leaves, PageVisitor& visitor) const {
  const auto snapshot = PinnedSnapshot::pin(*this);
  if (!snapshot) return snapshot.error();
  return snapshot->walk(leaves, visitor);
}

// The transaction after the next overwrites the meta page of a snapshot. While the snapshot is the
// newest one, that cannot have begun.
base::Result<PinnedSnapshot> PinnedSnapshot::pin(const LmdbEnv& env) {
  if (env.held_ != nullptr) {
    const PinnedSnapshot& held = *env.held_;
    return PinnedSnapshot(env, held.txn_, held.file_, held.meta_);
  }
  mdb_filehandle_t file = 0;
  if (const int code = mdb_env_get_fd(env.get(), &file); code != 0) return env.error(code, "read");
  while (true) {
    MDB_txn* txn = nullptr;
    if (const int code = env.begin_read(&txn); code != 0) return env.error(code, "read");
    const auto meta = find_snapshot(file, mdb_txn_id(txn));
    if (meta && is_newest_snapshot(env.get(), txn)) return PinnedSnapshot(env, txn, file, *meta);
    env.end_read(txn);
    if (!meta && meta.error().code != base::ErrorCode::kNotFound) return meta.error();
  }
}

PinnedSnapshot::~PinnedSnapshot() {
  if (txn_ != nullptr) env_->end_read(txn_);
}

base::Status PinnedSnapshot::walk(bool leaves, PageVisitor& visitor) const {
  return walk_pages(file_, meta_, leaves, visitor);
}

base::Result<std::string> PinnedSnapshot::last_key() const {
  return store::last_key(file_, meta_);
}

base::Result<bool> LmdbEnv::verify_pages(std::uint64_t whole_up_to, EntryVisitor visit) const {
  const auto bytes = file_bytes();
  if (!bytes) return bytes.error();
  const bool whole = *bytes <= whole_up_to;
  FirstDamage visitor(visit);
  if (auto walked = visit_pages(whole, visitor); !walked) return walked.error();
  if (visitor.first.empty()) return whole;
  return base::Error{base::ErrorCode::kStoreDamaged,
                     damage_advice(options_.path + "/data.mdb", visitor.first.c_str())};
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
                                               " MiB; open the store with a larger map size "
                                               "(EngineOptions::journal_map_bytes, "
                                               "archive_map_bytes)"};
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INCOMPATIBLE:
    case MDB_NOTFOUND:
      return {base::ErrorCode::kStoreDamaged, damage_advice(file, mdb_strerror(code))};
    case MDB_KEYEXIST:  // in what is only ever appended to
      return {base::ErrorCode::kStoreMoved,
              "another process has written to " + file +
                  " while this one had it open; start again, and only one at a time"};
    case MDB_READERS_FULL:
      return {base::ErrorCode::kNoResources, "too many transactions read " + file +
                                                 " at once, this process's and others'; end "
                                                 "some of the tools that read it"};
    default:
      break;
  }
  if (code > 0) return file_error(code, doing, file);
  return {base::ErrorCode::kStoreIo, "cannot " + std::string(doing) + " " + file + ": " +
                                         mdb_strerror(code) + "; check the disk and start again"};
}

}  // namespace reprise::store
