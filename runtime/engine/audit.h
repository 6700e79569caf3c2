// Compares the archive with itself: each run's summary, ids and index entries follow from its
// history, so changes by a damaged page show, with the runs concerned. Reads everything; an engine
// does it only when a digest has shown that something is wrong.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/engine/recovered_run.h"
#include "runtime/fold/chain.h"
#include "store/archive.h"

namespace reprise::runtime {

class Audit {
 public:
  // Called for each record that verifies, in the order of its run.
  using Verified = std::function<void(const store::Record&)>;
  explicit Audit(Names& names, Verified verified = nullptr)
      : names_(names), verified_(std::move(verified)), chain_(names) {}

  // An entry of the archive as it is stored; for each table in key order.
  void take(std::string_view table, std::string_view key, std::string_view value);
  // After all entries: runs whose parts do not agree are quarantined.
  void finish();

  std::uint64_t records() const { return records_; }
  store::Seq newest() const { return newest_; }
  // All runs of the archive, sound or quarantined.
  RecoveredRuns take_runs();

 private:
  struct Parts {
    RecoveredRun run;
    bool summary = false;
    bool id = false;
    bool index = false;
    bool closing = false;   // likewise, of a run that has ended
    bool nameless = false;  // to be released, but archived without its id
    std::vector<std::string> odd_listings{};  // different from what follows from its history
  };
  void take_chunk(std::string_view key, std::string_view records);
  void take_records(Parts& parts, std::string_view records);
  void take_summary(std::string_view key, std::string_view stored);
  void take_id(std::string_view key);
  void take_index(std::string_view key);
  void judge_listings(Parts& parts, RunStatus then);
  Parts& parts_of(store::RunNumber run);
  void damaged(Parts& parts, const std::string& what);
  void cut(Parts& parts);

  Names& names_;
  const Verified verified_;
  Chain chain_;
  std::unordered_map<store::RunNumber, Parts> runs_;
  std::uint64_t records_ = 0;
  store::Seq newest_ = 0;
};

}  // namespace reprise::runtime
