// The numbered operations of a run that wait for their results, by id. Ids only grow, so one vector
// has the operations in order: a lookup touches one or two cache lines, and there are no
// allocations per operation; a hash table made two.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>

#include <boost/container/small_vector.hpp>

#include "base/check.h"
#include "replay/operation.h"

namespace reprise::replay {

class PendingTable {
 public:
  // `operation` has the highest id so far.
  void add(std::uint32_t id, OperationRef operation) {
    REPRISE_CHECK(entries_.empty() || entries_.back().id < id, "operations are numbered upwards");
    entries_.push_back({id, std::move(operation)});
  }

  // nullptr: it does not wait (any more).
  Operation* find(std::uint32_t id) const {
    const auto found = place(id);
    return found == entries_.end() ? nullptr : found->operation.get();
  }

  // Removes and returns the operation; empty when it was not waiting.
  OperationRef take(std::uint32_t id) {
    const auto found = entries_.begin() + (place(id) - entries_.begin());
    if (found == entries_.end()) return {};
    OperationRef operation = std::move(found->operation);
    if (operation && ++taken_ * 2 >= entries_.size()) sweep();
    return operation;
  }

  std::size_t size() const { return entries_.size() - taken_; }

  // In order of their ids. `visit` must not change the table.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const Entry& entry : entries_) {
      if (entry.operation) visit(entry.operation);
    }
  }

 private:
  struct Entry {
    std::uint32_t id = 0;
    OperationRef operation;  // empty: taken, waits to be swept out
  };

  boost::container::small_vector<Entry, 1>::const_iterator place(std::uint32_t id) const {
    const auto found = std::lower_bound(
        entries_.begin(), entries_.end(), id,
        [](const Entry& entry, std::uint32_t wanted) { return entry.id < wanted; });
    return found != entries_.end() && found->id == id ? found : entries_.end();
  }

  // Taking 100,000 operations from the middle one by one would be quadratic.
  void sweep() {
    const auto is_taken = [](const Entry& entry) { return !entry.operation; };
    const auto left = size() == 0 ? entries_.begin()  // mostly
                                  : std::remove_if(entries_.begin(), entries_.end(), is_taken);
    entries_.erase(left, entries_.end());
    taken_ = 0;
  }

  // Most runs wait for one thing at a time.
  boost::container::small_vector<Entry, 1> entries_;
  std::size_t taken_ = 0;
};

}  // namespace reprise::replay
