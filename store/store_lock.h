// Who may write to a store: the one process that holds its lock.
#pragma once
#include "store/directory.h"

namespace reprise::store {

// Held with flock(2) on two things: on LOCK, whose content names the process, and on the directory
// itself, because LOCK can be removed and replaced while it is held. Released on destruction.
struct StoreLock {
  File directory{};  // first, so that it goes last
  File file{};
};

// kStoreLocked names the process that has it.
base::Result<StoreLock> lock_store(const StoreDirectory& directory);

// For reading a store that no engine may write meanwhile. Nothing is changed or created.
base::Result<StoreLock> keep_engines_out(const StoreDirectory& directory);

}  // namespace reprise::store
