// Routes attempts to the worker of their task queue, and keeps them while there is none.
#pragma once
#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/engine/gate.h"
#include "runtime/host/attempt_pool.h"
#include "runtime/metrics/engine_metrics.h"

namespace reprise::runtime {

// Thread-safe.
class TaskQueues {
 public:
  // `waiting` counts the attempts that no thread has taken yet; it outlives the queues.
  explicit TaskQueues(Gate& waiting, EngineMetrics* metrics = nullptr)
      : waiting_(waiting), metrics_(metrics) {}

  // Leaves `tasks` empty, with its memory.
  void submit(const std::string& queue, std::vector<AttemptTask>& tasks) {
    waiting_.add(tasks.size());
    if (metrics_ != nullptr) {
      const auto now = EngineMetrics::Clock::now();
      for (AttemptTask& task : tasks) task.ready = now;
    }
    put_back(queue, tasks);
  }
  // Likewise, of tasks that were waiting before.
  void put_back(const std::string& queue, std::vector<AttemptTask>& tasks) {
    std::lock_guard lock(mutex_);
    Queue& to = queues_[queue];
    if (to.pool != nullptr) return to.pool->submit(tasks);
    for (AttemptTask& task : tasks) task.permit = {};  // of a worker that has gone
    std::move(tasks.begin(), tasks.end(), std::back_inserter(to.backlog));
    tasks.clear();
  }

  // How many wait for a thread, by queue.
  std::vector<std::pair<std::string, std::size_t>> waiting() {
    std::lock_guard lock(mutex_);
    std::vector<std::pair<std::string, std::size_t>> all;
    for (const auto& [name, queue] : queues_) {
      all.emplace_back(name,
                       queue.backlog.size() + (queue.pool == nullptr ? 0 : queue.pool->waiting()));
    }
    return all;
  }

  // Attempts may begin again.
  void wake() {
    std::lock_guard lock(mutex_);
    for (auto& [name, queue] : queues_) {
      if (queue.pool != nullptr) queue.pool->wake();
    }
  }

  // False: another worker serves the queue already.
  bool attach(const std::string& queue, AttemptPool* pool) {
    std::lock_guard lock(mutex_);
    Queue& to = queues_[queue];
    if (std::exchange(to.taken, true)) return false;
    to.pool = pool;
    pool->submit(to.backlog);
    to.backlog.shrink_to_fit();
    return true;
  }

  // Removes and returns the steps of one shard that wait for a worker: their runs leave memory, and
  // the closures with them.
  std::vector<AttemptTask> take_steps(const std::string& queue, int shard) {
    std::lock_guard lock(mutex_);
    auto& backlog = queues_[queue].backlog;
    const auto first = std::stable_partition(backlog.begin(), backlog.end(), [&](const auto& task) {
      return !task.step.has_value() || task.key.shard != shard;
    });
    std::vector<AttemptTask> steps(std::make_move_iterator(first),
                                   std::make_move_iterator(backlog.end()));
    backlog.erase(first, backlog.end());
    waiting_.remove(steps.size());
    return steps;
  }

  // Asks an attempt under way to stop, if there is a worker. A worker that stops does that for all
  // of its attempts.
  void stop_attempt(const std::string& queue, std::shared_ptr<AttemptControl> control) {
    AttemptPool* here = nullptr;
    {
      std::lock_guard lock(mutex_);
      AttemptPool* const pool = queues_[queue].pool;
      if (pool == nullptr) return;
      if (pool->has_threads()) return pool->stop_attempt(std::move(control));
      here = pool;
    }
    here->stop_attempt(std::move(control));  // user code is called, which may call this again
  }

  // The attempt is no longer wanted: it does not begin, or is asked to stop.
  void give_up(const std::string& queue, const std::shared_ptr<AttemptControl>& control) {
    // Abandoned: no thread has it, and none will.
    if (!control->abandon()) stop_attempt(queue, control);
  }

  // What the limits of the workers' activities do, by task queue and name.
  std::vector<LimitState> limits() const {
    std::lock_guard lock(mutex_);
    std::vector<LimitState> all;
    for (const auto& [name, queue] : queues_) {
      if (queue.pool == nullptr) continue;
      std::vector<LimitState> its = queue.pool->limits();
      std::move(its.begin(), its.end(), std::back_inserter(all));
    }
    return all;
  }
  // Why no attempt of that activity may begin there; empty: no limit holds them back.
  std::string held_back(const std::string& queue, std::string_view activity) const {
    std::lock_guard lock(mutex_);
    const auto found = queues_.find(queue);
    const bool is_served = found != queues_.end() && found->second.pool != nullptr;
    return is_served ? found->second.pool->held_back(activity) : std::string();
  }

  // A thread has taken an attempt.
  void taken() { waiting_.remove(1); }

  // The pool takes nothing more. The queue stays occupied until free(): no other worker may start
  // while shards still have runs of this one in memory.
  void detach(const std::string& queue) {
    std::lock_guard lock(mutex_);
    queues_[queue].pool = nullptr;
  }
  void free(const std::string& queue) {
    std::lock_guard lock(mutex_);
    queues_[queue].taken = false;
  }

 private:
  struct Queue {
    AttemptPool* pool = nullptr;
    bool taken = false;
    std::vector<AttemptTask> backlog;
  };
  Gate& waiting_;
  EngineMetrics* const metrics_;  // nullptr: nothing is measured
  mutable std::mutex mutex_;
  std::map<std::string, Queue, std::less<>> queues_;
};

}  // namespace reprise::runtime
