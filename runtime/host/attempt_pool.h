// The threads that execute activities and steps for one worker.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "runtime/host/attempt.h"
#include "runtime/host/attempt_queue.h"
#include "runtime/worker_code.h"

namespace reprise::runtime {

// Thread-safe, except for construction and destruction.
class AttemptPool {
 public:
  // With no threads, run_one() executes attempts on the caller's. `observer` outlives the pool.
  // `clock`: what the limits of a pool without threads go by; it outlives the pool. Those of others
  // go by the steady clock. Check started() before using the pool.
  AttemptPool(std::shared_ptr<const WorkerCode> code,
              std::size_t threads,
              AttemptObserver& observer,
              const base::Clock* clock = nullptr);
  ~AttemptPool();
  AttemptPool(const AttemptPool&) = delete;
  AttemptPool& operator=(const AttemptPool&) = delete;

  // The error, if a thread could not be started; then the pool has no threads.
  const base::Status& started() const { return started_; }

  bool has_threads() const { return !threads_.empty(); }
  // Is the caller one of the pool's threads, or called by shut_down()?
  bool on_own_thread() const;

  // Leaves `tasks` empty, with its memory.
  void submit(std::vector<AttemptTask>& tasks);

  // While paused no attempt begins; those under way go on.
  void pause(bool paused);

  // Attempts may begin again, see AttemptObserver::has_room().
  void wake();

  // How many attempts no thread has taken yet.
  std::size_t waiting();

  // Asks an attempt to stop, on a thread of the pool: this runs stop callbacks of user code, for
  // which the caller, a shard, must not wait. Not once shut_down() has begun.
  void stop_attempt(std::shared_ptr<AttemptControl> control);

  // Executes one queued attempt here. False: there was none, or it may not begin now.
  bool run_one();
  // Takes one queued attempt for the caller, who may execute it and tell the observer at any time
  // and in any order.
  std::optional<AttemptTask> take_one();
  // Executes the attempt here; the caller tells the observer. nullopt: it was abandoned.
  std::optional<AttemptResult> execute(AttemptTask& task);

  // ---- limits of activities ----
  // When time alone lets an attempt begin that a limit holds back now, on the pool's clock.
  std::optional<base::Time> next_release() const;
  std::vector<LimitState> limits() const;
  // Why no attempt of that activity may begin; empty: no limit holds them back.
  std::string held_back(std::string_view activity) const;

  // Asks attempts under way to stop, waits for their threads, and returns the attempts not begun.
  // Not on a thread of the pool.
  std::vector<AttemptTask> shut_down();

 private:
  struct Running;
  using Controls = std::vector<std::shared_ptr<AttemptControl>>;
  struct Expired {
    AttemptKey key;
    std::shared_ptr<AttemptControl> control;
    AttemptPermit permit;
    std::string_view limit;
  };

  bool may_take() { return queue_.has_ready() && !paused_ && observer_.has_room(); }
  bool claim_wake();
  void work();
  void await_work(std::unique_lock<std::mutex>& lock);
  void watch();
  void wait_for_deadline(std::unique_lock<std::mutex>& lock);
  base::Status start_threads(std::size_t count);
  void report(std::optional<AttemptResult>&& result);
  replay::Outcome run_measured(AttemptTask& task, Running* running);
  void settle(AttemptTask& task, AttemptQueue::Verdict verdict, std::string_view why);
  void limit_passed(const AttemptPermit& permit, std::string_view limit);
  void say(const std::optional<std::string>& line);
  void watch_for(std::optional<FlowTime> release);
  replay::Outcome run_activity(AttemptTask& task, Running& running);
  replay::Outcome refuse_unknown(const std::string& activity);
  void begin(Running& running);
  bool end(Running& running);  // was it stopped by the shutdown?
  static void mark_stopped(Running& running, Controls* to_stop);
  void request_stop(const Controls& controls);
  std::vector<Expired> expire(std::chrono::steady_clock::time_point now);

  std::shared_ptr<const WorkerCode> code_;
  AttemptObserver& observer_;
  EngineMetrics* const metrics_;  // nullptr: nothing is measured
  const FlowClock clock_;
  const bool threaded_;

  mutable std::mutex mutex_;
  std::condition_variable work_available_;
  AttemptQueue queue_;
  std::size_t idle_ = 0;
  bool paused_ = false;
  bool waking_ = false;  // a thread has been woken and is not up yet
  bool stopping_ = false;

  // Attempts with a time limit; one thread watches over all of them.
  std::mutex running_mutex_;
  std::condition_variable deadline_moved_;
  std::vector<Running*> running_;
  Controls to_stop_;
  std::set<std::string> unknown_;  // activities already reported to the observer
  std::chrono::steady_clock::time_point next_look_ = std::chrono::steady_clock::time_point::max();
  // When attempts that limits hold back may begin: see AttemptQueue::next_release().
  std::chrono::steady_clock::time_point next_release_ =
      std::chrono::steady_clock::time_point::max();
  bool watching_ = true;

  std::stop_source shut_down_;  // ends the waits of the pool's threads
  base::Status started_;
  std::vector<std::jthread> threads_;
  std::jthread watcher_;
};

}  // namespace reprise::runtime
