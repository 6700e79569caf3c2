// A workload with everything it did to the disk, and when it acknowledged what.
#pragma once
#include <string>
#include <vector>

#include "tests/power_fail/disk_log.h"
#include "tests/power_fail/workload.h"

namespace reprise::testing {

struct Recording {
  std::vector<DiskOp> ops;  // a kPromise's offset is an index into promises
  Inode root = 0;
  std::vector<Promise> promises;
  Written written;
};

// Records a workload in a directory of its own below `scratch`. `nosync`: LMDB does not sync.
Recording record_workload(const std::string& scratch, std::uint64_t seed, bool nosync);

}  // namespace reprise::testing
