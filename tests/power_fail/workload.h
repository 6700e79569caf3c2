// A real engine over a real store at work, with everything recorded: what it did to the disk, and
// when it acknowledged what.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "runtime/engine/engine.h"
#include "tests/power_fail/disk_log.h"

namespace reprise::testing {

// Something that whoever was told may rely on for ever.
struct Promise {
  enum class Kind : std::uint8_t {
    kAppending,  // `number`: the last record of a commit that begins. Told to nobody
    kDurable,    // `number`: records up to here are durable
    kStarted,    // run `id` has started, with run id `text`
    kSignalled,  // `number` signals of run `id` are recorded
    kAttempted,  // operation `number` of run `id` was attempted: its schedule is recorded
    kEnded,      // run `id` has ended with result `text`
  };
  Kind kind{};
  std::uint64_t number = 0;
  std::string id{};
  std::string text{};
};

struct Recording {
  std::vector<DiskOp> ops;
  Inode root = 0;
  std::vector<Promise> promises;
  std::vector<std::uint64_t> chains;  // of each record, by sequence number from 1
  base::Time ended{};                 // by the workload's clock
};

// Records a workload that follows from the seed, in a directory of its own below `scratch`.
Recording record_workload(const std::string& scratch, std::uint64_t seed, bool nosync);

// What the workload's workers implement. `attempted` is told of each attempt, if it is set.
runtime::WorkerCode workload_code(std::function<void(const runtime::ActivityAttempt&)> attempted);

// How many signals "go" a run with this workflow id takes before it ends.
int signals_of(const std::string& workflow_id);

}  // namespace reprise::testing
