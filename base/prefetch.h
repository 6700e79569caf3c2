// Memory that will be needed soon: with thousands of runs in flight most of what a turn touches is
// not in the cache, and asking for it some runs ahead hides the wait.
#pragma once
#include <cstddef>

namespace reprise::base {

inline constexpr std::size_t kCacheLine = 64;

// Never fault, whatever the address, and change nothing that a program can see.
inline void prefetch(const void* address) {
  __builtin_prefetch(address);
}
inline void prefetch(const void* address, std::size_t bytes) {
  const auto* const at = static_cast<const char*>(address);
  for (std::size_t i = 0; i < bytes; i += kCacheLine) __builtin_prefetch(at + i);
}

}  // namespace reprise::base
