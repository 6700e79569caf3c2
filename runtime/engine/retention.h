// Removes closed runs from the archive when they are old, or when the archive is too large: those
// that ended first go first.
#pragma once
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "runtime/engine/shared.h"
#include "store/archive.h"

namespace reprise::runtime {

// Belongs to the thread that writes to the archive.
class Retention {
 public:
  explicit Retention(const Shared& shared) : shared_(shared) {}

  // At most one transaction. Returns how many runs were removed; 0: none can be removed now.
  base::Result<std::size_t> remove_some();

 private:
  struct Due {
    std::uint64_t excess_bytes = 0;
    std::int64_t closed_until_ms = -1;
  };
  base::Result<Due> due() const;
  base::Result<std::vector<store::RunRemoval>> choose(const Due& due) const;
  base::Result<std::uint64_t> archived_bytes(const RunState& run) const;

  const Shared& shared_;
};

}  // namespace reprise::runtime
