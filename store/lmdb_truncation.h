// Finds out whether an LMDB file has lost its end. Reading a mapped page after the end of the file
// kills the process (SIGBUS), so a truncated file must be refused when it is opened.
#pragma once
#include <lmdb.h>

namespace reprise::store {

// 0, or MDB_CORRUPTED when pages that are in use are not in the file, or another of LMDB's codes.
// Costs a few system calls for a file that is long enough.
int check_not_truncated(MDB_env* env);

// Does the transaction see the newest snapshot, including those of writers in other processes?
bool is_newest_snapshot(MDB_env* env, MDB_txn* txn);

}  // namespace reprise::store
