// Stands in for malloc and its kin, and for mmap: counts what is allocated and makes the n-th
// allocation fail. Reaches LMDB and the C++ library as well. Sanitizers have allocators of their
// own: under them nothing fails and nothing is counted.
#pragma once
#include <cstddef>
#include <cstdint>

namespace reprise::testing {

// While it lives, the `nth` allocation of this process from now on fails, and with `from_then_on`
// every later one too. 0: none fails, they are only counted. One at a time.
class AllocationFailure {
 public:
  explicit AllocationFailure(std::uint64_t nth, bool from_then_on = false);
  ~AllocationFailure();
  AllocationFailure(const AllocationFailure&) = delete;
  AllocationFailure& operator=(const AllocationFailure&) = delete;

  std::uint64_t allocations() const;  // since it lives
  bool happened() const;              // has one failed?
};

// The most memory allocated at one time while it lives, above what was before; 0 under a sanitizer.
class AllocationMeter {
 public:
  AllocationMeter();
  std::size_t peak() const;

 private:
  std::size_t before_;
};

}  // namespace reprise::testing
