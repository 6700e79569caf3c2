// The floor: what LMDB alone can do for the write pattern of a load, with no engine on top. A
// load's figure is quoted as a ratio to it, measured right before and right after the load on the
// same disk.
//
// One thread, default (fully synced) commits, one environment: records appended to a journal under
// an increasing sequence number, histories appended under an increasing run number when a run
// closes, and then the journal trimmed.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace reprise::bench {

// The records that runs write.
struct RunShape {
  std::uint64_t records = 0;      // of one run: the last one closes it
  std::size_t record_bytes = 0;   // of each
  std::size_t history_bytes = 0;  // written once when it closes; 0: never
  std::uint64_t rows = 0;         // of kFloorRows, each read and written when it closes
};
inline constexpr std::uint64_t kFloorRows = 10'000;

// The reference that goals refer to: a run of N steps is N + 1 records of two events each.
RunShape reference_shape(std::uint64_t steps, std::size_t event_bytes = 200);

struct FloorRate {
  std::uint64_t commits = 0;
  std::uint64_t records = 0;
  std::uint64_t runs = 0;  // closed
  double seconds = 0;

  double per_second(std::uint64_t count) const { return static_cast<double>(count) / seconds; }
};

// Every commit advances all of `in_flight` runs by one record. `directory` is created for the
// measurement and removed after it; it must not exist. Throws std::runtime_error, as the others do.
FloorRate measure_floor(const std::string& directory,
                        std::uint64_t in_flight,
                        const RunShape& shape,
                        double seconds);

// Records that are appended in one commit.
struct CommitShape {
  std::uint64_t records = 1;
  std::size_t record_bytes = 0;
};

// The median time of `commits`, one after the other, in microseconds.
double measure_commits(const std::string& directory,
                       const std::vector<CommitShape>& commits,
                       double seconds);

// How much the file grows per value of that size when values are appended.
double measure_bytes_per_value(const std::string& directory, std::size_t value_bytes);

}  // namespace reprise::bench
