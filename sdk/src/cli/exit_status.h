// What the commands of a worker's program exit with when they could not do what was asked.
#pragma once

namespace reprise::internal {

inline constexpr int kCannot = 2;  // usage, or nothing to work on

}  // namespace reprise::internal
