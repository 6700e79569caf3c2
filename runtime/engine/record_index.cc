#include "runtime/engine/record_index.h"

#include <utility>

#include "base/check.h"

namespace reprise::runtime {

void RecordIndex::place(std::uint32_t hash, RunRecord* record) {
  std::size_t at = hash & mask();
  while (records_[at] != nullptr) at = (at + 1) & mask();
  records_[at] = record;
  hashes_[at] = hash;
}

void RecordIndex::grow() {
  constexpr std::size_t kSmallest = 64;
  const std::size_t capacity = records_.empty() ? kSmallest : 2 * records_.size();
  const auto records = std::exchange(records_, std::vector<RunRecord*>(capacity));
  const auto hashes = std::exchange(hashes_, std::vector<std::uint32_t>(capacity));
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i] != nullptr) place(hashes[i], records[i]);
  }
}

std::size_t RecordIndex::slot_of(std::uint32_t hash, const RunRecord* record) const {
  REPRISE_CHECK(size_ > 0, "only a record that is in the index can be looked for");
  std::size_t at = hash & mask();
  while (records_[at] != record) {
    REPRISE_CHECK(records_[at] != nullptr, "the record is in the index");
    at = (at + 1) & mask();
  }
  return at;
}

// What comes behind moves up, so that no probing stops too early at the hole: Knuth, The Art of
// Computer Programming, volume 3, 6.4, algorithm R.
void RecordIndex::remove(std::uint32_t hash, const RunRecord* record) {
  std::size_t hole = slot_of(hash, record);
  for (std::size_t at = (hole + 1) & mask(); records_[at] != nullptr; at = (at + 1) & mask()) {
    const std::size_t home = hashes_[at] & mask();
    const bool reachable_from_home = ((at - home) & mask()) < ((at - hole) & mask());
    if (reachable_from_home) continue;
    records_[hole] = records_[at];
    hashes_[hole] = hashes_[at];
    hole = at;
  }
  records_[hole] = nullptr;
  --size_;
}

}  // namespace reprise::runtime
