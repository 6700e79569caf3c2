#include "runtime/engine/run_index.h"

#include <utility>

#include "base/check.h"

namespace reprise::runtime {

void RunIndex::place(std::uint32_t hash, KnownRun* run) {
  std::size_t at = hash & mask();
  while (runs_[at] != nullptr) at = (at + 1) & mask();
  runs_[at] = run;
  hashes_[at] = hash;
}

void RunIndex::grow() {
  constexpr std::size_t kSmallest = 64;
  const std::size_t capacity = runs_.empty() ? kSmallest : 2 * runs_.size();
  const auto runs = std::exchange(runs_, std::vector<KnownRun*>(capacity));
  const auto hashes = std::exchange(hashes_, std::vector<std::uint32_t>(capacity));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i] != nullptr) place(hashes[i], runs[i]);
  }
}

std::size_t RunIndex::slot_of(std::uint32_t hash, const KnownRun* run) const {
  REPRISE_CHECK(size_ > 0, "only a run that is in the index can be looked for");
  std::size_t at = hash & mask();
  while (runs_[at] != run) {
    REPRISE_CHECK(runs_[at] != nullptr, "the run is in the index");
    at = (at + 1) & mask();
  }
  return at;
}

// Later entries move up, so that no probing stops too early at the hole: Knuth, The Art of
// Computer Programming, volume 3, 6.4, algorithm R.
void RunIndex::remove(std::uint32_t hash, const KnownRun* run) {
  std::size_t hole = slot_of(hash, run);
  for (std::size_t at = (hole + 1) & mask(); runs_[at] != nullptr; at = (at + 1) & mask()) {
    const std::size_t home = hashes_[at] & mask();
    const bool reachable_from_home = ((at - home) & mask()) < ((at - hole) & mask());
    if (reachable_from_home) continue;
    runs_[hole] = runs_[at];
    hashes_[hole] = hashes_[at];
    hole = at;
  }
  runs_[hole] = nullptr;
  --size_;
}

}  // namespace reprise::runtime
