#include "sdk/src/cli/replay_code.h"

#include "sdk/src/workflow/hosted.h"
#include "sdk/src/workflow/workflow_runner.h"

namespace reprise::internal {

runtime::WorkerCode replay_code(const Worker& worker) {
  return implementations(worker).worker_code({}, 0, silent_host());
}

}  // namespace reprise::internal
