// An index over known runs: open addressing with linear probing, pointers and 32 bits of each hash
// in arrays of their own. 14 to 28 bytes per run where a node-based table takes 50 and more, and
// a lookup touches the run only when it is the right one.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/prefetch.h"

namespace reprise::runtime {

struct KnownRun;

// Not thread-safe. Does not own the runs and does not know their keys: callers pass the hash and a
// predicate for the run.
class RunIndex {
 public:
  std::size_t size() const { return size_; }

  // The run with this hash that `is_it` accepts, or nullptr.
  template <class IsIt>
  KnownRun* find(std::uint32_t hash, const IsIt& is_it) const {
    if (size_ == 0) return nullptr;
    for (std::size_t at = hash & mask(); runs_[at] != nullptr; at = (at + 1) & mask()) {
      if (hashes_[at] == hash && is_it(*runs_[at])) return runs_[at];
    }
    return nullptr;
  }

  // find() is called with this hash soon.
  void prefetch(std::uint32_t hash) const {
    if (size_ == 0) return;
    base::prefetch(&runs_[hash & mask()]);
    base::prefetch(&hashes_[hash & mask()]);
  }

  void add(std::uint32_t hash, KnownRun* run) {
    // At most seven eighths full: probing stays short.
    if ((size_ + 1) * 8 > runs_.size() * 7) grow();
    ++size_;
    place(hash, run);
  }

  // `run` is in the index, with this hash.
  void replace(std::uint32_t hash, const KnownRun* run, KnownRun* with) {
    runs_[slot_of(hash, run)] = with;
  }
  void remove(std::uint32_t hash, const KnownRun* run);

  template <class Visit>
  void for_each(const Visit& visit) const {
    for (KnownRun* run : runs_) {
      if (run != nullptr) visit(*run);
    }
  }

 private:
  std::size_t mask() const { return runs_.size() - 1; }
  std::size_t slot_of(std::uint32_t hash, const KnownRun* run) const;
  void place(std::uint32_t hash, KnownRun* run);
  void grow();

  std::vector<KnownRun*> runs_;  // a power of two; nullptr: free
  std::vector<std::uint32_t> hashes_;
  std::size_t size_ = 0;
};

}  // namespace reprise::runtime
