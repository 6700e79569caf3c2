// The strands of a shard that were given up, because they swallowed what should have unwound them.
// Each keeps some memory until the process ends, so there is a bound.
#pragma once
#include <set>
#include <string>
#include <string_view>

#include "base/symbols.h"
#include "replay/execution.h"

namespace reprise::runtime {

// What is to be said of such a strand.
std::string given_up_text(const replay::RunInfo& run,
                          const replay::StrandStatus& strand,
                          base::Symbols& symbols);

inline constexpr std::size_t kMostGivenUp = 1'000;  // of one shard

class GivenUp {
 public:
  // Counts it and returns what is to be said of it.
  std::string add(const replay::RunInfo& run,
                  const replay::StrandStatus& strand,
                  base::Symbols& symbols);
  // Has the code of this workflow used up what it may leave behind? Then what is in memory of it
  // stays there, and nothing more comes.
  bool too_many(std::string_view workflow) const {
    return count_ >= kMostGivenUp && workflows_.contains(workflow);
  }
  // Why a run of it is parked.
  static std::string too_many_text(std::string_view workflow);
  // Another worker brings other code, perhaps.
  void forgive() { workflows_.clear(); }

 private:
  std::size_t count_ = 0;
  std::set<std::string, std::less<>> workflows_;  // that have given any up
};

}  // namespace reprise::runtime
