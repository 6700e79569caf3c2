// An index over run records: open addressing with linear probing, pointers and 32 bits of each hash
// in arrays of their own. 14 to 28 bytes per record where a node-based table takes 50 and more, and
// a lookup touches the record only when it is the right one.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace reprise::runtime {

struct RunRecord;

// Not thread-safe. Does not own the records, and knows nothing of their keys: callers give the hash
// and say which record they mean.
class RecordIndex {
 public:
  std::size_t size() const { return size_; }

  // The record with this hash that `is_it` accepts, or nullptr.
  template <class IsIt>
  RunRecord* find(std::uint32_t hash, const IsIt& is_it) const {
    if (size_ == 0) return nullptr;
    for (std::size_t at = hash & mask(); records_[at] != nullptr; at = (at + 1) & mask()) {
      if (hashes_[at] == hash && is_it(*records_[at])) return records_[at];
    }
    return nullptr;
  }

  void add(std::uint32_t hash, RunRecord* record) {
    // At most seven eighths full: probing stays short.
    if ((size_ + 1) * 8 > records_.size() * 7) grow();
    ++size_;
    place(hash, record);
  }

  // `record` is in the index, with this hash.
  void replace(std::uint32_t hash, const RunRecord* record, RunRecord* with) {
    records_[slot_of(hash, record)] = with;
  }
  void remove(std::uint32_t hash, const RunRecord* record);

  template <class Visit>
  void for_each(const Visit& visit) const {
    for (RunRecord* record : records_) {
      if (record != nullptr) visit(*record);
    }
  }

 private:
  std::size_t mask() const { return records_.size() - 1; }
  std::size_t slot_of(std::uint32_t hash, const RunRecord* record) const;
  void place(std::uint32_t hash, RunRecord* record);
  void grow();

  std::vector<RunRecord*> records_;  // a power of two; nullptr: free
  std::vector<std::uint32_t> hashes_;
  std::size_t size_ = 0;
};

}  // namespace reprise::runtime
