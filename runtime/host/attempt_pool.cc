#include "runtime/host/attempt_pool.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/interruptible_waits.h"
#include "base/out_of_memory.h"
#include "base/start_thread.h"
#include "base/thread_name.h"
#include "runtime/metrics/engine_metrics.h"
#include "event/retry.h"

namespace reprise::runtime {

using Clock = std::chrono::steady_clock;

namespace {

constexpr std::string_view kUnknownActivityType = "UnknownActivity";

// The pool whose code the calling thread runs.
constinit thread_local const AttemptPool* running_pool = nullptr;

// While this exists the thread counts as the pool's: it works for the pool, or shuts it down and
// runs the stop callbacks of its activities.
class OwnThread {
 public:
  OwnThread(const AttemptPool& pool, const std::stop_source& stop)
      : outer_(std::exchange(running_pool, &pool)), waits_(stop.get_token()) {}
  ~OwnThread() { running_pool = outer_; }
  OwnThread(const OwnThread&) = delete;
  OwnThread& operator=(const OwnThread&) = delete;

 private:
  const AttemptPool* const outer_;
  const base::InterruptibleWaits waits_;
};

// A failure after which the attempt would be made again. One that is final by itself says that what
// it has called works, or nothing.
AttemptQueue::Verdict verdict_of(const AttemptTask& task, const replay::Outcome& outcome) {
  using Verdict = AttemptQueue::Verdict;
  if (outcome.ok()) return Verdict::kWorks;
  if (outcome.failure().type() == kUnknownActivityType) return Verdict::kSaysNothing;
  const proto::ActivityScheduled& spec = *task.activity->spec;
  return event::is_retryable(spec.retry(), outcome.failure()) ? Verdict::kFails
                                                              : Verdict::kSaysNothing;
}

}  // namespace

// An attempt of an activity under way; the object its code sees.
struct AttemptPool::Running final : ActivityAttempt {
  Running(AttemptPool& owner, AttemptTask& attempt)
      : pool(owner), task(attempt), key(idempotency_key_of(attempt)) {}

  std::string_view idempotency_key() const override { return key; }
  int attempt() const override { return static_cast<int>(task.key.attempt); }
  std::string_view activity() const override { return task.activity->spec->name(); }
  std::string_view workflow_id() const override { return task.activity->workflow_id; }
  event::Headers headers() const override { return event::read(task.activity->spec->headers()); }
  std::stop_token stop_token() const override { return task.control->stop.get_token(); }
  std::string_view heartbeat_details() const override { return task.activity->heartbeat_details; }
  void heartbeat(std::string details) override {
    if (task.heartbeat.count() > 0) {
      std::lock_guard lock(pool.running_mutex_);
      heartbeat_deadline = base::deadline_in(task.heartbeat);
    }
    pool.observer_.heartbeat(task.key, std::move(details));
  }

  base::Result<std::string> token() const override { return pool.observer_.token_of(task); }
  void leave_open() override { left_open = true; }

  Clock::time_point deadline() const { return std::min(close_deadline, heartbeat_deadline); }

  AttemptPool& pool;
  AttemptTask& task;
  const std::string key;
  const Clock::time_point began = Clock::now();
  bool left_open = false;
  Clock::time_point close_deadline = Clock::time_point::max();
  Clock::time_point heartbeat_deadline = Clock::time_point::max();
  bool expired = false;
  bool stopped_by_us = false;  // asked to stop because the pool shuts down
};

AttemptPool::AttemptPool(std::shared_ptr<const WorkerCode> code,
                         std::size_t threads,
                         AttemptObserver& observer,
                         const base::Clock* clock)
    : code_(std::move(code)),
      observer_(observer),
      metrics_(observer.metrics()),
      clock_(threads == 0 ? clock : nullptr),
      threaded_(threads > 0),
      queue_(threads, code_->limits, clock_) {
  try {
    if (threads > 0) started_ = start_threads(threads);
  } catch (...) {
    (void)shut_down();  // those that have started wait for work
    throw;
  }
  if (!started_) (void)shut_down();
}

base::Status AttemptPool::start_threads(std::size_t count) {
  const auto start = [this](std::jthread* thread, void (AttemptPool::*what)()) {
    return base::start_thread(thread, "a thread for activities", [this, what] {
      const OwnThread own(*this, shut_down_);
      base::needs_memory("executing activities", [this, what] { (this->*what)(); });
    });
  };
  threads_.resize(count);
  for (std::jthread& thread : threads_) {
    if (base::Status status = start(&thread, &AttemptPool::work); !status) return status;
  }
  return start(&watcher_, &AttemptPool::watch);
}

bool AttemptPool::on_own_thread() const {
  return running_pool == this;
}

AttemptPool::~AttemptPool() {
  (void)shut_down();
}

void AttemptPool::submit(std::vector<AttemptTask>& tasks) {
  bool wake = false;
  std::size_t given_up = 0;
  std::optional<FlowTime> release;
  {
    std::lock_guard lock(mutex_);
    for (AttemptTask& task : tasks) given_up += queue_.push(std::move(task));
    wake = claim_wake();
    release = queue_.next_release();
  }
  tasks.clear();
  if (wake) work_available_.notify_one();
  for (; given_up > 0; --given_up) observer_.taken();
  watch_for(release);
}

// Threads are woken one after another: each wakes the next one if there is more work than it takes.
// When attempts are short, the threads that are awake have done them all before another one is up,
// and a wake-up costs more than an attempt.
bool AttemptPool::claim_wake() {
  return may_take() && idle_ > 0 && !std::exchange(waking_, true);
}

void AttemptPool::pause(bool paused) {
  {
    std::lock_guard lock(mutex_);
    paused_ = paused;
  }
  wake();
}

std::size_t AttemptPool::waiting() {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void AttemptPool::wake() {
  bool wake = false;
  std::optional<FlowTime> release;
  {
    std::lock_guard lock(mutex_);
    wake = claim_wake();
    release = queue_.next_release();
  }
  if (wake) work_available_.notify_one();
  watch_for(release);
}

void AttemptPool::stop_attempt(std::shared_ptr<AttemptControl> control) {
  if (!has_threads()) return request_stop({std::move(control)});
  {
    const std::lock_guard lock(running_mutex_);
    to_stop_.push_back(std::move(control));
  }
  deadline_moved_.notify_one();
}

std::optional<AttemptTask> AttemptPool::take_one() {
  AttemptQueue::Taken taken;
  {
    std::lock_guard lock(mutex_);
    if (!may_take()) return std::nullopt;
    taken = queue_.take();
    queue_.done(taken.lane);  // it takes none of the pool's threads
  }
  observer_.taken();
  return std::move(taken.task);
}

bool AttemptPool::run_one() {
  std::optional<AttemptTask> task = take_one();
  if (!task) return false;
  report(execute(*task));
  return true;
}

std::vector<AttemptTask> AttemptPool::shut_down() {
  std::vector<AttemptTask> left;
  Controls to_stop;
  {
    std::scoped_lock lock(mutex_, running_mutex_);
    stopping_ = true;
    left = queue_.drain();
    for (Running* running : running_) mark_stopped(*running, &to_stop);
  }
  work_available_.notify_all();
  shut_down_.request_stop();
  request_stop(to_stop);
  threads_.clear();
  {
    std::lock_guard lock(running_mutex_);
    watching_ = false;
  }
  deadline_moved_.notify_all();
  watcher_ = {};
  return left;
}

// If something else stopped an attempt before, that is the reason for its failure.
void AttemptPool::mark_stopped(Running& running, Controls* to_stop) {
  if (running.task.control->stop.stop_requested()) return;
  running.stopped_by_us = true;
  to_stop->push_back(running.task.control);
}

// Not under a lock of ours: it runs stop callbacks of user code.
void AttemptPool::request_stop(const Controls& controls) {
  const OwnThread own(*this, shut_down_);
  for (const auto& control : controls) control->stop.request_stop();
}

// What is held back may begin when time has passed, and no other thread may be there to see that:
// the watcher is told before each wait.
void AttemptPool::await_work(std::unique_lock<std::mutex>& lock) {
  ++idle_;
  std::optional<FlowTime> told;
  while (!stopping_ && !may_take()) {
    const std::optional<FlowTime> release = queue_.next_release();
    if (release && release != told) {
      told = release;
      lock.unlock();
      watch_for(release);
      lock.lock();
    } else {
      work_available_.wait(lock);
      told.reset();
    }
    waking_ = false;
  }
  --idle_;
}

void AttemptPool::work() {
  base::name_this_thread("reprise-attempt");
  std::unique_lock lock(mutex_);
  while (true) {
    await_work(lock);
    if (stopping_) return;
    AttemptQueue::Taken taken = queue_.take();
    const bool wake = claim_wake();
    const std::optional<FlowTime> release = queue_.next_release();
    lock.unlock();
    if (wake) work_available_.notify_one();
    watch_for(release);
    observer_.taken();
    std::optional<AttemptResult> result = execute(taken.task);
    taken.task.control = nullptr;  // goes with the shard's, which makes the next one
    report(std::move(result));
    lock.lock();
    queue_.done(taken.lane);
  }
}

void AttemptPool::report(std::optional<AttemptResult>&& result) {
  if (result) observer_.finished(std::move(*result));
}

std::optional<AttemptResult> AttemptPool::execute(AttemptTask& task) {
  if (task.control != nullptr && !task.control->claim()) {
    settle(task, AttemptQueue::Verdict::kSaysNothing, {});
    return std::nullopt;
  }
  AttemptResult result;
  result.key = task.key;
  result.token = observer_.started(task.key);
  if (task.step) {
    const base::InterruptibleWaits waits(shut_down_.get_token());
    result.is_step = true;
    result.outcome = run_measured(task, nullptr);
    result.abandoned = waits.interrupted() && !result.outcome.ok();
    if (task.control != nullptr) task.control->finish();
  } else {
    Running running(*this, task);
    begin(running);
    result.outcome = run_measured(task, &running);
    const bool stopped_by_us = end(running);
    result.abandoned = stopped_by_us && !result.outcome.ok();
    if (task.permit.kind != 0) {
      const bool said_before = running.expired || result.abandoned;
      settle(task,
             said_before ? AttemptQueue::Verdict::kSaysNothing : verdict_of(task, result.outcome),
             result.outcome.ok() ? std::string_view() : result.outcome.failure().message());
    }
    result.left_open = running.left_open && result.outcome.ok();
    if (result.left_open && has_threads()) {
      result.took = std::chrono::floor<base::Duration>(Clock::now() - running.began);
    }
  }
  return result;
}

// `running`: nullptr: it is a step.
replay::Outcome AttemptPool::run_measured(AttemptTask& task, Running* running) {
  const auto run = [&] {
    return running == nullptr ? execute_step(task) : run_activity(task, *running);
  };
  if (metrics_ == nullptr) return run();
  const auto began = EngineMetrics::Clock::now();
  metrics_->task_queues.of(code_->task_queue)
      .schedule_to_start.observe(EngineMetrics::between(task.ready, began));
  replay::Outcome outcome = run();
  const std::uint64_t took = EngineMetrics::since(began);
  if (running == nullptr) {
    metrics_->step.observe(took);
    return outcome;
  }
  auto& activity = metrics_->activities.of(running->activity());
  activity.seconds.observe(took);
  (outcome.ok() ? activity.completed : activity.failed).add();
  return outcome;
}

replay::Outcome AttemptPool::run_activity(AttemptTask& task, Running& running) {
  const proto::ActivityScheduled& spec = *task.activity->spec;
  const auto code = code_->activities.find(spec.name());
  return code == code_->activities.end() ? refuse_unknown(spec.name())
                                         : code->second(running, spec.input());
}

replay::Outcome AttemptPool::refuse_unknown(const std::string& activity) {
  proto::Failure failure;
  failure.set_kind(proto::Failure::APPLICATION);
  failure.set_type(std::string(kUnknownActivityType));
  failure.set_message(base::to_string(base::ErrorCode::kUnknownActivity) +
                      " the worker of task queue '" + code_->task_queue +
                      "' does not implement activity '" + activity +
                      "'; implement() it before start()");
  const bool is_new = [&] {
    const std::lock_guard lock(running_mutex_);
    return unknown_.insert(activity).second;
  }();
  if (is_new) observer_.unknown_activity(failure.message());
  return replay::Outcome::failed(std::move(failure));
}

void AttemptPool::begin(Running& running) {
  const AttemptTask& task = running.task;
  const auto now = Clock::now();
  if (task.start_to_close.count() > 0)
    running.close_deadline = base::deadline_in(task.start_to_close, now);
  if (task.heartbeat.count() > 0)
    running.heartbeat_deadline = base::deadline_in(task.heartbeat, now);
  bool sooner = false;
  Controls to_stop;
  {
    std::lock_guard lock(running_mutex_);
    running_.push_back(&running);
    if (stopping_) mark_stopped(running, &to_stop);
    sooner = running.deadline() < next_look_;
    if (sooner) next_look_ = running.deadline();
  }
  request_stop(to_stop);
  if (sooner) deadline_moved_.notify_one();
}

bool AttemptPool::end(Running& running) {
  std::lock_guard lock(running_mutex_);
  std::erase(running_, &running);
  return running.stopped_by_us;
}

void AttemptPool::wait_for_deadline(std::unique_lock<std::mutex>& lock) {
  const Clock::time_point until = std::min(next_look_, next_release_);
  if (until == Clock::time_point::max()) {
    deadline_moved_.wait(lock);
  } else {
    deadline_moved_.wait_until(lock, until);
  }
}

// Sleeps until the deadline that was the earliest when it last looked. Most attempts end long
// before their deadlines, and a new deadline is rarely earlier, so this thread hardly ever runs.
void AttemptPool::watch() {
  base::name_this_thread("reprise-limits");
  std::unique_lock lock(running_mutex_);
  while (watching_) {
    if (to_stop_.empty()) wait_for_deadline(lock);
    const std::vector<Expired> expired = expire(Clock::now());
    const Controls to_stop = std::exchange(to_stop_, {});
    const bool released = next_release_ <= Clock::now();
    if (released) next_release_ = Clock::time_point::max();
    lock.unlock();
    if (released) wake();
    request_stop(to_stop);
    for (const Expired& attempt : expired) {
      // First, so that what it returns when it is asked to stop comes too late.
      limit_passed(attempt.permit, attempt.limit);
      observer_.timed_out(attempt.key, attempt.limit);
      attempt.control->stop.request_stop();  // runs stop callbacks of user code
    }
    lock.lock();
  }
}

std::vector<AttemptPool::Expired> AttemptPool::expire(Clock::time_point now) {
  std::vector<Expired> expired;
  next_look_ = Clock::time_point::max();
  for (Running* running : running_) {
    if (running->expired) continue;
    if (running->deadline() > now) {
      next_look_ = std::min(next_look_, running->deadline());
      continue;
    }
    running->expired = true;
    const bool overran = running->close_deadline <= now;
    expired.push_back({running->task.key, running->task.control, running->task.permit,
                       overran ? "start_to_close" : "heartbeat"});
  }
  return expired;
}

}  // namespace reprise::runtime
