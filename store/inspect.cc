#include "store/inspect.h"

#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>

#include "store/bytes.h"
#include "store/directory.h"
#include "store/file_attempt_slots.h"
#include "store/file_error.h"
#include "store/lmdb_archive.h"
#include "store/lmdb_env.h"
#include "store/lmdb_pages.h"
#include "store/open_directories.h"
#include "store/store_lock.h"

namespace reprise::store {
namespace {

// open_file() opens it for reading, too.
bool is_directory(const File& file) {
  struct stat info {};
  return ::fstat(file.get(), &info) == 0 && S_ISDIR(info.st_mode);
}

// One of the two data files, read through a snapshot that LMDB pins if it can open the file.
class DataFile {
 public:
  DataFile(std::string directory, StoreVisitor& visitor)
      : directory_(std::move(directory)), visitor_(visitor) {}

  std::string path() const { return directory_ + "/data.mdb"; }

  base::Status open(InspectMode mode, std::uint64_t map_bytes, unsigned tables) {
    if (mode == InspectMode::kBesideEngine) {
      auto env = LmdbEnv::open(
          {.path = directory_, .map_bytes = map_bytes, .tables = tables, .read_only = true});
      if (!env && env.error().code != base::ErrorCode::kStoreDamaged) return env.error();
      if (!env) visitor_.damaged(path(), env.error().message);
      if (env) env_ = std::move(*env);
    }
    if (env_ != nullptr) {
      auto pinned = PinnedSnapshot::pin(*env_);
      if (!pinned) return pinned.error();
      pinned_.emplace(std::move(*pinned));
      return {};
    }
    auto file = open_file(path(), O_RDONLY);
    if (file && is_directory(*file)) {
      visitor_.damaged(path(), "it is a directory");
    } else if (file) {
      file_ = std::move(*file);
    } else if (file.error().code == base::ErrorCode::kStoreMissing) {
      visitor_.damaged(path(), "it is missing");
    } else if (file.error().code == base::ErrorCode::kStoreDamaged) {
      visitor_.damaged(path(), file.error().message);
    } else {
      return file.error();
    }
    return {};
  }

  base::Status walk(PageVisitor& pages) {
    visitor_.reading(path());
    if (pinned_) return pinned_->walk(true, pages);
    if (file_.get() < 0) return {};
    const auto snapshot = newest_snapshot(file_.get(), pages);
    if (snapshot) return walk_pages(file_.get(), *snapshot, true, pages);
    if (snapshot.error().code != base::ErrorCode::kStoreDamaged) return snapshot.error();
    visitor_.damaged(path(), snapshot.error().message);
    return {};
  }

  // The last key of its unnamed table, as it is now; 0: unknown.
  base::Result<Seq> last_seq() const {
    if (env_ == nullptr) return Seq{0};
    const auto now = PinnedSnapshot::pin(*env_);
    if (!now) return now.error();
    const auto key = now->last_key();
    if (!key) return key.error();
    return key->size() == sizeof(Seq) ? load_le<Seq>(key->data()) : Seq{0};
  }

  std::uint64_t bytes() const {
    struct stat info {};
    return ::stat(path().c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
  }

 private:
  const std::string directory_;
  StoreVisitor& visitor_;
  std::unique_ptr<LmdbEnv> env_;
  std::optional<PinnedSnapshot> pinned_;
  File file_;
};

class Pages : public PageVisitor {
 public:
  Pages(std::string file, StoreVisitor& visitor) : visitor_(visitor), file_(std::move(file)) {}
  void damaged(std::uint64_t page, const std::string& what) override {
    visitor_.damaged(file_ + " page " + std::to_string(page), what);
  }

 protected:
  StoreVisitor& visitor_;
  const std::string file_;
};

class ArchivePages final : public Pages {
 public:
  using Pages::Pages;
  void entry(std::string_view table, std::string_view key, std::string_view value) override {
    if (table != table_) {
      table_ = table;
      visitor_.reading(file_ + ", table " + table_);
    }
    visitor_.archive_entry(table, key, value);
  }

 private:
  std::string table_;
};

class JournalPages final : public Pages {
 public:
  using Pages::Pages;
  void entry(std::string_view table, std::string_view key, std::string_view value) override {
    if (table.empty() && key.size() == sizeof(Seq)) {
      visitor_.journal_record(load_le<Seq>(key.data()), value);
    } else {
      visitor_.damaged(file_, "a key of it is invalid");
    }
  }
};

base::Result<std::string> uuid_of(const StoreDirectory& directory, StoreVisitor& visitor) {
  visitor.reading(directory.format());
  const auto content = look_into(directory);
  if (content && *content != DirectoryContent::kStore) {
    return base::Error{base::ErrorCode::kStoreMissing,
                       "there is no Reprise store at " + directory.path + "; check the path"};
  }
  const auto identity = content ? read_identity(directory) : content.error();
  if (identity) return identity->uuid;
  const bool damaged = identity.error().code == base::ErrorCode::kStoreDamaged;
  // A damaged FORMAT, beside files that only a store has.
  struct stat info {};
  const bool is_store = ::stat((directory.journal() + "/data.mdb").c_str(), &info) == 0;
  if (!damaged && !(is_store && identity.error().code == base::ErrorCode::kStoreMissing)) {
    return identity.error();
  }
  visitor.damaged(directory.format(), identity.error().message);
  return std::string();
}

}  // namespace

base::Result<Inspected> inspect_store(const std::string& path,
                                      InspectMode mode,
                                      StoreVisitor& visitor) {
  const StoreDirectory directory{path};
  auto uuid = uuid_of(directory, visitor);
  if (!uuid) return uuid.error();
  const auto claim = DirectoryClaim::claim(path);
  if (!claim) return claim.error();
  StoreLock lock;
  if (mode == InspectMode::kAlone) {
    auto locked = keep_engines_out(directory);
    if (!locked) return locked.error();
    lock = std::move(*locked);
  }
  const Seq witnessed = witnessed_seq(directory.attempts());
  // The journal's snapshot comes first: records that have left it by then are in the archive.
  const StoreOptions sizes;
  DataFile journal(directory.journal(), visitor);
  if (auto opened = journal.open(mode, sizes.journal_map_bytes, 0); !opened) return opened.error();
  DataFile archive(directory.archive(), visitor);
  if (auto opened = archive.open(mode, sizes.archive_map_bytes, kLmdbTables); !opened)
    return opened.error();
  const auto journal_last = journal.last_seq();
  if (!journal_last) return journal_last.error();
  ArchivePages archive_pages(archive.path(), visitor);
  if (auto walked = archive.walk(archive_pages); !walked) return walked.error();
  JournalPages journal_pages(journal.path(), visitor);
  if (auto walked = journal.walk(journal_pages); !walked) return walked.error();
  return Inspected{std::move(*uuid), witnessed, *journal_last, journal.bytes() + archive.bytes()};
}

}  // namespace reprise::store
