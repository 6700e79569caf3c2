// The real engine: threads, a directory, restarts. Everything else is tested with Env.
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <reprise/engine.h>
#include <reprise/reprise.h>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace reprise::engine_test {
namespace {

using namespace std::chrono_literals;

constexpr Workflow<int(int)> main_workflow{"main"};
constexpr Workflow<std::string(int)> text_workflow{"text"};
constexpr Activity<int(int)> twice{"twice"};
constexpr Signal<int> number{"number"};
constexpr Query<int()> sum{"sum"};

class Engines : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> open(EngineOptions options = {}) {
    if (!options.logger) options.logger = [](LogLevel, std::string_view) {};
    return Engine::open(directory_ / "store", std::move(options));
  }

  testing::TemporaryDirectory directory_;
};

int add_up(Context& ctx, int wanted) {
  int total = 0;
  auto answering = ctx.answer(sum, [&] { return total; });
  while (total < wanted) total += ctx.call(twice(ctx.inbox(number).next().get()));
  return total;
}

TEST_F(Engines, RunWorkflows) {
  const auto engine = open();
  Worker worker(*engine);
  worker.implement(main_workflow, add_up).implement(twice, [](ActivityContext&, int value) {
    return 2 * value;
  });
  worker.start();
  const Client client(*engine);
  auto run = client.start(main_workflow(10), {.id = "w"});
  run.signal(number(2));
  run.signal(number(3));
  EXPECT_EQ(run.result(), 10);
}

// The idiom of the samples: the program starts everything again each time it is started.
TEST_F(Engines, FortyStartsUnderRestartsAreFortyRuns) {
  constexpr int kRuns = 40;
  constexpr int kProcesses = 8;
  for (int process = 1; process <= kProcesses; ++process) {
    const auto engine = open();
    Worker worker(*engine);
    worker.implement(main_workflow, [](Context& ctx, int i) { return ctx.call(twice(i)); })
        .implement(twice, [](ActivityContext&, int i) { return 2 * i; });
    worker.start();
    const Client client(*engine);
    std::vector<Handle<int>> runs;
    for (int i = 0; i < kRuns; ++i) {
      runs.push_back(client.submit(main_workflow(i), {.id = "loan-" + std::to_string(i),
                                                      .id_reuse = IdReuse::kUseExisting}));
    }
    for (int i = 0; i < kRuns * process / kProcesses; ++i) {
      EXPECT_EQ(runs[static_cast<std::size_t>(i)].result(), 2 * i);
    }
  }
  EXPECT_EQ(Client(*open()).list().size(), static_cast<std::size_t>(kRuns));
}

// The copy goes on from where the store was; the store goes on too.
TEST_F(Engines, AreBackedUpWhileTheyWork) {
  const auto implement = [](Worker& worker) {
    worker.implement(main_workflow, add_up).implement(twice, [](ActivityContext&, int value) {
      return 2 * value;
    });
    worker.start();
  };
  {
    const auto engine = open();
    Worker worker(*engine);
    implement(worker);
    auto run = Client(*engine).start(main_workflow(10), {.id = "w"});
    run.signal(number(2));
    engine->backup(directory_ / "backup");
    run.signal(number(4));
    EXPECT_EQ(run.result(), 12);
    try {
      engine->backup(directory_ / "backup");
      ADD_FAILURE() << "a backup is not replaced";
    } catch (const StoreError& error) {
      EXPECT_EQ(error.code(), "RP1002");
    }
  }
  const auto engine = Engine::open(directory_ / "backup");
  Worker worker(*engine);
  implement(worker);
  auto run = Client(*engine).attach(main_workflow, "w");
  run.signal(number(3));
  EXPECT_EQ(run.result(), 10);
}

TEST_F(Engines, AreNotBackedUpByWorkflowCode) {
  const auto engine = open();
  Worker worker(*engine);
  worker.implement(text_workflow, [&](Context&, int) -> std::string {
    try {
      engine->backup(directory_ / "backup");
      return "done";
    } catch (const UsageError& error) {
      return std::string(error.code());
    }
  });
  worker.start();
  EXPECT_EQ(Client(*engine).start(text_workflow(1)).result(), "RP2004");
}

TEST_F(Engines, RemoveClosedRuns) {
  const auto engine = open({.retention = {.max_age = 1ms}});
  Worker worker(*engine);
  worker.implement(text_workflow, [](Context&, int) -> std::string { return "done"; });
  worker.start();
  const Client client(*engine);
  EXPECT_EQ(client.start(text_workflow(1), {.id = "a"}).result(), "done");
  // The archiver looks again when the engine has been quiet for a moment.
  while (client.find_description("a")) client.start(text_workflow(2)).result();
  EXPECT_THROW(client.describe("a"), NotFound);
  EXPECT_THROW(Engine::open(directory_ / "other", {.retention = {.max_age = -1ms}}), InvalidOption);
}

TEST_F(Engines, GoOnAfterARestart) {
  {
    const auto engine = open();
    Worker worker(*engine);
    worker.implement(main_workflow, add_up).implement(twice, [](ActivityContext&, int value) {
      return 2 * value;
    });
    worker.start();
    auto run = Client(*engine).start(main_workflow(10), {.id = "w"});
    run.signal(number(2));
    while (run.query(sum()) < 4) std::this_thread::sleep_for(1ms);
  }
  const auto engine = open();
  std::atomic<int> calls = 0;
  Worker worker(*engine);
  worker.implement(main_workflow, add_up).implement(twice, [&](ActivityContext&, int value) {
    ++calls;
    return 2 * value;
  });
  auto run = Client(*engine).attach(main_workflow, "w");
  run.signal(number(3));
  worker.start();
  EXPECT_EQ(run.result(), 10);
  EXPECT_EQ(calls, 1);
}

// The start has not become durable within no time at all.
TEST_F(Engines, AResultIsWaitedForNoLongerThanTheTimeoutSays) {
  const auto engine = open({.shards = 1});
  std::atomic<bool> end = false;
  Worker worker(*engine);
  worker.implement(main_workflow, [&](Context&, int value) {
    while (!end) std::this_thread::yield();
    return value;
  });
  worker.start();
  const Client client(*engine);
  const auto first = client.submit(main_workflow(1));  // holds up the only shard
  const auto second = client.submit(main_workflow(2));
  EXPECT_EQ(second.result_for(0ms), std::nullopt);
  end = true;
  EXPECT_EQ(second.result(), 2);
  EXPECT_EQ(first.result(), 1);
}

TEST_F(Engines, HoldManyRunsOfOneThread) {
  const auto engine = open();
  Worker worker(*engine);
  worker.implement(main_workflow, [](Context& ctx, int value) {
    return ctx.step("add", [&] { return value + 1; }, {.on = StepOn::kShard});
  });
  worker.start();
  const Client client(*engine);
  std::vector<Handle<int>> runs;
  for (int i = 0; i < 2'000; ++i) runs.push_back(client.submit(main_workflow(i)));
  for (int i = 0; i < 2'000; ++i) EXPECT_EQ(runs[static_cast<std::size_t>(i)].result(), i + 1);
}

TEST_F(Engines, KeepTheOrderOfManySignalsOfOneThread) {
  constexpr int kSignals = 2'000;
  const auto engine = open();
  Worker worker(*engine);
  worker.implement(main_workflow, [](Context& ctx, int count) {
    int in_order = 0;
    for (int i = 0; i < count; ++i) in_order += ctx.inbox(number).next().get() == i ? 1 : 0;
    return in_order;
  });
  worker.start();
  const auto run = Client(*engine).start(main_workflow(kSignals));
  std::vector<SentSignal> sent;
  for (int i = 0; i < kSignals; ++i) sent.push_back(run.submit_signal(number(i)));
  for (const SentSignal& signal : sent) signal.delivered();
  EXPECT_EQ(run.result(), kSignals);
}

TEST_F(Engines, TimeActivitiesOut) {
  const auto engine = open();
  Worker worker(*engine);
  worker.implement(text_workflow, [](Context& ctx, int how) -> std::string {
    ActivityOptions options{.retry = {.maximum_attempts = 1}};
    if (how == 0) options.start_to_close = 50ms;
    if (how == 1) options.heartbeat = 50ms;
    if (how == 2) options.schedule_to_close = 50ms;
    if (how == 3) {
      options.schedule_to_start = 50ms;
      options.task_queue = "nobody";
    }
    try {
      ctx.call(twice(how), options);
    } catch (const ActivityFailure& failure) {
      const auto* timeout = failure.cause_as<TimeoutFailure>();
      return timeout == nullptr ? "no timeout" : std::to_string(static_cast<int>(timeout->kind()));
    }
    return "none";
  });
  std::atomic<int> stopped = 0;
  worker.implement(twice, [&](ActivityContext& ctx, int value) {
    while (!ctx.stop_token().stop_requested()) std::this_thread::sleep_for(1ms);
    ++stopped;
    return value;
  });
  worker.start();
  const Client client(*engine);
  EXPECT_EQ(client.start(text_workflow(0)).result(),
            std::to_string(static_cast<int>(TimeoutKind::kStartToClose)));
  EXPECT_EQ(client.start(text_workflow(1)).result(),
            std::to_string(static_cast<int>(TimeoutKind::kHeartbeat)));
  EXPECT_EQ(client.start(text_workflow(2)).result(),
            std::to_string(static_cast<int>(TimeoutKind::kScheduleToClose)));
  EXPECT_EQ(client.start(text_workflow(3)).result(),
            std::to_string(static_cast<int>(TimeoutKind::kScheduleToStart)));
  worker.stop();
  EXPECT_EQ(stopped, 3);
}

TEST_F(Engines, TellActivitiesThatTheirRunGaveThemUp) {
  const auto engine = open();
  Worker worker(*engine);
  worker.implement(main_workflow, [](Context& ctx, int value) { return ctx.call(twice(value)); });
  std::atomic<bool> begun = false;
  std::atomic<bool> stopped = false;
  worker.implement(twice, [&](ActivityContext& ctx, int) -> int {
    begun = true;
    while (!ctx.stop_token().stop_requested()) std::this_thread::sleep_for(1ms);
    stopped = true;
    throw CancelledFailure("stopped");
  });
  worker.start();
  auto run = Client(*engine).start(main_workflow(1));
  while (!begun) std::this_thread::sleep_for(1ms);
  run.cancel();
  EXPECT_THROW(run.result(), CancelledFailure);
  worker.stop();
  EXPECT_TRUE(stopped);
}

TEST_F(Engines, WaitForAResultForAWhile) {
  const auto engine = open();
  Worker worker(*engine);
  worker.implement(main_workflow, [](Context& ctx, int value) {
    ctx.inbox(number).next().get();
    return value;
  });
  worker.start();
  auto run = Client(*engine).start(main_workflow(7));
  EXPECT_EQ(run.result_for(10ms), std::nullopt);
  run.signal(number(1));
  EXPECT_EQ(run.result_for(1h), 7);
}

TEST_F(Engines, LockTheirDirectory) {
  const auto engine = open();
  try {
    open();
    FAIL();
  } catch (const StoreError& error) {
    EXPECT_EQ(error.code(), "RP1003") << error.what();
  }
}

TEST_F(Engines, RefuseOptionsThatMakeNoSense) {
  EXPECT_THROW(open({.shards = -1}), InvalidOption);
  EXPECT_THROW(open({.cached_runs = 0}), InvalidOption);
  EXPECT_THROW(open({.stack_bytes = 100}), InvalidOption);
  EXPECT_THROW(open({.journal_map_bytes = 4'096}), InvalidOption);
  EXPECT_THROW(open({.archive_map_bytes = 4'096}), InvalidOption);
}

// Records that one commit cannot take are split over several; only a record too large for the
// journal has no room.
TEST_F(Engines, ReachTheLargestSizeOfTheirJournalAndGoOn) {
  const auto engine = open({.journal_map_bytes = std::uint64_t{16} << 20});
  const Client client(*engine);
  const Workflow<void(std::string)> large{"large"};
  const std::string megabyte(1 << 20, 'x');
  int started = 0;
  for (int i = 0; started < 24; ++i) {
    ASSERT_LT(i, 100'000);
    try {
      client.start(large(megabyte));
      ++started;
    } catch (const StoreFull& error) {
      EXPECT_EQ(error.code(), "RP1007");
      std::this_thread::sleep_for(1ms);
    }
  }
}

TEST_F(Engines, FailWaitsWhenTheyClose) {
  auto engine = open();
  auto run = Client(*engine).start(main_workflow(1));
  std::thread closing([&] {
    std::this_thread::sleep_for(20ms);
    engine.reset();
  });
  EXPECT_THROW(run.result(), StoreError);
  closing.join();
}

TEST_F(Engines, LogLinesOfWorkflows) {
  std::mutex mutex;
  std::vector<std::string> lines;
  const auto engine = open({.logger = [&](LogLevel, std::string_view line) {
    const std::lock_guard lock(mutex);
    lines.emplace_back(line);
  }});
  Worker worker(*engine);
  worker.implement(main_workflow, [](Context& ctx, int value) {
    ctx.log().warning("low stock");
    return value;
  });
  worker.start();
  Client(*engine).start(main_workflow(1), {.id = "w"}).result();
  const std::lock_guard lock(mutex);
  EXPECT_EQ(lines, std::vector<std::string>{"main w: low stock"});
}

}  // namespace
}  // namespace reprise::engine_test
