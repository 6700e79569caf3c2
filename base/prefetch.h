// Memory that will be needed soon: with thousands of runs in flight most of what a turn touches is
// not in the cache, and asking for it some runs ahead hides the wait.
#pragma once
#include <cstddef>
#include <cstdint>

namespace reprise::base {

inline constexpr std::size_t kCacheLine = 64;

// The lines of `bytes` bytes from there on. Never faults, whatever the address, and changes nothing
// that a program can see. Null: nothing; it would cost the processor a search for the page.
inline void prefetch(const void* address, std::size_t bytes = 1) {
  const auto first = reinterpret_cast<std::uintptr_t>(address);
  if (first == 0 || bytes == 0) return;
  const std::uintptr_t last = (first + bytes - 1) / kCacheLine;
  for (std::uintptr_t line = first / kCacheLine; line <= last; ++line) {
    __builtin_prefetch(reinterpret_cast<const void*>(line * kCacheLine));
  }
}

}  // namespace reprise::base
