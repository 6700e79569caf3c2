// Makes a new store of everything that verifies in a damaged one. Every record of the new store is
// one that verified, in the order of its run, under a new sequence number; summaries, ids and index
// follow from the histories. Nothing is written to the damaged store.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/engine/store_audit.h"

namespace reprise::runtime {

struct RepairOptions {
  // Open runs that verify, but may have lost their newest records because records of unknown runs
  // were lost, go on instead of being quarantined. They then repeat what they did in those records.
  bool release_suspects = false;
};

struct RepairedRun {
  enum class Fate { kLeftOut, kCut, kSuspect, kOvertaken };
  store::RunNumber number = 0;
  std::string workflow_id;  // empty: unknown
  std::string run_id;
  Fate fate = Fate::kLeftOut;
  std::string why;
};

struct Repaired {
  std::uint64_t whole = 0;  // runs
  std::uint64_t records = 0;
  std::vector<RepairedRun> runs;  // the others, by their numbers
  std::vector<std::string> problems;
};

// `to` must not exist. Errors: as inspect_store() has them for `from`, as open_store() for `to`.
base::Result<Repaired> repair_store(const std::string& from,
                                    const std::string& to,
                                    const RepairOptions& options,
                                    const StoreAudit::Progress& progress);

}  // namespace reprise::runtime
