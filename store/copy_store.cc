#include "store/copy_store.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <set>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "store/directory.h"
#include "store/file_error.h"
#include "store/leftovers.h"
#include "store/store_lock.h"

namespace reprise::store {
namespace {

class Snapshot {
 public:
  explicit Snapshot(const LmdbEnv& env) : env_(env), code_(env.begin_read(&txn_)) {}
  ~Snapshot() { end(); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  int code() const { return code_; }
  MDB_txn* get() const { return txn_; }
  void end() {
    if (txn_ != nullptr) env_.end_read(std::exchange(txn_, nullptr));
  }

 private:
  const LmdbEnv& env_;
  MDB_txn* txn_ = nullptr;
  const int code_;
};

// Snapshots of the two environments that fit together. Records are copied to the archive before
// they leave the journal, so the archive's snapshot is taken first: then the journal has every
// record that the archive lacks. Unless it was trimmed in between, which takes a commit of each.
struct Moments {
  Moments(const LmdbJournal& from_journal, const LmdbArchive& from_archive)
      : journal(from_journal), archive(from_archive) {}

  base::Result<bool> take() {
    archived.emplace(archive.env());
    if (archived->code() != 0) return archive.env().error(archived->code(), "read");
    recent.emplace(journal.env());
    if (recent->code() != 0) return journal.env().error(recent->code(), "read");
    if (const int code = archive.through_in(archived->get(), &through); code != 0) {
      return archive.env().error(code, "read");
    }
    Seq first = 0;
    int code = journal.key_in(recent->get(), MDB_FIRST, &first);
    if (code == 0) code = journal.key_in(recent->get(), MDB_LAST, &last);
    if (code != 0) return journal.env().error(code, "read");
    return first <= through + 1;
  }

  const LmdbJournal& journal;
  const LmdbArchive& archive;
  std::optional<Snapshot> archived{};
  std::optional<Snapshot> recent{};
  Seq through = 0;
  Seq last = 0;
};

// The journal first, and quickly: it has a commit every millisecond, and its file grows with each
// of them while it is read. The archive has one every 65,536 records.
base::Status copy_content(Moments& moments, LmdbJournal& journal, LmdbArchive& archive) {
  if (moments.last != 0) {
    // Its newest record is always copied; archived ones are not needed twice.
    const Seq from = std::min(moments.through + 1, moments.last);
    auto copied = moments.journal.copy_to(journal, moments.recent->get(), from);
    if (!copied) return copied;
  }
  moments.recent->end();
  return moments.archive.copy_to(archive, moments.archived->get());
}

base::Error not_empty(const std::string& directory) {
  return {base::ErrorCode::kStoreUnwritable,
          directory + " is there and not empty; name a directory that is not there"};
}

// An empty directory, or nothing; not a link, which could not be replaced.
base::Status must_be_free(const std::string& directory) {
  struct stat info {};
  if (::lstat(directory.c_str(), &info) != 0) {
    return errno == ENOENT ? base::Status() : file_error(errno, "open", directory);
  }
  if (!S_ISDIR(info.st_mode)) return not_empty(directory);
  const auto names = names_in(directory);
  if (!names) return names.error();
  return names->empty() ? base::Status() : not_empty(directory);
}

base::Status must_be_outside(const std::string& target, const FileId& store) {
  if (!lies_within(target, store)) return {};
  return base::Error{base::ErrorCode::kStoreUnwritable,
                     target +
                         " lies in the store that is to be copied; name a directory that "
                         "is not in it"};
}

// A backup must not take the last space: the store that is being copied may need it, and stops
// working without it.
base::Status must_have_room(const std::string& parent,
                            const LmdbJournal& journal,
                            const LmdbArchive& archive) {
  struct statvfs disk {};
  if (::statvfs(parent.c_str(), &disk) != 0) return file_error(errno, "open", parent);
  const auto live = archive.live_bytes();
  if (!live) return live.error();
  MDB_stat recent{};
  if (const int code = mdb_env_stat(journal.env().get(), &recent); code != 0) {
    return journal.env().error(code, "read");
  }
  const std::uint64_t needed =
      *live + std::uint64_t{recent.ms_psize} * (recent.ms_leaf_pages + recent.ms_overflow_pages);
  if (disk.f_bavail * disk.f_frsize >= needed) return {};
  return base::Error{base::ErrorCode::kStoreFull,
                     "a copy of the store takes up to " + std::to_string(needed >> 20) +
                         " MiB, and " + parent + " has less left; make room or copy it elsewhere"};
}

// The files of a copy under way, besides those of every store.
const std::set<std::string>& files_of_a_copy() {
  static const auto* const names = new std::set<std::string>{"LOCK", "copying"};
  return *names;
}

// Only if the directory is empty or marked as an unfinished copy. It could be a store in use, or a
// complete copy that somebody gave such a name.
base::Status must_be_left_over(const StoreDirectory& unfinished) {
  struct stat info {};
  const bool directory = ::lstat(unfinished.path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  using Names = base::Result<std::set<std::string>>;
  const Names names = directory ? names_in(unfinished.path) : Names(std::set<std::string>{});
  if (!names) return names.error();
  bool others = !directory;
  for (const std::string& name : *names) {
    const bool part = name == "journal" || name == "archive" || name == "FORMAT";
    others |= !part && !files_of_a_copy().contains(name);
  }
  const bool whole = names->contains("FORMAT") && !names->contains("copying");
  if (!others && !whole) return {};
  return base::Error{base::ErrorCode::kStoreUnwritable,
                     unfinished.path +
                         " is there, and no copy that was cut short; move it away, "
                         "or name another directory"};
}

// Checked without creating anything.
base::Status must_not_be_in_use(const StoreDirectory& unfinished) {
  const auto probe = keep_engines_out(unfinished);
  if (!probe && probe.error().code == base::ErrorCode::kStoreLocked) return probe.error();
  return {};
}

// Returns it locked. Removes what an earlier, unfinished copy left there.
base::Result<StoreLock> begin_copy(const StoreDirectory& unfinished) {
  if (auto made = make_directory(unfinished.path); !made) {
    const base::Status not_in_use = must_not_be_in_use(unfinished);
    if (!not_in_use) return not_in_use.error();
    if (auto old = must_be_left_over(unfinished); !old) return old.error();
  }
  auto lock = lock_store(unfinished);
  if (!lock) return lock.error();
  // Check again: until it was locked, another process may have been making a copy.
  if (auto old = must_be_left_over(unfinished); !old) return old.error();
  if (auto removed = remove_parts(unfinished); !removed) return removed.error();
  if (auto removed = remove_file(unfinished.copying()); !removed) return removed.error();
  if (auto marked = create_file_synced(unfinished.copying(), ""); !marked) return marked.error();
  if (auto synced = sync_path(unfinished.path); !synced) return synced.error();
  return lock;
}

// Replaces an empty directory, and nothing else.
base::Status finish_copy(const StoreDirectory& unfinished, const StoreDirectory& target) {
  if (auto moved = rename_path(unfinished.path, target.path); !moved) return moved;
  if (auto synced = sync_path(parent_of(target.path)); !synced) return synced;
  (void)remove_file(target.copying());  // has no meaning beside FORMAT and under this name
  return {};
}

base::Result<std::uint64_t> build_copy(const StoreDirectory& unfinished,
                                       const LmdbJournal& journal,
                                       const LmdbArchive& archive,
                                       const StoreOptions& options) {
  std::uint64_t bytes = 0;
  const auto fill = [&](LmdbJournal& to_journal, LmdbArchive& to_archive) -> base::Status {
    Moments moments(journal, archive);
    auto fit = moments.take();
    while (fit && !*fit) fit = moments.take();
    if (!fit) return fit.error();
    if (auto copied = copy_content(moments, to_journal, to_archive); !copied) return copied;
    const auto in_journal = to_journal.env().file_bytes();
    if (!in_journal) return in_journal.error();
    const auto in_archive = to_archive.env().file_bytes();
    if (!in_archive) return in_archive.error();
    bytes = *in_journal + *in_archive;
    return {};
  };
  if (auto built = build_store(unfinished, options, fill); !built) return built.error();
  return bytes;
}

}  // namespace

base::Result<std::uint64_t> copy_store(const CopySource& source,
                                       const std::string& directory,
                                       const StoreOptions& options) {
  if (directory.empty() || directory.find('\0') != std::string::npos) {
    return base::Error{base::ErrorCode::kStoreMissing,
                       "the name of the copy's directory is empty or has a zero byte in it; give "
                       "another"};
  }
  const StoreDirectory target{absolute_path(directory)};
  const StoreDirectory unfinished{target.path + ".unfinished"};
  if (auto free = must_be_free(target.path); !free) return free.error();
  if (auto outside = must_be_outside(target.path, source.directory); !outside) {
    return outside.error();
  }
  if (auto outside = must_be_outside(unfinished.path, source.directory); !outside) {
    return outside.error();
  }
  if (auto room = must_have_room(parent_of(target.path), source.journal, source.archive); !room) {
    return room.error();
  }
  const auto lock = begin_copy(unfinished);
  if (!lock) return lock.error();
  auto bytes = build_copy(unfinished, source.journal, source.archive, options);
  if (bytes) {
    if (auto finished = finish_copy(unfinished, target); !finished) bytes = finished.error();
  }
  if (!bytes) (void)remove_unfinished(unfinished, files_of_a_copy());
  return bytes;
}

}  // namespace reprise::store
