#include "runtime/engine/workers.h"

#include <algorithm>
#include <vector>

namespace reprise::runtime {

void Workers::add(const std::shared_ptr<const WorkerCode>& code) {
  parts_.executor.add_worker(code);
  resume_runs(code->task_queue);
}

void Workers::resume_runs(const std::string& task_queue) {
  if (parts_.shared.space.full()) {
    parts_.intake.hold([this, task_queue] { resume_runs(task_queue); });
    return;
  }
  std::vector<store::RunNumber> served;
  parts_.runs.for_each([&](KnownRun& run) {
    if (run.state.open() && *run.state.task_queue == task_queue) {
      served.push_back(run.state.number);
    }
  });
  std::sort(served.begin(), served.end());  // the oldest first
  for (const store::RunNumber number : served) {
    KnownRun& run = *parts_.runs.find(number);
    if (!run.is_set_aside() && !parts_.parking.try_again(run)) continue;
    parts_.loading.when_loadable(number, [this](KnownRun& later) { resume(later); });
  }
}

void Workers::resume(KnownRun& run) {
  if (!run.state.open()) return;
  if (run.has_work()) parts_.round.gather(run);
  parts_.attempts.start_steps(run);
  parts_.transactions.start_all(run);
}

void Workers::remove(const std::string& task_queue) {
  parts_.attempts.take_back_steps(task_queue);
  parts_.transactions.withdraw(task_queue);
  parts_.executor.remove_worker(task_queue);
}

}  // namespace reprise::runtime
