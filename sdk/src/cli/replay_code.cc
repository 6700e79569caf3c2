#include "sdk/src/cli/replay_code.h"

#include "sdk/src/workflow_runner.h"

namespace reprise::internal {

runtime::WorkerCode replay_code(const Worker& worker) {
  const auto silent =
      std::make_shared<const WorkflowHost>(WorkflowHost{.log = [](LogLevel, std::string_view) {}});
  return implementations(worker).worker_code({}, 0, silent);
}

}  // namespace reprise::internal
