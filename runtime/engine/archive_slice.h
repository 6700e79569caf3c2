// A part of the journal on its way into the archive: records collected by run, and each run's
// summary folded forward.
#pragma once
#include <unordered_map>
#include <unordered_set>

#include "runtime/engine/journal_tail.h"
#include "runtime/fold/chain.h"
#include "runtime/fold/run_state.h"
#include "store/archive.h"

namespace reprise::runtime {

class ArchiveSlice {
 public:
  // `damaged` has the runs of records that were found damaged when the store was opened, and
  // `without_changes` those whose records then did not count. All of it must outlive the slice.
  ArchiveSlice(const store::Archive& archive,
               Names& names,
               const DamagedRecords& damaged,
               const std::unordered_set<store::RunNumber>& without_changes)
      : archive_(archive),
        names_(names),
        damaged_(damaged),
        without_changes_(without_changes),
        chain_(names) {}

  // Adds the next record of the journal, as it is encoded there. kStoreDamaged: it does not verify
  // although it did when the store was opened; only opening the store again finds out whose it is.
  base::Status add(store::Seq seq, std::string_view encoded);
  std::size_t bytes() const { return bytes_; }

  // The slice as the archive takes it. Once.
  store::ArchiveBatch take(store::RunNumber next_run);

 private:
  struct Gathered {
    RunState state;
    RunStatus archived_status{};  // what the index says; none for a new run
    std::int64_t archived_started_ms = 0;
    std::vector<std::string> archived_attributes{};  // their entries in the index of fields
    bool is_new = false;
    store::Seq last = 0;
    std::string records;
    // The last checkpoint in the slice: whoever replays the run reads nothing that is before.
    std::size_t cut = 0;  // in `records`; 0: there is none
    store::Seq cut_last = 0;
  };
  static void add_chunks(Gathered& run, std::vector<store::Chunk>* chunks);

  Gathered* gather_new(store::RunNumber number);
  base::Result<Gathered*> gather(store::RunNumber number);
  void note_lost_rows(store::Seq seq, std::string_view body);
  base::Status add_damaged(store::Seq seq,
                           std::string_view encoded,
                           const std::vector<store::RunNumber>& owners);

  const store::Archive& archive_;
  Names& names_;
  const DamagedRecords& damaged_;
  const std::unordered_set<store::RunNumber>& without_changes_;
  Chain chain_;
  std::unordered_map<store::RunNumber, Gathered> runs_;
  store::RowChanges rows_;
  store::Seq rows_lost_at_ = 0;
  store::Seq through_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace reprise::runtime
