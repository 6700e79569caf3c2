// The stacks on which the commands of worker programs replay.
#pragma once
#include <cstddef>

#include "replay/stack_pool.h"

namespace reprise::internal {

// A worker's engine may have been given larger stacks than the default, and a debugger calls
// functions on them: address space, not memory.
inline constexpr std::size_t kReplayStackBytes = std::size_t{1} << 20;

inline replay::StackPoolOptions replay_stacks() {
  return {.stack_bytes = kReplayStackBytes, .stacks_per_slab = 64};
}

}  // namespace reprise::internal
