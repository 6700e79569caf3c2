// What an environment (an engine's worker, a test) provides for the workflow code that runs in it.
#pragma once
#include <functional>
#include <memory>
#include <string_view>

#include "reprise/interceptor.h"
#include "reprise/options.h"

namespace reprise::internal {

struct WorkflowHost {
  LogSink log;  // set
  Interceptors interceptors{};  // the worker's
  // Called for every activity before it is scheduled; may throw to refuse it. Empty: not needed.
  std::function<void(std::string_view activity, std::string_view task_queue)> scheduling{};
  // Called with the task queue of another run that this one starts, or as which it continues. Empty:
  // not needed.
  std::function<void(std::string_view task_queue)> starting_run{};
  // Called when an attempt of a step has failed: true makes the failure final. Empty: not needed.
  std::function<bool(std::string_view run, std::string_view step)> last_attempt_of_step{};
};

// For histories replayed elsewhere: their log lines were written when the run was recorded.
inline std::shared_ptr<const WorkflowHost> silent_host() {
  return std::make_shared<const WorkflowHost>(
      WorkflowHost{.log = [](LogLevel, std::string_view) {}});
}

}  // namespace reprise::internal
