// Limits of activities: what attempts say about them, and when those that are held back may begin.
#include <optional>
#include <utility>

#include "runtime/host/attempt_pool.h"

namespace reprise::runtime {

void AttemptPool::settle(AttemptTask& task, AttemptQueue::Verdict verdict, std::string_view why) {
  if (task.permit.kind == 0) return;
  const AttemptPermit permit = std::exchange(task.permit, {});
  std::optional<std::string> line;
  {
    const std::lock_guard lock(mutex_);
    line = queue_.settle(permit, verdict, why);
  }
  say(line);
  wake();  // of the same kind another one may begin, and this thread may be none of the pool's
}

// It goes on, perhaps for ever: what it has called does not answer.
void AttemptPool::limit_passed(const AttemptPermit& permit, std::string_view limit) {
  if (permit.kind == 0) return;
  std::optional<std::string> line;
  {
    const std::lock_guard lock(mutex_);
    line = queue_.fail(permit, "an attempt has passed its " + std::string(limit));
  }
  say(line);
}

void AttemptPool::say(const std::optional<std::string>& line) {
  if (line) observer_.breaker_moved(*line);
}

// The watcher then lets them begin.
void AttemptPool::watch_for(std::optional<FlowTime> release) {
  if (!release || !threaded_) return;
  const auto at = clock_.steady_time(*release);
  {
    const std::lock_guard lock(running_mutex_);
    if (at >= next_release_) return;
    next_release_ = at;
  }
  deadline_moved_.notify_one();
}

std::optional<base::Time> AttemptPool::next_release() const {
  const std::lock_guard lock(mutex_);
  const auto release = queue_.next_release();
  return release ? std::optional(clock_.virtual_time(*release)) : std::nullopt;
}

std::vector<LimitState> AttemptPool::limits() const {
  std::vector<LimitState> all;
  {
    const std::lock_guard lock(mutex_);
    all = queue_.limits();
  }
  for (LimitState& state : all) state.task_queue = code_->task_queue;
  return all;
}

std::string AttemptPool::held_back(std::string_view activity) const {
  const std::lock_guard lock(mutex_);
  return queue_.held_back(activity);
}

}  // namespace reprise::runtime
