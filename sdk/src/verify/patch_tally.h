// Counts, for every change of every workflow, which runs took which branch.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "proto/history.pb.h"
#include "reprise/verify.h"
#include "runtime/history/history_replay.h"

namespace reprise::internal {

class PatchTally {
 public:
  // What a replay has shown about a run.
  void add(const std::string& workflow,
           const proto::History& history,
           const runtime::HistoryReplay& replay);
  void merge(const PatchTally& other);
  std::vector<VerifyPatch> list() const;

 private:
  struct Runs {
    std::uint64_t all = 0;
    std::uint64_t diverged = 0;
  };
  std::map<std::string, Runs> runs_;  // by workflow
  std::map<std::pair<std::string, std::string>, VerifyPatch> patches_;
};

}  // namespace reprise::internal
