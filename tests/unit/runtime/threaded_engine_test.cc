// The engine with its own threads, in memory: what only real concurrency can show. Tests wait for
// events, never for time.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <thread>

#include <gmock/gmock.h>

#include "base/sanitizers.h"
#include "runtime/engine/engine.h"
#include "tests/support/scripted_run.h"

// As a user's: stacks leave out what is in our own namespace.
namespace stuck_code {
[[gnu::noinline]] void spin_until(const std::atomic<bool>& end) {
  while (!end) {
  }
}
}  // namespace stuck_code

namespace reprise::testing::threaded_engine_test {
namespace {

using runtime::ActivityAttempt;
using ::testing::HasSubstr;
using ::testing::Not;

class ThreadedEngine : public ::testing::Test {
 protected:
  ThreadedEngine() {
    runtime::EngineOptions options;
    options.shards = 2;
    options.log = [](runtime::LogLevel, std::string_view) {};
    engine_ = runtime::Engine::in_memory(options);
  }

  std::unique_ptr<runtime::WorkerSession> worker(const runtime::WorkerCode& code) {
    auto session = engine_->register_worker(code);
    EXPECT_TRUE(session);
    return std::move(*session);
  }
  std::shared_ptr<runtime::RunWatch> start(std::string workflow, std::string id) {
    auto watch = std::make_shared<runtime::RunWatch>();
    engine_->ask(
        runtime::verb::Start{{.workflow = std::move(workflow), .workflow_id = std::move(id)},
                             watch,
                             [](const base::Result<runtime::StartedRun>&) {}});
    return watch;
  }
  static std::string result(const std::shared_ptr<runtime::RunWatch>& watch) {
    watch->wait(std::nullopt);
    const auto& end = watch->get();
    return end ? end->result + end->failure().message() : end.error().text();
  }

  std::unique_ptr<runtime::Engine> engine_;
};

TEST_F(ThreadedEngine, AnActivityStoppedWithItsWorkerIsAttemptedByTheNext) {
  runtime::WorkerCode code;
  code.task_queue = "default";
  code.workflows["w"] = code_of([](Execution& e) { return Outcome::success(call(e, "a")); });
  std::atomic<bool> begun{false};
  code.activities["a"] = [&](ActivityAttempt& attempt, std::string_view) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    begun = true;
    begun.notify_all();
    stopped.wait(lock, attempt.stop_token(), [] { return false; });
    proto::Failure failure;
    failure.set_kind(proto::Failure::CANCELLED);
    return Outcome::failed(failure);
  };
  auto first = worker(code);
  const auto run = start("w", "run-1");
  begun.wait(false);
  first.reset();
  code.activities["a"] = [](ActivityAttempt& attempt, std::string_view) {
    return Outcome::success("attempt " + std::to_string(attempt.attempt()));
  };
  const auto second = worker(code);
  EXPECT_EQ(result(run), "attempt 1") << "an attempt that we stopped does not count";
}

TEST_F(ThreadedEngine, ManyRunsOnTwoShards) {
  runtime::WorkerCode code;
  code.task_queue = "default";
  code.workflows["w"] = code_of([](Execution& e) {
    std::string all;
    for (int i = 0; i < 3; ++i) {
      const std::string local = std::to_string(i);
      proto::StepScheduled step;
      step.set_name("s");
      step.set_on_shard(i == 1);
      all += e.run_step(as(step), [&] { return Outcome::success(local); }, {}).payload();
    }
    return Outcome::success(all + call(e, "a"));
  });
  code.activities["a"] = [](ActivityAttempt&, std::string_view) { return Outcome::success("a"); };
  const auto session = worker(code);
  std::vector<std::shared_ptr<runtime::RunWatch>> runs;
  for (int i = 0; i < 500; ++i) runs.push_back(start("w", "run-" + std::to_string(i)));
  for (const auto& run : runs) EXPECT_EQ(result(run), "012a");
}

// The drop waits for a closure that executes on another thread and refers to the dropped frame.
TEST_F(ThreadedEngine, DroppingAStrandWaitsForItsExecutingStep) {
  std::atomic<bool> executing{false};
  std::atomic<bool> may_end{false};
  std::atomic<int> seen{0};
  runtime::WorkerCode code;
  code.task_queue = "default";
  code.workflows["w"] = code_of([&](Execution& e) {
    {
      int frame = 41;
      const auto child = e.spawn([&] {
        proto::StepScheduled step;
        step.set_name("s");
        e.run_step(as(step),
                   [&] {
                     executing = true;
                     executing.notify_all();
                     may_end.wait(false);
                     seen = ++frame;
                     return Outcome();
                   },
                   {});
      });
      const auto go = e.next_signal("go");
      e.wait(*go);
    }
    return Outcome::success("saw " + std::to_string(seen.load()));
  });
  const auto session = worker(code);
  const auto run = start("w", "run-1");
  executing.wait(false);
  engine_->ask(runtime::verb::Signal{{"run-1", {}}, "go", "", [](const base::Status&) {}});
  std::thread release([&] {
    may_end = true;
    may_end.notify_all();
  });
  EXPECT_EQ(result(run), "saw 42");
  release.join();
}

// Meanwhile its shard, one of the two, runs others.
TEST_F(ThreadedEngine, DroppingAStrandWhoseStepExecutesHoldsUpNobody) {
  std::atomic<bool> executing{false};
  std::atomic<bool> may_end{false};
  std::atomic<bool> dropped{false};
  runtime::WorkerCode code;
  code.task_queue = "default";
  code.workflows["quick"] = code_of([](Execution&) { return Outcome::success("quick"); });
  code.workflows["w"] = code_of([&](Execution& e) {
    {
      const auto child = e.spawn([&] {
        e.run_step([](proto::StepScheduled& step) { step.set_name("s"); },
                   [&] {
                     executing = true;
                     executing.notify_all();
                     may_end.wait(false);
                     return Outcome();
                   },
                   {});
      });
      e.wait(*e.next_signal("go"));
    }
    return Outcome::success("dropped it");
  });
  const auto session = worker(code);
  const auto run = start("w", "run-1");
  executing.wait(false);
  engine_->ask(runtime::verb::Signal{{"run-1", {}}, "go", "", [&](const base::Status&) {
                                       dropped = true;
                                       dropped.notify_all();
                                     }});
  dropped.wait(false);
  std::vector<std::shared_ptr<runtime::RunWatch>> others;
  for (int i = 0; i < 16; ++i) others.push_back(start("quick", "quick-" + std::to_string(i)));
  for (const auto& other : others) EXPECT_EQ(result(other), "quick");
  EXPECT_FALSE(run->ready());
  may_end = true;
  may_end.notify_all();
  EXPECT_EQ(result(run), "dropped it");
}

// What is executed is waited for, but a failed attempt is the last one.
TEST_F(ThreadedEngine, ACancelledStepIsNotTriedAgain) {
  std::atomic<int> attempts{0};
  std::atomic<bool> may_end{false};
  runtime::WorkerCode code;
  code.task_queue = "default";
  code.workflows["w"] = code_of([&](Execution& e) {
    const Outcome outcome = e.run_step([](proto::StepScheduled& step) { step.set_name("s"); },
                                       [&] {
                                         ++attempts;
                                         attempts.notify_all();
                                         may_end.wait(false);
                                         proto::Failure failure;
                                         failure.set_kind(proto::Failure::APPLICATION);
                                         return Outcome::failed(failure);
                                       },
                                       {});
    return Outcome::failed(outcome.failure());
  });
  const auto session = worker(code);
  const auto run = start("w", "run-1");
  attempts.wait(0);
  std::atomic<bool> cancelled{false};
  engine_->ask(runtime::verb::Cancel{{"run-1", {}}, "test", [&](const base::Status&) {
                                       cancelled = true;
                                       cancelled.notify_all();
                                     }});
  cancelled.wait(false);
  may_end = true;
  may_end.notify_all();
  run->wait(std::nullopt);
  EXPECT_EQ(run->get()->status, runtime::RunStatus::kCancelled);
  EXPECT_EQ(attempts, 1);
}

// Callers that are faster than the disk wait; nothing is lost.
TEST_F(ThreadedEngine, CallersWaitForRoom) {
  runtime::EngineOptions options;
  options.shards = 2;
  options.limits.pending_requests = 3;
  options.limits.overload_wait = std::chrono::hours(1);
  engine_ = runtime::Engine::in_memory(options);
  runtime::WorkerCode code;
  code.task_queue = "default";
  code.workflows["w"] = code_of([](Execution&) { return Outcome::success("done"); });
  const auto session = worker(code);
  std::vector<std::thread> callers;
  std::atomic<int> done{0};
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < 200; ++i) {
        const auto run = start("w", std::to_string(caller) + "-" + std::to_string(i));
        if (result(run) == "done") ++done;
      }
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(done, 800);
}

// The engine, which outlives a test's function, may be writing another report at its end.
struct SharedLog {
  void wait_for(std::string_view text) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return lines.find(text) != std::string::npos; });
  }
  std::string text() {
    const std::lock_guard lock(mutex);
    return lines;
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::string lines;
};

runtime::EngineOptions impatient(const std::shared_ptr<SharedLog>& log) {
  runtime::EngineOptions options;
  options.shards = 2;
  options.limits.slow_turn = base::Duration(20);
  options.log = [log](runtime::LogLevel, std::string_view line) {
    const std::lock_guard lock(log->mutex);
    log->lines += line;
    log->changed.notify_all();
  };
  return options;
}

// Code that does not return is named, and the runs of the other shard go on.
TEST_F(ThreadedEngine, ReportsCodeThatDoesNotReturn) {
  const auto log = std::make_shared<SharedLog>();
  engine_ = runtime::Engine::in_memory(impatient(log));
  std::atomic<bool> end{false};
  runtime::WorkerCode code;
  code.task_queue = "default";
  code.workflows["endless"] = code_of([&](Execution&) {
    stuck_code::spin_until(end);
    return Outcome::success("at last");
  });
  code.workflows["w"] = code_of([](Execution&) { return Outcome::success("done"); });
  const auto session = worker(code);
  const auto endless = start("endless", "stuck-1");
  log->wait_for("has not returned");
  // Of many ids some belong to the other shard.
  std::vector<std::shared_ptr<runtime::RunWatch>> others;
  for (int i = 0; i < 32; ++i) others.push_back(start("w", std::to_string(i)));
  while (std::none_of(others.begin(), others.end(), [](const auto& run) { return run->ready(); })) {
    std::this_thread::yield();
  }
  end = true;
  EXPECT_EQ(result(endless), "at last");
  for (const auto& run : others) EXPECT_EQ(result(run), "done");
  if (REPRISE_TSAN) return;  // which delivers no signal to a thread that makes no call
  const std::string lines = log->text();
  EXPECT_THAT(lines, HasSubstr("run 'stuck-1', workflow 'endless', strand 1 has not returned"));
  EXPECT_THAT(lines, HasSubstr("stuck_code::spin_until"));
  EXPECT_THAT(lines, Not(HasSubstr("reprise::"))) << "frames of ours";
}

TEST_F(ThreadedEngine, ReportsATransactionThatDoesNotReturn) {
  const auto log = std::make_shared<SharedLog>();
  engine_ = runtime::Engine::in_memory(impatient(log));
  std::atomic<bool> end{false};
  runtime::WorkerCode code;
  code.task_queue = "default";
  code.workflows["w"] = code_of([&](Execution& e) {
    return e.run_transaction("endless",
                             [&] {
                               stuck_code::spin_until(end);
                               return Outcome::success("at last");
                             },
                             {});
  });
  const auto session = worker(code);
  const auto stuck = start("w", "stuck-1");
  log->wait_for("has not returned");
  end = true;
  EXPECT_EQ(result(stuck), "at last");
  if (REPRISE_TSAN) return;
  const std::string lines = log->text();
  EXPECT_THAT(lines, HasSubstr("code of transaction 'endless' of run 'stuck-1', workflow 'w' has "
                               "not returned for"));
  EXPECT_THAT(lines, HasSubstr("all runs wait for it"));
  EXPECT_THAT(lines, HasSubstr("stuck_code::spin_until"));
}

TEST_F(ThreadedEngine, ClosingAnswersThoseWhoWait) {
  runtime::WorkerCode code;
  code.task_queue = "default";
  code.workflows["w"] = code_of([](Execution& e) {
    const auto never = e.next_signal("never");
    e.wait(*never);
    return Outcome();
  });
  auto session = worker(code);
  const auto run = start("w", "run-1");
  session.reset();
  engine_.reset();
  EXPECT_EQ(result(run).substr(0, 6), "RP1008");
}

}  // namespace
}  // namespace reprise::testing::threaded_engine_test
