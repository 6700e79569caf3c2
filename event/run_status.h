// The statuses of runs, in one list.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace reprise::event {

// Stored in summaries and in keys of the archive: never renumber.
enum class RunStatus : std::uint8_t {
  kRunning = 1,
  kPaused = 2,
  kCompleted = 3,
  kFailed = 4,
  kCancelled = 5,
  kTerminated = 6,
  kTimedOut = 7,
  kContinuedAsNew = 8,
};

inline constexpr std::array kRunStatuses = {
    RunStatus::kRunning,  RunStatus::kPaused,         RunStatus::kCompleted,
    RunStatus::kFailed,   RunStatus::kCancelled,      RunStatus::kTerminated,
    RunStatus::kTimedOut, RunStatus::kContinuedAsNew,
};

// From the stored number. A number that only a newer version knows is kept; one above 255 becomes
// 0, which is no status.
constexpr RunStatus status_of(std::uint32_t stored) {
  return stored <= 0xff ? static_cast<RunStatus>(stored) : RunStatus{};
}

constexpr bool is_open(RunStatus status) {
  return status == RunStatus::kRunning || status == RunStatus::kPaused;
}

// "Running", "TimedOut"; "Unknown" for a number that this version does not know.
std::string_view to_string(RunStatus status);

}  // namespace reprise::event
