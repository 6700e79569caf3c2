// The exit status of a worker program's commands that could not do their work.
#pragma once

namespace reprise::internal {

inline constexpr int kCannot = 2;  // usage, or nothing to work on

}  // namespace reprise::internal
