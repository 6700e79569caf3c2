// The key of the tokens in the archive's table `meta`.
#include "store/lmdb_archive.h"
#include "store/lmdb_entries.h"

namespace reprise::store {

base::Result<std::optional<TokenKey>> LmdbArchive::token_key() const {
  std::string sealed;
  bool there = false;
  const auto done = env_->read([&](MDB_txn* txn) {
    MDB_val key = lmdb_val(kTokenKeyEntry);
    MDB_val value{};
    const int code = mdb_get(txn, meta_, &key, &value);
    if (code != 0) return code == MDB_NOTFOUND ? 0 : code;
    there = true;
    sealed = bytes_of(value);
    return 0;
  });
  if (!done) return done.error();
  if (!there) return std::optional<TokenKey>();
  if (auto key = unseal_token_key(sealed)) return key;
  return base::Error{base::ErrorCode::kStoreDamaged,
                     "the key of the store's tokens does not verify; restore the store from a "
                     "backup, or repair it: repair makes another key, and open attempts then get "
                     "new tokens with their next attempts"};
}

base::Status LmdbArchive::set_token_key(const TokenKey& key) {
  return env_->write(
      [&](MDB_txn* txn) { return put_meta(txn, kTokenKeyEntry, seal_token_key(key)); });
}

base::Status LmdbArchive::ensure_token_key() {
  const auto stored = token_key();
  if (!stored || stored->has_value()) return {};  // one that is damaged is not replaced
  if (const auto made = new_token_key()) return set_token_key(*made);
  return base::Error{base::ErrorCode::kStoreIo, "the system gives no random bytes"};
}

}  // namespace reprise::store
