// Reads an LMDB file page by page, with pread and bounds checks instead of LMDB, which has no
// checksums and trusts every number that it finds: it reports one in a thousand files with a
// flipped bit, and some of them kill the process. Whatever the bytes are, this walk ends, and says
// which pages are not part of a sound tree.
//
// It knows the format of LMDB 0.9 (data version 1, 64 bits) as far as the store uses it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/lmdb_format.h"

namespace reprise::store {

class PageVisitor {
 public:
  virtual ~PageVisitor() = default;
  // An entry of a table, in key order; the unnamed one is "". Valid during the call.
  virtual void entry(std::string_view table, std::string_view key, std::string_view value) = 0;
  // The walk goes on with what it can still reach.
  virtual void damaged(std::uint64_t page, const std::string& what) = 0;
};

// The snapshot that a read transaction sees and keeps from being reused. kNotFound: a writer in
// another process has overwritten its meta page meanwhile; take another transaction.
base::Result<MetaPage> find_snapshot(int file, std::uint64_t transaction);

// The newest snapshot of a file that nobody writes. A damaged meta page is reported to the visitor.
// kStoreDamaged: there is no snapshot.
base::Result<MetaPage> newest_snapshot(int file, PageVisitor& visitor);

// Errors: the file cannot be read at all. Damage goes to the visitor. Without `leaves`, the leaf
// pages of named tables, nearly all of a large file, are left out.
base::Status walk_pages(int file, const MetaPage& snapshot, bool leaves, PageVisitor& visitor);

// The last key of the unnamed table, read from only the pages that lead to it; empty: it has none,
// or the pages are damaged.
base::Result<std::string> last_key(int file, const MetaPage& snapshot);

// Could LMDB have written the two meta pages one after the other? kStoreDamaged says what is wrong.
// Check this before LMDB opens the file: it trusts the meta pages too. Another process may be
// writing.
base::Status check_meta_pages(const std::string& path);

}  // namespace reprise::store
