// Copies a table from a snapshot of one LMDB environment to another environment. The pages are
// written anew: packed and without free ones, whatever the source's file looks like.
#pragma once
#include <string_view>

#include "store/lmdb_env.h"

namespace reprise::store {

struct SnapshotTable {
  const LmdbEnv& env;
  MDB_txn* snapshot;
  MDB_dbi table;
};

struct TargetTable {
  LmdbEnv& env;
  MDB_dbi table;  // empty
};

// Copies the entries from the key `first` on (empty: all) in several commits. Keys that do not
// increase are damage.
base::Status copy_table(const SnapshotTable& from, std::string_view first, const TargetTable& to);

}  // namespace reprise::store
