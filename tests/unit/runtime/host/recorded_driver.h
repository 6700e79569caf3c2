// A second, minimal driver of the host: it gets tasks one after the other, as a remote service
// would send them, and keeps the histories itself. No engine, no store, and no clock except the
// tasks' own.
//
//   task: inputs of a run ──► RunExecutor ──► commands, kept with them ──► attempts on threads
//                                  ▲                                            │
//                                  └──────────── inputs of the next task ◄──────┘
#pragma once
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "runtime/host/attempt_pool.h"
#include "tests/unit/runtime/host/kept_run.h"

namespace reprise::runtime::host_test {

// Inputs of a run, as recorded elsewhere.
struct Task {
  std::uint64_t run = 0;
  std::vector<proto::Event> inputs{};
};

class RecordedDriver final : private AttemptObserver {
 public:
  explicit RecordedDriver(HostOptions host = {})
      : executor_({.host = std::move(host),
                   .label_of = [this](std::uint64_t run) { return runs_.at(run).label(); }}) {}
  ~RecordedDriver() { stop_worker(); }

  // The code of the only task queue, on threads of its own; replaces the code before it.
  void deploy(WorkerCode code) {
    code.task_queue = "default";
    stop_worker();
    const auto shared = std::make_shared<const WorkerCode>(std::move(code));
    pool_ = std::make_unique<AttemptPool>(shared, 2, static_cast<AttemptObserver&>(*this));
    executor_.add_worker(shared);
  }

  KeptRun& run(std::uint64_t number) { return runs_.try_emplace(number, number).first->second; }
  RunExecutor& executor() { return executor_; }

  // The commands that the code answers the task with. Parked, it answers with none: the inputs are
  // kept for when it can go on.
  std::vector<std::string> handle(const Task& task) {
    KeptRun& to = run(task.run);
    proto::Turn turn;
    turn.set_time_ms(1'000 * static_cast<std::int64_t>(to.history().size() + 1));
    for (const proto::Event& input : task.inputs) *turn.add_inputs() = input;
    TurnResult result = executor_.run_turn(to.place, to.source(), &turn);
    parked_ = std::move(result.trouble);
    if (result.end == replay::TurnEnd::kParked) {
      turn.clear_commands();
      turn.set_without_code(true);
    }
    const auto commands = described(turn);
    const auto attempts = attempts_of(turn);
    if (turn.inputs_size() > 0 || turn.commands_size() > 0) to.keep(std::move(turn));
    begin(to, attempts);  // only what is kept may happen
    return commands;
  }
  // Why the last task could not be handled.
  const replay::Trouble* parked() const { return parked_.get(); }

  // Waits for a thread's result, and makes it the next task.
  Task next_task() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !results_.empty(); });
    AttemptResult result = std::move(results_.front());
    results_.erase(results_.begin());
    lock.unlock();
    return task_of(std::move(result));
  }

 private:
  struct Attempt {
    std::uint32_t operation = 0;
    std::shared_ptr<const proto::ActivityScheduled> activity;  // nullptr: a step
  };

  static std::vector<Attempt> attempts_of(const proto::Turn& turn) {
    std::vector<Attempt> attempts;
    for (const proto::Event& command : turn.commands()) {
      if (command.has_step_scheduled()) {
        attempts.push_back({command.step_scheduled().id(), nullptr});
      } else if (command.has_activity_scheduled()) {
        const auto& activity = command.activity_scheduled();
        attempts.push_back(
            {activity.id(), std::make_shared<const proto::ActivityScheduled>(activity)});
      }
    }
    return attempts;
  }
  void begin(KeptRun& of, const std::vector<Attempt>& attempts) {
    std::vector<AttemptTask> tasks;
    for (const Attempt& attempt : attempts) {
      const AttemptKey key{.run = of.number(), .operation = attempt.operation};
      if (attempt.activity == nullptr) {
        auto begun = executor_.begin_step(of.place, of.source(), key, base::Duration(0));
        tasks.push_back(std::get<AttemptTask>(std::move(begun)));
        continue;
      }
      AttemptTask& task = tasks.emplace_back();
      task.key = key;
      task.control = std::make_shared<AttemptControl>();
      task.activity = std::make_unique<ActivityTask>(
          ActivityTask{attempt.activity, {}, std::string(of.label().workflow_id), {}});
    }
    if (!tasks.empty()) pool_->submit(tasks);
  }
  Task task_of(AttemptResult result) {
    Task task{.run = result.key.run};
    std::string payload = result.outcome.take_payload();
    if (result.is_step) {
      RunExecutor::end_step(run(task.run).place, result.key.operation);
      task.inputs = {testing::step_completed(result.key.operation, std::move(payload))};
    } else {
      task.inputs = {testing::activity_completed(result.key.operation, std::move(payload))};
    }
    return task;
  }
  void stop_worker() {
    if (pool_ == nullptr) return;
    for (const AttemptTask& task : pool_->shut_down()) {
      if (task.step) (void)RunExecutor::take_back_step(run(task.key.run).place, task);
    }
    pool_ = nullptr;
    executor_.remove_worker("default");
  }

  // AttemptObserver, on the threads of the pool.
  void taken() override {}
  std::uint64_t started(const AttemptKey& /*key*/) override { return 0; }
  void finished(AttemptResult&& result) override {
    const std::lock_guard lock(mutex_);
    results_.push_back(std::move(result));
    changed_.notify_all();
  }
  void heartbeat(const AttemptKey& /*key*/, std::string /*details*/) override {}
  void timed_out(const AttemptKey& /*key*/, std::string_view /*limit*/) override {}

  std::map<std::uint64_t, KeptRun> runs_;
  std::unique_ptr<replay::Trouble> parked_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<AttemptResult> results_;
  std::unique_ptr<AttemptPool> pool_;
  RunExecutor executor_;  // last: destroying it runs destructors of user code
};

}  // namespace reprise::runtime::host_test
