// A copy of a store that is being written to, for a backup.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"
#include "store/lmdb_archive.h"
#include "store/lmdb_journal.h"
#include "store/store.h"

namespace reprise::store {

// Store::copy_to().
base::Result<std::uint64_t> copy_store(const LmdbJournal& journal,
                                       const LmdbArchive& archive,
                                       const std::string& directory,
                                       const StoreOptions& options);

}  // namespace reprise::store
