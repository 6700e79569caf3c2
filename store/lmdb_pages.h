// Reads an LMDB file page by page, with pread and bounds checks instead of LMDB, which has no
// checksums and believes every number that it finds: of files with a flipped bit it reports one in
// a thousand, and some kill the process. Whatever the bytes are, this walk ends, and says which
// pages are no part of a sound tree.
//
// It follows the format of LMDB 0.9 (data version 1, 64 bits) for what the store uses of it.
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

// The newest snapshot of a file that nobody writes, though a meta page may be damaged, which the
// visitor is told. kStoreDamaged: there is none.
base::Result<MetaPage> newest_snapshot(int file, PageVisitor& visitor);

// Errors: the file cannot be read at all. Damage goes to the visitor. Without `leaves`, the leaf
// pages of named tables are left out, which are nearly all of a large file.
base::Status walk_pages(int file, const MetaPage& snapshot, bool leaves, PageVisitor& visitor);

// The last key of the unnamed table, from the pages that lead to it alone; empty: it has none, or
// they are damaged.
base::Result<std::string> last_key(int file, const MetaPage& snapshot);

// Are the two meta pages such as LMDB would have written them one after the other? kStoreDamaged
// says what is not. To be asked before LMDB opens the file: it believes the meta pages too. Another
// process may be writing.
base::Status check_meta_pages(const std::string& path);

}  // namespace reprise::store
