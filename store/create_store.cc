#include <array>
#include <sys/random.h>

#include "base/ids.h"
#include "store/directory.h"
#include "store/leftovers.h"
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

// Removes what an unfinished creation left. `creating` goes last, because without it the rest looks
// like a store that has lost its FORMAT.
base::Status remove_leftovers(const StoreDirectory& directory) {
  if (auto removed = remove_parts(directory); !removed) return removed;
  if (auto synced = sync_path(directory.path); !synced) return synced;
  return remove_unfinished({directory.creating()}, {});
}

// LMDB syncs neither a new file's size nor its directory.
base::Status sync_environment(const std::string& path) {
  if (auto synced = sync_path(path + "/data.mdb"); !synced) return synced;
  return sync_path(path);
}

}  // namespace

base::Status build_store(const StoreDirectory& at,
                         const StoreOptions& options,
                         base::FunctionRef<base::Status(LmdbJournal&, LmdbArchive&)> fill) {
  const auto uuid = random_uuid();
  if (!uuid) return uuid.error();
  if (auto made = make_directory(at.journal()); !made) return made;
  if (auto made = make_directory(at.archive()); !made) return made;
  {
    const auto journal = LmdbJournal::open(
        {.path = at.journal(), .map_bytes = options.journal_map_bytes, .create = true});
    if (!journal) return journal.error();
    const auto archive = LmdbArchive::open(
        {.path = at.archive(), .map_bytes = options.archive_map_bytes, .create = true}, *uuid);
    if (!archive) return archive.error();
    if (auto filled = fill(**journal, **archive); !filled) return filled;
  }
  if (auto synced = sync_environment(at.journal()); !synced) return synced;
  if (auto synced = sync_environment(at.archive()); !synced) return synced;
  const std::string format =
      "reprise store, format " + std::to_string(kStoreFormat) + "\nuuid " + *uuid + "\n";
  if (auto written = create_file_synced(at.format(), format); !written) return written;
  return sync_path(at.path);
}

// FORMAT is moved last, and is on the disk before the store is used: until then there can only be
// what remove_leftovers() may remove.
base::Status create_store(const StoreDirectory& directory, const StoreOptions& options) {
  const StoreDirectory built{directory.creating()};
  if (auto removed = remove_leftovers(directory); !removed) return removed;
  if (auto made = make_directory(built.path); !made) return made;
  const auto nothing = [](LmdbJournal&, LmdbArchive&) { return base::Status(); };
  if (auto done = build_store(built, options, nothing); !done) return done;
  if (auto synced = sync_path(directory.path); !synced) return synced;
  if (auto moved = rename_path(built.journal(), directory.journal()); !moved) return moved;
  if (auto moved = rename_path(built.archive(), directory.archive()); !moved) return moved;
  if (auto synced = sync_path(directory.path); !synced) return synced;
  if (auto moved = rename_path(built.format(), directory.format()); !moved) return moved;
  if (auto synced = sync_path(directory.path); !synced) return synced;
  return finish_creation(directory);
}

base::Status finish_creation(const StoreDirectory& directory) {
  const auto removed = remove_unfinished({directory.creating()}, {});
  const bool others = !removed && removed.error().code == base::ErrorCode::kStoreUnwritable;
  return others ? base::Status() : removed;
}

}  // namespace reprise::store
