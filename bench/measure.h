// What is measured besides the time: percentiles, processor time, memory, files.
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
  double thread_seconds() const;   // the caller's, which must have made this object

 private:
  double process_;
  double thread_;
};

// Every single sample is kept: no buckets that round a percentile. One thread at a time.
class Samples {
 public:
  void add(double sample) { samples_.push_back(sample); }
  std::size_t count() const { return samples_.size(); }
  // The sample below which that share (0 to 1) of all lies. There must be one.
  double percentile(double share);

 private:
  std::vector<double> samples_;
};

// Anonymous memory of this process only: pages of the store's files belong to the kernel's cache.
// What the allocator keeps for later is given back first.
std::size_t resident_bytes();

// The same once it has stopped shrinking: for a moment after the last start the shard still evicts
// and the archiver still works. What counts is what stays.
std::size_t settled_resident_bytes();

// Of the two LMDB environments of a store.
struct StoreBytes {
  std::uint64_t journal = 0;
  std::uint64_t archive = 0;
};
StoreBytes store_bytes(const std::string& directory);

}  // namespace reprise::bench
