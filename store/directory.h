// The directory of a store: its files, who may open it, and how it is created.
//
//   LOCK       held with flock(2) by the process that writes; contains its id (store_lock.h)
//   FORMAT     what this is and which version wrote it; the last file to be created
//   journal/   an LMDB environment
//   archive/   an LMDB environment
//   attempts   the attempts that were under way (attempt_slots.h)
//   control    a socket of the engine (runtime/control/socket.h), not used by the store
//   parked     which runs the engine has parked (parked_notes.h)
//   turns      whose code was running, and which runs have ended a process (turn_marks.h)
//   creating/  a creation that was not finished; never next to FORMAT for long
//   copying    tells a copy that was not finished (copy_store.h)
//
// Files of other names are not ours: they are left alone, and not copied.
#pragma once
#include <string>

#include "base/result.h"
#include "store/files.h"
#include "store/store.h"

namespace reprise::store {

class LmdbArchive;
class LmdbJournal;

inline constexpr int kStoreFormat = 3;

struct StoreDirectory {
  std::string path;

  std::string lock() const { return path + "/LOCK"; }
  std::string format() const { return path + "/FORMAT"; }
  std::string journal() const { return path + "/journal"; }
  std::string archive() const { return path + "/archive"; }
  std::string attempts() const { return path + "/attempts"; }
  std::string parked() const { return path + "/parked"; }
  std::string turns() const { return path + "/turns"; }
  std::string creating() const { return path + "/creating"; }
  std::string copying() const { return path + "/copying"; }
};

// What FORMAT says.
struct StoreIdentity {
  std::string uuid;
};

enum class DirectoryContent {
  kNothing,  // no such directory
  kEmpty,    // nothing in it, or a creation that was not finished
  kStore,
};

// Does not write. A file, or a directory with other things in it, is kStoreMissing; a store without
// its FORMAT is kStoreDamaged.
base::Result<DirectoryContent> look_into(const StoreDirectory& directory);

// kStoreOtherFormat, or kStoreDamaged when it cannot be understood.
base::Result<StoreIdentity> read_identity(const StoreDirectory& directory);

// In an empty directory whose lock is held. Safe against a crash at any point: afterwards there is
// either a complete store or one still to be created.
base::Status create_store(const StoreDirectory& directory, const StoreOptions& options);

// Makes the files of a store in an existing directory that is not a store yet, lets `fill` write to
// them, and syncs everything. FORMAT comes last.
base::Status build_store(const StoreDirectory& at,
                         const StoreOptions& options,
                         base::FunctionRef<base::Status(LmdbJournal&, LmdbArchive&)> fill);

// For a complete store whose lock is held: removes what a crash at the end of create_store() left,
// but not what somebody else put in its place.
base::Status finish_creation(const StoreDirectory& directory);

}  // namespace reprise::store
