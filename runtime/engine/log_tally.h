// Counts what is logged of a name, so that nobody can flood the engine's log: signals that a run
// has set aside, which the history has all of, and transactions that take long. Names that are made
// at run time count each for themselves.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "store/record.h"

namespace reprise::runtime {

// Not thread-safe. Counts since the engine was opened; when it has too many entries it begins
// again.
class LogTally {
 public:
  static constexpr std::size_t kMostKnown = 1'024;  // runs and names
  static constexpr std::uint64_t kAllTold = 10;

  // The number so far, including this one.
  std::uint64_t add(store::RunNumber run, std::string_view name) {
    const Key key{run, std::string(name)};
    if (counts_.size() >= kMostKnown && !counts_.contains(key)) counts_.clear();
    return ++counts_[key];
  }

  // Is the one with that number logged? The first ones are, then one at each power of ten.
  static bool is_told(std::uint64_t number) {
    if (number <= kAllTold) return true;
    while (number % 10 == 0) number /= 10;
    return number == 1;
  }

 private:
  using Key = std::pair<store::RunNumber, std::string>;
  std::map<Key, std::uint64_t> counts_;
};

}  // namespace reprise::runtime
