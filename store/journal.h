// The journal: the append-only table of records in commit order. What is in it is durable; what is
// not in it did not happen. It is an interface so that another medium can be measured against LMDB,
// and so that tests run in memory; the product uses LMDB.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/visitor.h"
#include "store/record.h"

namespace reprise::store {

// Encoded records back to back, with consecutive sequence numbers from `first`.
struct RecordBatch {
  Seq first = 0;
  std::vector<std::uint32_t> ends;  // ends[i]: offset in `bytes` after record first + i
  std::string bytes;

  std::size_t count() const { return ends.size(); }
  Seq last() const { return first + ends.size() - 1; }
};

// One thread appends and trims (the writer's); any thread may read.
class Journal {
 public:
  virtual ~Journal() = default;

  // Appends the batches in order and removes records up to `trim_through`, in one transaction: only
  // a few for each record appended, so that no commit becomes long, and never the newest one. When
  // it returns without error everything is on the disk. After kStoreFull nothing has changed, and
  // the same may be tried again. Any other error is final: the journal refuses every further append
  // with it, whereas LMDB would go on as if nothing had happened.
  virtual base::Status append(const std::vector<const RecordBatch*>& batches, Seq trim_through) = 0;

  // Calls `visit` with each stored record's bytes from `from` on, in order, until it has seen
  // enough or the end is reached. The read transaction is renewed every few milliseconds, so a long
  // scan does not keep freed pages from being reused; the bytes are valid during the call only.
  virtual base::Status scan(Seq from, base::Visitor<Seq, std::string_view> visit) const = 0;

  // The record's bytes, or kNotFound when it was trimmed or never written.
  virtual base::Result<std::string> read(Seq seq) const = 0;

  // 0: it has no file.
  virtual base::Result<std::uint64_t> bytes_on_disk() const { return std::uint64_t{0}; }

  virtual base::Result<Seq> first() const = 0;  // 0: empty
  // The last sequence number ever appended, trimmed or not; 0: nothing was.
  virtual base::Result<Seq> last() const = 0;
};

}  // namespace reprise::store
