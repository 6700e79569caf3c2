// The records of the journal that the archive does not have, folded one after the other over what
// is known of their runs. Finds the run of a damaged record, so that only that run is quarantined.
#pragma once
#include <functional>
#include <map>
#include <vector>

#include "base/result.h"
#include "runtime/engine/recovered_run.h"
#include "runtime/fold/chain.h"
#include "store/record.h"

namespace reprise::runtime {

// The runs to which a damaged record belongs, or may belong; for the archiver.
using DamagedRecords = std::map<store::Seq, std::vector<store::RunNumber>>;

class JournalTail {
 public:
  // `runs` are as of record `through`. All of it must outlive the tail.
  // Calls `verified` for each record that verifies.
  JournalTail(RecoveredRuns& runs,
              Names& names,
              store::Seq through,
              store::RunNumber next_run,
              std::function<void(const store::Record&)> verified = nullptr)
      : runs_(runs),
        names_(names),
        verified_(std::move(verified)),
        chain_(names),
        last_(through),
        next_run_(next_run) {}

  // kStoreDamaged: records are missing, or one cannot be read, and it is unknown whose they were.
  // The tail can go on after them.
  base::Status take(store::Seq seq, std::string_view bytes);

  std::uint64_t records() const { return records_; }  // that verify
  store::RunNumber next_run() const { return next_run_; }
  const DamagedRecords& damaged() const { return damaged_; }

 private:
  bool take_sound(store::Seq seq, std::string_view bytes);
  bool continues_quarantined(const store::Record& record);
  base::Status attribute(store::Seq seq, std::string_view bytes);
  RecoveredRun* ends_with(store::Seq seq);
  void quarantine(RecoveredRun& run, store::Seq seq);

  RecoveredRuns& runs_;
  Names& names_;
  const std::function<void(const store::Record&)> verified_;
  Chain chain_;
  std::uint64_t records_ = 0;
  store::Seq last_;
  store::RunNumber next_run_;
  DamagedRecords damaged_;
};

}  // namespace reprise::runtime
