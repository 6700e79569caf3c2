// The archive: histories by run, a summary per run, and the indexes that find them. It is written
// after the journal, in large transactions, and never ahead of it. Archive and journal together
// have every record. Summaries and index keys are opaque to the store.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "base/visitor.h"
#include "store/moment.h"
#include "store/record.h"
#include "store/rows.h"
#include "store/token_key.h"

namespace reprise::store {

// Some consecutive records of one run, encoded back to back.
struct Chunk {
  RunNumber run = 0;
  Seq last = 0;  // the sequence number of the last record in it
  std::string records;
};

struct SummaryUpdate {
  RunNumber run = 0;
  std::string workflow_id;       // only in a run's first summary: makes the run findable by id
  std::string summary;           // replaces the previous one
  std::string add_key;           // index entry to add; empty: none. At most 200 bytes
  std::string remove_key;        // index entry to remove; empty: none
  std::string add_second_key{};  // another index entry to add; empty: none
  // Entries of the table of fields. At most kLongestFieldKey bytes each; ignored while there is
  // no such table.
  std::vector<std::string> add_fields{};
  std::vector<std::string> remove_fields{};
};

inline constexpr std::size_t kLongestFieldKey = 400;

// A run to remove, with its entries in the archive.
struct RunRemoval {
  RunNumber run = 0;
  std::string workflow_id;
  std::vector<std::string> keys;      // of its index entries
  std::vector<std::string> fields{};  // of its entries in the table of fields
};

// Entries of the table of fields for runs that were archived before there was one.
struct FieldsPart {
  struct Entry {
    std::string key;
    RunNumber run = 0;
  };
  std::vector<Entry> entries;
  RunNumber next = 0;  // the table lacks those of this run and of later ones; 0: it is complete
};

struct FieldsState {
  std::uint64_t version = 0;  // the caller's; 0: there is no table, or it does not verify
  RunNumber next = 0;         // see FieldsPart
  bool complete() const { return version != 0 && next == 0; }
};

struct ArchiveBatch {
  Seq through = 0;  // with this batch the archive has every record up to here
  RunNumber next_run = 0;
  std::vector<Chunk> chunks;             // written fastest in order of their runs
  std::vector<SummaryUpdate> summaries;  // likewise; the last one for a run counts
  // Entries of the table of fields that belong to no run: their run number is 0.
  std::vector<std::string> add_fields{};
  RowChanges rows{};                     // of tables, by the records up to `through`
  // A record that may have changed rows, and whose changes are not among them because it is
  // damaged; 0: none. The first one is kept.
  Seq rows_lost_at = 0;
};

// One thread commits (the archiver's); any thread may read. Reads are short transactions.
class Archive {
 public:
  virtual ~Archive() = default;

  // After kStoreFull nothing has changed, and the same batch may be tried again; any other error is
  // final.
  virtual base::Status commit(const ArchiveBatch& batch) = 0;
  // Removes the runs in one transaction, completely or not at all. The journal must have no more
  // records of them. Missing runs are skipped. Called by the thread that commits.
  virtual base::Status remove(const std::vector<RunRemoval>& runs) = 0;

  virtual base::Result<Seq> through() const = 0;         // 0: nothing archived yet
  virtual base::Result<RunNumber> next_run() const = 0;  // 1 in a new store
  // kStoreDamaged: the content has changed since it was written.
  virtual base::Result<std::optional<std::string>> summary(RunNumber run) const = 0;

  // The newest run with this workflow id, if any. Ids are hashed in the key; `is_it` is called with
  // a candidate and its summary to rule out a collision, from the newest one on.
  virtual base::Result<std::optional<RunNumber>> find(
      std::string_view workflow_id,
      base::FunctionRef<bool(RunNumber run, std::string_view summary)> is_it) const = 0;

  // Index entries whose key starts with `prefix`, in key order (`descending`: reversed), from
  // after all entries with the key `after` if that is not empty, until `visit` has seen enough.
  // Entries of one key come in the order of their runs. No key in use may be a proper prefix of
  // another one, or their orders mix. A run whose entry moves during a long list may be seen twice
  // or not at all.
  virtual base::Status list(std::string_view prefix,
                            std::string_view after,
                            bool descending,
                            base::Visitor<std::string_view, RunNumber> visit) const = 0;

  // The run's archived records in order (encoded back to back, chunk by chunk), from the chunk with
  // the first one after `after` on.
  virtual base::Status history(RunNumber run,
                               Seq after,
                               base::Visitor<std::string_view> visit) const = 0;
  base::Status history(RunNumber run, base::Visitor<std::string_view> visit) const {
    return history(run, 0, visit);
  }

  // The rows of tables, as they are now.
  virtual base::Result<std::unique_ptr<Rows>> rows() const = 0;
  // See ArchiveBatch; 0: the tables are complete.
  virtual base::Result<Seq> rows_lost_at() const = 0;
  // False: opening found that the rows are not what was written. A row that was changed is also
  // noticed when it is read; one that is missing is not.
  virtual bool rows_verify() const = 0;

  // The table of fields finds runs by what they have (runtime/visibility/keys.h); it follows from
  // the summaries, and can be made again. Its keys are opaque to the store.
  virtual base::Result<FieldsState> fields() const = 0;
  // Makes it, or empties it. From now on commits keep it; it lacks the runs that the archive has.
  virtual base::Status begin_fields(std::uint64_t version) = 0;
  virtual base::Status build_fields(const FieldsPart& part) = 0;
  // Everything in one snapshot.
  virtual base::Result<std::unique_ptr<ArchiveMoment>> moment() const = 0;

  // nullopt: it has none, because an earlier version made it and no room was left to add one.
  // kStoreDamaged: it does not verify.
  virtual base::Result<std::optional<TokenKey>> token_key() const = 0;
  // Replaces it: what was made from another store keeps that store's.
  virtual base::Status set_token_key(const TokenKey& key) = 0;

  virtual base::Result<std::uint64_t> bytes_on_disk() const = 0;
  // The bytes of its content, without the freed pages that later commits will use again.
  virtual base::Result<std::uint64_t> live_bytes() const = 0;

  // False: opening found that the tables do not have what was written to them. An audit
  // (runtime/engine/audit.h) tells which runs are concerned.
  virtual bool content_verifies() const = 0;
  // Every entry of every table as it is stored, one table after the other, each in key order, all
  // from one moment. kStoreDamaged when some cannot be read.
  using EntryVisitor =
      base::FunctionRef<void(std::string_view table, std::string_view key, std::string_view value)>;
  virtual base::Status visit(EntryVisitor visit) const = 0;
};

}  // namespace reprise::store
