// Strands of a replayed run that swallow what unwinds them, for people.
#pragma once
#include <cstdio>
#include <set>

#include "base/printable_text.h"
#include "runtime/history/history_replay.h"
#include "runtime/host/given_up.h"

namespace reprise::internal {

// Prints each of them on stderr, once, however often the run is replayed.
class GivenUpLines {
 public:
  explicit GivenUpLines(base::Symbols& symbols) : symbols_(symbols) {}

  // For HistoryReplayOptions; this must outlive the replay.
  auto teller() {
    return [this](const replay::RunInfo& run, const replay::StrandStatus& strand) {
      if (!told_.insert(strand.number).second) return;
      const std::string text = runtime::given_up_text(run, strand, symbols_);
      std::fprintf(stderr, "%s\n", base::printable_text(text, base::LineBreaks::kIndented).c_str());
    };
  }

 private:
  base::Symbols& symbols_;
  std::set<std::size_t> told_;  // by their numbers in the run
};

}  // namespace reprise::internal
