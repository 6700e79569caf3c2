// Whether this process is still the one that made something, or a child of it.
#pragma once
#include <cstdint>

namespace reprise::base {

// Another number in each child of fork(2) than in its parent. vfork() and what the C library builds
// on it do not count: such a child shares its parent's memory, and may only call exec.
std::uint64_t fork_generation();

}  // namespace reprise::base
