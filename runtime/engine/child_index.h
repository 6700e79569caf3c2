// The open runs to which something happens when their parent ends, by their parent.
#pragma once
#include <unordered_map>
#include <unordered_set>

#include "runtime/fold/run_state.h"

namespace reprise::runtime {

// Not thread-safe: the shard's thread.
class ChildIndex {
 public:
  using Numbers = std::unordered_set<store::RunNumber>;

  void add(const RunState& child) {
    if (child.on_parent_close() == proto::ChildScheduled::ABANDON) return;
    children_[child.parent()->run_id].insert(child.number);
  }
  void remove(const RunState& child) {
    if (child.parent() == nullptr) return;
    const auto siblings = children_.find(child.parent()->run_id);
    if (siblings == children_.end()) return;
    siblings->second.erase(child.number);
    if (siblings->second.empty()) children_.erase(siblings);
  }
  // Removes and returns the children of that run.
  Numbers take(const base::RunId& parent) {
    const auto found = children_.find(parent);
    return found == children_.end() ? Numbers() : std::move(children_.extract(found).mapped());
  }

 private:
  struct Hash {
    std::size_t operator()(const base::RunId& id) const { return base::hash64(id.bytes()); }
  };
  std::unordered_map<base::RunId, Numbers, Hash> children_;
};

}  // namespace reprise::runtime
