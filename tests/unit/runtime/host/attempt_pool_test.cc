#include "runtime/host/attempt_pool.h"

#include <atomic>
#include <condition_variable>
#include <future>

#include <gtest/gtest.h>

namespace reprise::runtime::attempt_pool_test {
namespace {

using replay::Outcome;

// Keeps the pool's reports; a test waits for them, not for time.
class Reports final : public AttemptObserver {
 public:
  void taken() override {}
  std::uint64_t started(const AttemptKey&) override { return 7; }
  void finished(AttemptResult&& result) override {
    std::lock_guard lock(mutex_);
    results_.push_back(std::move(result));
    changed_.notify_all();
  }
  void heartbeat(const AttemptKey&, std::string details) override {
    std::lock_guard lock(mutex_);
    heartbeats_.push_back(std::move(details));
  }
  void timed_out(const AttemptKey&, std::string_view limit) override {
    std::lock_guard lock(mutex_);
    timeouts_.emplace_back(limit);
    changed_.notify_all();
  }

  bool has_room() override { return has_room_; }
  void set_room(bool room) { has_room_ = room; }

  AttemptResult next() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !results_.empty(); });
    AttemptResult result = std::move(results_.front());
    results_.erase(results_.begin());
    return result;
  }
  std::string next_timeout() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !timeouts_.empty(); });
    return timeouts_.front();
  }
  bool has_timeout() {
    std::lock_guard lock(mutex_);
    return !timeouts_.empty();
  }
  std::vector<std::string> heartbeats() {
    std::lock_guard lock(mutex_);
    return heartbeats_;
  }

 private:
  std::atomic<bool> has_room_ = true;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<AttemptResult> results_;
  std::vector<std::string> heartbeats_;
  std::vector<std::string> timeouts_;
};

// Returns when it is asked to stop.
Outcome until_stopped(ActivityAttempt& attempt, std::string_view) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait(lock, attempt.stop_token(), [] { return false; });
  proto::Failure failure;
  failure.set_kind(proto::Failure::CANCELLED);
  return Outcome::failed(failure);
}

std::shared_ptr<const WorkerCode> code() {
  WorkerCode worker;
  worker.task_queue = "q";
  worker.activities["echo"] = [](ActivityAttempt& attempt, std::string_view input) {
    attempt.heartbeat("beat");
    return Outcome::success(std::string(input) + "@" + std::string(attempt.idempotency_key()));
  };
  worker.activities["until_stopped"] = until_stopped;
  return std::make_shared<const WorkerCode>(std::move(worker));
}

AttemptTask task(std::string activity) {
  AttemptTask task;
  auto spec = std::make_shared<proto::ActivityScheduled>();
  spec->set_name(std::move(activity));
  spec->set_input("in");
  task.key.operation = 3;
  task.activity = std::make_unique<ActivityTask>();
  task.activity->spec = std::move(spec);
  task.control = std::make_shared<AttemptControl>();
  return task;
}

void submit(AttemptPool& pool, AttemptTask task) {
  std::vector<AttemptTask> tasks;
  tasks.push_back(std::move(task));
  pool.submit(tasks);
}

TEST(AttemptPool, ExecutesAndReports) {
  Reports reports;
  AttemptPool pool(code(), 2, reports);
  submit(pool, task("echo"));
  const AttemptResult result = reports.next();
  EXPECT_EQ(result.outcome.payload(), "in@" + base::RunId().to_string() + "/3");
  EXPECT_EQ(result.token, 7u);
  EXPECT_FALSE(result.is_step);
  EXPECT_EQ(reports.heartbeats(), std::vector<std::string>{"beat"});
}

TEST(AttemptPool, ACallerMayTakeAnAttemptInstead) {
  Reports reports;
  AttemptPool pool(code(), 0, reports);
  EXPECT_FALSE(pool.take_one());
  submit(pool, task("echo"));
  const std::optional<AttemptTask> taken = pool.take_one();
  ASSERT_TRUE(taken);
  EXPECT_EQ(idempotency_key_of(*taken), base::RunId().to_string() + "/3");
  EXPECT_TRUE(taken->control->claim());
  EXPECT_FALSE(pool.run_one()) << "it is the caller's now";
}

// Each woken thread wakes the next one, until all have work: these activities end only together.
TEST(AttemptPool, ManyTasksWakeAllThreads) {
  constexpr int kThreads = 8;
  std::mutex mutex;
  std::condition_variable changed;
  int arrived = 0;
  WorkerCode worker;
  worker.task_queue = "q";
  worker.activities["meet"] = [&](ActivityAttempt&, std::string_view) {
    std::unique_lock lock(mutex);
    const int goal = (arrived++ / kThreads + 1) * kThreads;
    changed.notify_all();
    changed.wait(lock, [&] { return arrived >= goal; });
    return Outcome();
  };
  Reports reports;
  AttemptPool pool(std::make_shared<const WorkerCode>(std::move(worker)), kThreads, reports);
  for (int round = 0; round < 50; ++round) {
    std::vector<AttemptTask> tasks;
    for (int i = 0; i < kThreads; ++i) tasks.push_back(task("meet"));
    pool.submit(tasks);
    for (int i = 0; i < kThreads; ++i) EXPECT_TRUE(reports.next().outcome.ok());
  }
}

// Attempts without room stay in the queue, in order, and begin when there is room.
TEST(AttemptPool, TakesNothingWhileThereIsNoRoom) {
  Reports reports;
  reports.set_room(false);
  AttemptPool pool(code(), 2, reports);
  for (int i = 0; i < 3; ++i) submit(pool, task("echo"));
  reports.set_room(true);
  pool.wake();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(reports.next().outcome.ok());
}

TEST(AttemptPool, IsShutDownWhileThereIsNoRoom) {
  Reports reports;
  reports.set_room(false);
  AttemptPool pool(code(), 2, reports);
  for (int i = 0; i < 3; ++i) submit(pool, task("echo"));
  pool.wake();
  EXPECT_EQ(pool.shut_down().size(), 3u);
  EXPECT_TRUE(reports.heartbeats().empty()) << "none has begun";
}

TEST(AttemptPool, SaysWhichActivityIsUnknown) {
  Reports reports;
  AttemptPool pool(code(), 0, reports);
  submit(pool, task("nobody"));
  EXPECT_TRUE(pool.run_one());
  EXPECT_FALSE(pool.run_one());
  const AttemptResult result = reports.next();
  EXPECT_EQ(result.outcome.failure().type(), "UnknownActivity");
}

TEST(AttemptPool, AnAttemptThatOverrunsIsAskedToStop) {
  Reports reports;
  AttemptPool pool(code(), 1, reports);
  AttemptTask slow = task("until_stopped");
  slow.start_to_close = base::Duration(1);
  submit(pool, std::move(slow));
  EXPECT_EQ(reports.next_timeout(), "start_to_close");
  EXPECT_FALSE(reports.next().outcome.ok());
}

// Otherwise what it returns then could be taken for its result.
TEST(AttemptPool, ATimeoutIsToldBeforeTheAttemptIsAskedToStop) {
  Reports reports;
  WorkerCode worker = *code();
  worker.activities["says"] = [&](ActivityAttempt& attempt, std::string_view) {
    std::promise<bool> told;
    const std::stop_callback asked(attempt.stop_token(),
                                   [&] { told.set_value(reports.has_timeout()); });
    return Outcome::success(told.get_future().get() ? "told" : "not told");
  };
  AttemptPool pool(std::make_shared<const WorkerCode>(std::move(worker)), 1, reports);
  AttemptTask slow = task("says");
  slow.start_to_close = base::Duration(1);
  submit(pool, std::move(slow));
  EXPECT_EQ(reports.next().outcome.payload(), "told");
}

TEST(AttemptPool, AnAttemptThatFallsSilentIsAskedToStop) {
  Reports reports;
  AttemptPool pool(code(), 1, reports);
  AttemptTask silent = task("until_stopped");
  silent.heartbeat = base::Duration(1);
  submit(pool, std::move(silent));
  EXPECT_EQ(reports.next_timeout(), "heartbeat");
  EXPECT_FALSE(reports.next().abandoned);
}

TEST(AttemptPool, WhatIsAbandonedBeforeItBeginsIsSkipped) {
  Reports reports;
  AttemptPool pool(code(), 0, reports);
  AttemptTask given_up = task("echo");
  ASSERT_TRUE(given_up.control->abandon());
  submit(pool, std::move(given_up));
  submit(pool, task("echo"));
  EXPECT_TRUE(pool.run_one());
  EXPECT_TRUE(pool.run_one());
  (void)reports.next();
  EXPECT_TRUE(reports.heartbeats().size() == 1u) << "only one of them was executed";
}

TEST(AttemptPool, ShuttingDownStopsWhatRunsAndReturnsTheRest) {
  Reports reports;
  AttemptPool pool(code(), 1, reports);
  AttemptTask running = task("until_stopped");
  const auto control = running.control;
  submit(pool, std::move(running));
  while (!control->running()) std::this_thread::yield();
  submit(pool, task("echo"));
  EXPECT_EQ(pool.shut_down().size(), 1u);
  EXPECT_TRUE(reports.next().abandoned) << "an attempt that we stopped has not failed by itself";
}

TEST(AttemptPool, AStepThatOverranHasFailedOnceItIsBack) {
  AttemptTask step;
  const auto body = [] {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
    while (std::chrono::steady_clock::now() < end) {
    }
    return Outcome::success("late");
  };
  step.step = base::FunctionRef<Outcome()>(body);
  EXPECT_TRUE(execute_step(step).ok());
  step.start_to_close = base::Duration(1);
  EXPECT_EQ(execute_step(step).failure().type(), "start_to_close");
}

}  // namespace
}  // namespace reprise::runtime::attempt_pool_test
