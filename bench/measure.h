// Measurements besides the time: percentiles, processor time, memory, files.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace reprise::bench {

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Processor time since construction, user and system.
class CpuTime {
 public:
  CpuTime();
  double process_seconds() const;  // all threads
  double thread_seconds() const;   // of the calling thread, which must have made this object

 private:
  double process_;
  double thread_;
};

// Keeps every sample, so that no buckets round a percentile. One thread at a time.
class Samples {
 public:
  void add(double sample) { samples_.push_back(sample); }
  std::size_t count() const { return samples_.size(); }
  // The sample below which this share (0 to 1) of all samples is. There must be samples.
  double percentile(double share);

 private:
  std::vector<double> samples_;
};

// Anonymous memory of this process only: pages of the store's files belong to the kernel's cache.
// Memory that the allocator keeps for later is returned first.
std::size_t resident_bytes();

// The same once it has stopped shrinking: for a moment after the last start the shard still evicts
// and the archiver still works. Only memory that stays counts.
std::size_t settled_resident_bytes();

// Of the two LMDB environments of a store.
struct StoreBytes {
  std::uint64_t journal = 0;
  std::uint64_t archive = 0;
};
StoreBytes store_bytes(const std::string& directory);

}  // namespace reprise::bench
