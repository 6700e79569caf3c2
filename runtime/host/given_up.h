// The strands of a shard that were given up, because they swallowed what should have unwound them.
// Each keeps some memory until the process ends, so their number is limited.
#pragma once
#include <set>
#include <string>
#include <string_view>

#include "base/symbols.h"
#include "replay/execution.h"

namespace reprise::runtime {

// The line in the log about such a strand.
std::string given_up_text(const replay::RunInfo& run,
                          const replay::StrandStatus& strand,
                          base::Symbols& symbols);

inline constexpr std::size_t kMostGivenUp = 1'000;  // of one shard

class GivenUp {
 public:
  // Counts the strand and returns the line about it.
  std::string add(const replay::RunInfo& run,
                  const replay::StrandStatus& strand,
                  base::Symbols& symbols);
  // Has the code of this workflow reached its limit? Then its runs in memory stay there, and no
  // more are loaded.
  bool too_many(std::string_view workflow) const {
    return count_ >= kMostGivenUp && workflows_.contains(workflow);
  }
  // The reason for parking a run of it.
  static std::string too_many_text(std::string_view workflow);
  // A new worker may have other code.
  void forgive() { workflows_.clear(); }

 private:
  std::size_t count_ = 0;
  std::set<std::string, std::less<>> workflows_;  // that have given any up
};

}  // namespace reprise::runtime
