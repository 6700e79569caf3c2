#include "runtime/host/attempt.h"

namespace reprise::runtime {

std::string idempotency_key_of(const AttemptTask& task) {
  return task.activity->run_id.to_string() + "/" + std::to_string(task.key.operation);
}

replay::Outcome execute_step(const AttemptTask& task) {
  if (task.start_to_close.count() <= 0) return (*task.step)();
  const auto started = std::chrono::steady_clock::now();
  replay::Outcome outcome = (*task.step)();
  if (!base::reached(task.start_to_close, std::chrono::steady_clock::now() - started)) {
    return outcome;
  }
  proto::Failure failure;
  failure.set_kind(proto::Failure::TIMEOUT);
  failure.set_type("start_to_close");
  failure.set_message("the step took longer than its start_to_close of " +
                      std::to_string(task.start_to_close.count()) + " ms");
  return replay::Outcome::failed(std::move(failure));
}

}  // namespace reprise::runtime
