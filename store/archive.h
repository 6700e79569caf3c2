// The archive: histories by run, a summary per run, and the indexes that find them. It is written
// behind the journal in large transactions and never ahead of it; together with what is still in
// the journal it is the whole truth. Summaries and index keys are opaque to the store.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "store/record.h"

namespace reprise::store {

// Some consecutive records of one run, encoded back to back.
struct Chunk {
  RunNumber run = 0;
  Seq last = 0;  // the sequence number of the last record in it
  std::string records;
};

struct SummaryUpdate {
  RunNumber run = 0;
  std::string workflow_id;       // set in a run's first summary only: makes it findable by id
  std::string summary;           // replaces the previous one
  std::string add_key;           // index entry to add; empty: none. At most 200 bytes
  std::string remove_key;        // index entry to remove; empty: none
  std::string add_second_key{};  // another index entry to add; empty: none
};

// A run to forget, and where the archive has it.
struct RunRemoval {
  RunNumber run = 0;
  std::string workflow_id;
  std::vector<std::string> keys;  // of its index entries
};

struct ArchiveBatch {
  Seq through = 0;  // every record up to here is in the archive once this batch is
  RunNumber next_run = 0;
  std::vector<Chunk> chunks;             // written fastest in order of their runs
  std::vector<SummaryUpdate> summaries;  // likewise; of several for one run the last counts
};

// One thread commits (the archiver's); any thread may read. Reads are short transactions.
class Archive {
 public:
  virtual ~Archive() = default;

  // After kStoreFull nothing has changed, and the same may be tried again; any other error is
  // final.
  virtual base::Status commit(const ArchiveBatch& batch) = 0;
  // Forgets the runs in one transaction: all of each is gone, or nothing. The journal must have no
  // records of them any more. A run that is not there is passed over. By the thread that commits.
  virtual base::Status remove(const std::vector<RunRemoval>& runs) = 0;

  virtual base::Result<Seq> through() const = 0;         // 0: nothing archived yet
  virtual base::Result<RunNumber> next_run() const = 0;  // 1 in a new store
  // kStoreDamaged: it is not what was written.
  virtual base::Result<std::optional<std::string>> summary(RunNumber run) const = 0;

  // The newest run with this workflow id, if any. Ids are hashed in the key; `is_it` is called with
  // a candidate's summary to rule out a collision.
  virtual base::Result<std::optional<RunNumber>> find(
      std::string_view workflow_id,
      base::FunctionRef<bool(std::string_view summary)> is_it) const = 0;

  // Index entries whose key starts with `prefix`, in key order (`descending`: reversed), from
  // behind all entries with the key `after` if that is not empty, until `visit` returns false.
  // Entries of one key come in the order of their runs. No key that is in use may be a proper
  // prefix of another one's, or the two orders mix. A run whose entry moves during a long list may
  // be seen twice or not at all.
  virtual base::Status list(
      std::string_view prefix,
      std::string_view after,
      bool descending,
      base::FunctionRef<bool(std::string_view key, RunNumber run)> visit) const = 0;

  // The run's archived records in order (encoded back to back, chunk by chunk).
  virtual base::Status history(RunNumber run,
                               base::FunctionRef<bool(std::string_view records)> visit) const = 0;

  virtual base::Result<std::uint64_t> bytes_on_disk() const = 0;
  // What its content takes, without the freed pages that later commits will use again.
  virtual base::Result<std::uint64_t> live_bytes() const = 0;

  // False: the tables do not hold what was written to them, as was found when they were opened.
  // Which runs that touches, an audit tells (runtime/engine/audit.h).
  virtual bool content_verifies() const = 0;
  // Every entry of every table as it is stored, one table after the other, each in key order, all
  // of one moment. kStoreDamaged when not all can be had.
  using EntryVisitor =
      base::FunctionRef<void(std::string_view table, std::string_view key, std::string_view value)>;
  virtual base::Status visit(EntryVisitor visit) const = 0;
};

}  // namespace reprise::store
