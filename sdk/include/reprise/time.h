// Times and durations: in milliseconds, with the system clock's epoch. The standard units convert
// to them (10s, 24h); finer ones do not, because the log does not keep them.
#pragma once
#include <chrono>

namespace reprise {

using Duration = std::chrono::milliseconds;
using Time = std::chrono::time_point<std::chrono::system_clock, Duration>;

}  // namespace reprise
