// Starts of children that replace a running run and wait for its end. That run ends when its own
// children have begun, so such waits may form a ring: a child that would replace its own parent,
// two runs whose children would replace the other's. The start that would close a ring is refused.
#pragma once
#include <map>
#include <mutex>

#include "base/ids.h"

namespace reprise::runtime {

// Thread-safe: the runs of a ring may be on several shards.
class Replacements {
 public:
  // The start of a child of `parent` waits for the end of `replaced`. False: that would wait for
  // this start.
  bool add(const base::RunId& parent, const base::RunId& replaced) {
    const std::lock_guard lock(mutex_);
    if (waits_for(replaced, parent)) return false;
    waits_.emplace(parent, replaced);
    return true;
  }
  void remove(const base::RunId& parent, const base::RunId& replaced) {
    const std::lock_guard lock(mutex_);
    const auto [begin, end] = waits_.equal_range(parent);
    for (auto wait = begin; wait != end; ++wait) {
      if (wait->second != replaced) continue;
      waits_.erase(wait);
      return;
    }
  }

 private:
  // There are no rings, and few waits.
  bool waits_for(const base::RunId& run, const base::RunId& other) const {
    if (run == other) return true;
    const auto [begin, end] = waits_.equal_range(run);
    for (auto wait = begin; wait != end; ++wait) {
      if (waits_for(wait->second, other)) return true;
    }
    return false;
  }

  std::mutex mutex_;
  std::multimap<base::RunId, base::RunId> waits_;  // by the parent of the start
};

}  // namespace reprise::runtime
