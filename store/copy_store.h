// A copy of a store that is being written to, for a backup.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"
#include "store/files.h"
#include "store/lmdb_archive.h"
#include "store/lmdb_journal.h"
#include "store/store.h"

namespace reprise::store {

struct CopySource {
  const LmdbJournal& journal;
  const LmdbArchive& archive;
  FileId directory;
};

// Store::copy_to().
base::Result<std::uint64_t> copy_store(const CopySource& source,
                                       const std::string& directory,
                                       const StoreOptions& options);

}  // namespace reprise::store
