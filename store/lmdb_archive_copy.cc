// Copies of LMDB's archive.
#include <utility>

#include "store/copy_table.h"
#include "store/lmdb_archive.h"

namespace reprise::store {

// The entries are the same, and so are the digests; the state is sealed with the target's uuid.
base::Status LmdbArchive::copy_to(LmdbArchive& target, MDB_txn* snapshot) const {
  const std::pair<MDB_dbi, MDB_dbi> tables[] = {{chunks_, target.chunks_},
                                                {summaries_, target.summaries_},
                                                {ids_, target.ids_},
                                                {index_, target.index_}};
  for (const auto& [from, to] : tables) {
    auto copied = copy_table({*env_, snapshot, from}, {}, {*target.env_, to});
    if (!copied) return copied;
  }
  if (const base::Status copied = copy_rows_to(target, snapshot); !copied) return copied;
  if (const base::Status copied = copy_fields_to(target, snapshot); !copied) return copied;
  ArchiveState state;
  if (const int code = read_state(snapshot, &state); code != 0) return env_->error(code, "read");
  MDB_val key = lmdb_val(kTokenKeyEntry);
  MDB_val sealed{};  // copied as it is, damaged or not
  const int found = mdb_get(snapshot, meta_, &key, &sealed);
  if (found != 0 && found != MDB_NOTFOUND) return env_->error(found, "read");
  return target.env_->write([&](MDB_txn* txn) {
    const int code = target.write_state(txn, state);
    return code == 0 && found == 0 ? target.put_meta(txn, kTokenKeyEntry, bytes_of(sealed)) : code;
  });
}

}  // namespace reprise::store
