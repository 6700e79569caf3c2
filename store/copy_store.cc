#include "store/copy_store.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <sys/statvfs.h>

#include "store/directory.h"
#include "store/file_error.h"

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

// The two environments at moments that fit together. Records go from the journal to the archive and
// leave the journal afterwards, so the archive's moment is the earlier one: the journal then has
// all that the archive has not. Unless it was trimmed in between, which takes a commit of each.
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

// The journal first and quickly: it has a commit every millisecond, and the file grows with each as
// long as it is read. The archive has one every 65,536 records.
base::Status copy_content(Moments& moments, LmdbJournal& journal, LmdbArchive& archive) {
  if (moments.last != 0) {
    // Its newest record is always there, and what is archived need not be there twice.
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

base::Status must_be_free(const std::string& directory) {
  std::error_code error;
  const auto kind = std::filesystem::status(directory, error).type();
  if (kind == std::filesystem::file_type::not_found) return {};
  if (!error && kind != std::filesystem::file_type::directory) return not_empty(directory);
  const bool empty = !error && std::filesystem::is_empty(directory, error);
  if (error) return file_error(error.value(), "open", directory);
  if (!empty) return not_empty(directory);
  return {};
}

// A backup must not take the last space: the store that is copied may need it, and ends its process
// without it.
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

// What an earlier copy that was cut short left behind. Nothing else is touched.
base::Status clear(const StoreDirectory& unfinished) {
  std::error_code error;
  std::vector<std::string> left_behind;
  for (const auto& entry : std::filesystem::directory_iterator(unfinished.path, error)) {
    const std::string path = entry.path().string();
    if (path == unfinished.lock()) continue;
    if (path != unfinished.journal() && path != unfinished.archive() &&
        path != unfinished.format()) {
      return not_empty(unfinished.path);  // perhaps a store that somebody uses
    }
    left_behind.push_back(path);
  }
  if (error) return file_error(error.value(), "open", unfinished.path);
  for (const std::string& path : left_behind) {
    if (auto removed = remove_tree(path); !removed) return removed;
  }
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

base::Result<std::uint64_t> copy_store(const LmdbJournal& journal,
                                       const LmdbArchive& archive,
                                       const std::string& directory,
                                       const StoreOptions& options) {
  const std::string target = absolute_path(directory);
  const StoreDirectory unfinished{target + ".unfinished"};
  if (auto free = must_be_free(target); !free) return free.error();
  if (auto room = must_have_room(parent_of(target), journal, archive); !room) return room.error();
  if (auto made = make_directory(unfinished.path);
      !made && !std::filesystem::is_directory(unfinished.path)) {
    return made.error();
  }
  const auto lock = lock_store(unfinished);
  if (!lock) return lock.error();
  if (auto cleared = clear(unfinished); !cleared) return cleared.error();
  auto bytes = build_copy(unfinished, journal, archive, options);
  if (bytes) {
    // Replaces an empty directory, and nothing else.
    auto moved = rename_path(unfinished.path, target);
    if (moved) moved = sync_path(parent_of(target));
    if (!moved) bytes = moved.error();
  }
  if (!bytes) (void)remove_tree(unfinished.path);
  return bytes;
}

}  // namespace reprise::store
