// Diverging runs, grouped by what is wrong with them.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "proto/history.pb.h"
#include "replay/execution.h"
#include "reprise/verify.h"
#include "runtime/fold/run_state.h"
#include "runtime/history/history_replay.h"

namespace reprise::internal {

class Groups {
 public:
  explicit Groups(std::size_t examples) : most_examples_(examples) {}

  void add(const runtime::RunState& run,
           const replay::Trouble& trouble,
           const proto::History& history,
           const runtime::HistoryReplay& replay,
           base::Symbols& symbols);
  // `what`: "unreadable", "quarantined".
  void add_damaged(const runtime::RunState& run, std::string_view what, const base::Error& why);
  void merge(Groups&& other);
  // Those with the most runs first.
  std::vector<VerifyGroup> take();

 private:
  // Of a group, the runs that started first are shown, whichever thread found them.
  struct Group {
    VerifyGroup shown;
    std::map<store::RunNumber, VerifyExample> examples;
  };
  Group& add(const std::string& key, const runtime::RunState& run, std::uint64_t event);
  bool is_first(const Group& group, const runtime::RunState& run) const;

  std::size_t most_examples_;
  std::map<std::string, Group> groups_;
};

}  // namespace reprise::internal
