#include "tools/live_attempts.h"

#include <algorithm>
#include <utility>

#include "runtime/control/client.h"

namespace reprise::tools {

LiveAttempts ask_for_attempts(const runtime::RunState& run,
                              const Timeline& timeline,
                              const std::string& directory) {
  constexpr base::Duration kPatience{1'000};
  LiveAttempts attempts;
  const auto& all = timeline.operations();
  const bool any = std::any_of(all.begin(), all.end(), [](const Operation& operation) {
    return operation.is_attempted() && !operation.has_ended();
  });
  if (!any || !run.open()) return attempts;
  proto::ControlRequest request;
  request.set_workflow_id(run.workflow_id);
  request.set_run_id(std::string(run.id.bytes()));
  request.mutable_limits();
  const auto answer = runtime::ask_engine(directory, std::move(request), kPatience);
  if (!answer || !*answer) return attempts;
  for (const proto::ControlAttempt& attempt : (*answer)->limits().attempts()) {
    attempts[attempt.id()] = attempt;
  }
  return attempts;
}

}  // namespace reprise::tools
