#include <array>
#include <cerrno>
#include <filesystem>
#include <sys/random.h>

#include "base/ids.h"
#include "store/directory.h"
#include "store/file_error.h"
#include "store/lmdb_archive.h"
#include "store/lmdb_journal.h"

namespace reprise::store {
namespace {

base::Result<std::string> random_uuid() {
  std::array<std::uint8_t, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return base::Error{base::ErrorCode::kStoreIo, "the system gives no random bytes"};
  }
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  return base::format_uuid(bytes);
}

base::Status remove_tree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return file_error(error.value(), "remove", path);
  return {};
}

// What a creation that was cut short left behind. `creating` goes last, because without it the
// rest looks like a store that lost its FORMAT.
base::Status remove_leftovers(const StoreDirectory& directory) {
  if (auto removed = remove_tree(directory.journal()); !removed) return removed;
  if (auto removed = remove_tree(directory.archive()); !removed) return removed;
  if (auto synced = sync_path(directory.path); !synced) return synced;
  return remove_tree(directory.creating());
}

// LMDB syncs neither a new file's size nor its directory.
base::Status sync_environment(const std::string& path) {
  if (auto synced = sync_path(path + "/data.mdb"); !synced) return synced;
  return sync_path(path);
}

base::Status build_journal(const std::string& path, const StoreOptions& options) {
  if (auto made = make_directory(path); !made) return made;
  {
    const auto journal =
        LmdbJournal::open({.path = path, .map_bytes = options.journal_map_bytes, .create = true});
    if (!journal) return journal.error();
  }
  return sync_environment(path);
}

base::Status build_archive(const std::string& path,
                           const StoreOptions& options,
                           const std::string& uuid) {
  if (auto made = make_directory(path); !made) return made;
  {
    const auto archive = LmdbArchive::open(
        {.path = path, .map_bytes = options.archive_map_bytes, .create = true}, uuid);
    if (!archive) return archive.error();
  }
  return sync_environment(path);
}

base::Status build(const StoreDirectory& at, const StoreOptions& options) {
  const auto uuid = random_uuid();
  if (!uuid) return uuid.error();
  if (auto made = make_directory(at.path); !made) return made;
  if (auto built = build_journal(at.journal(), options); !built) return built;
  if (auto built = build_archive(at.archive(), options, *uuid); !built) return built;
  const std::string format =
      "reprise store, format " + std::to_string(kStoreFormat) + "\nuuid " + *uuid + "\n";
  if (auto written = write_file_synced(at.format(), format); !written) return written;
  return sync_path(at.path);
}

}  // namespace

// FORMAT is moved last, and is on the disk before the store is used: as long as it is not there,
// all there can be is what remove_leftovers() may remove.
base::Status create_store(const StoreDirectory& directory, const StoreOptions& options) {
  const StoreDirectory built{directory.creating()};
  if (auto removed = remove_leftovers(directory); !removed) return removed;
  if (auto done = build(built, options); !done) return done;
  if (auto synced = sync_path(directory.path); !synced) return synced;
  if (auto moved = rename_path(built.journal(), directory.journal()); !moved) return moved;
  if (auto moved = rename_path(built.archive(), directory.archive()); !moved) return moved;
  if (auto synced = sync_path(directory.path); !synced) return synced;
  if (auto moved = rename_path(built.format(), directory.format()); !moved) return moved;
  if (auto synced = sync_path(directory.path); !synced) return synced;
  return finish_creation(directory);
}

base::Status finish_creation(const StoreDirectory& directory) {
  return remove_tree(directory.creating());
}

}  // namespace reprise::store
