// The steps of a resident run whose closures wait for a thread or execute on one. The closures are
// on the run's stacks, so the run stays resident while there are any.
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>

#include <boost/container/small_vector.hpp>

#include "base/check.h"
#include "runtime/host/attempt.h"

namespace reprise::runtime {

class StepsUnderWay {
 public:
  bool empty() const { return entries_.size() == ended_; }

  // The control that executor and thread share until the step ends. It must not be under way
  // already.
  std::shared_ptr<AttemptControl> begin(std::uint32_t id) {
    const auto at = lower_bound(id);
    REPRISE_CHECK(at == entries_.end() || at->id != id || at->control == nullptr,
                  "a step is under way once");
    auto control = AttemptControl::of_step();
    if (at != entries_.end() && at->id == id) {
      at->control = control;
      --ended_;
    } else {
      entries_.insert(at, Entry{id, control});  // mostly at the end: ids only grow
    }
    return control;
  }

  // nullptr: it is not under way.
  AttemptControl* find(std::uint32_t id) const {
    const auto at = std::lower_bound(entries_.begin(), entries_.end(), id, before);
    return at != entries_.end() && at->id == id ? at->control.get() : nullptr;
  }

  // False: it was not under way.
  bool end(std::uint32_t id) {
    const auto at = lower_bound(id);
    if (at == entries_.end() || at->id != id || at->control == nullptr) return false;
    at->control = nullptr;
    if (++ended_ * 2 >= entries_.size()) sweep();
    return true;
  }

 private:
  struct Entry {
    std::uint32_t id = 0;
    std::shared_ptr<AttemptControl> control;  // nullptr: ended, waits to be swept out
  };
  static bool before(const Entry& entry, std::uint32_t id) { return entry.id < id; }
  using Entries =
      boost::container::small_vector<Entry, 1>;  // most runs wait for one thing at a time
  Entries::iterator lower_bound(std::uint32_t id) {
    return std::lower_bound(entries_.begin(), entries_.end(), id, before);
  }

  // Removing 100,000 steps one by one from the middle would be quadratic.
  void sweep() {
    const auto has_ended = [](const Entry& entry) { return entry.control == nullptr; };
    const auto left = empty() ? entries_.begin()  // mostly
                              : std::remove_if(entries_.begin(), entries_.end(), has_ended);
    entries_.erase(left, entries_.end());
    ended_ = 0;
  }

  Entries entries_;  // by id, ascending
  std::size_t ended_ = 0;
};

}  // namespace reprise::runtime
