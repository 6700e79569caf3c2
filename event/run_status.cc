#include "event/run_status.h"

namespace reprise::event {

std::string_view to_string(RunStatus status) {
  switch (status) {
    case RunStatus::kRunning:
      return "Running";
    case RunStatus::kPaused:
      return "Paused";
    case RunStatus::kCompleted:
      return "Completed";
    case RunStatus::kFailed:
      return "Failed";
    case RunStatus::kCancelled:
      return "Cancelled";
    case RunStatus::kTerminated:
      return "Terminated";
    case RunStatus::kTimedOut:
      return "TimedOut";
    case RunStatus::kContinuedAsNew:
      return "ContinuedAsNew";
  }
  return "Unknown";
}

}  // namespace reprise::event
