// Tells whether this process is still the one that made an object, or a child of it.
#pragma once
#include <cstdint>

namespace reprise::base {

// Each child of fork(2) has another number than its parent. Children of vfork() and of the C
// library's functions that use it have the same: they share their parent's memory, and may only
// call exec.
std::uint64_t fork_generation();

}  // namespace reprise::base
