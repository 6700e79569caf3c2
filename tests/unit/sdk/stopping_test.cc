// Workers and engines that stop while their code waits, ends the process or stops them, and logs
// that fail.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <reprise/engine.h>
#include <reprise/reprise.h>
#include <stdexcept>
#include <stop_token>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sanitizers.h"
#include "tests/support/temporary_directory.h"

namespace reprise {
namespace {

using namespace std::chrono_literals;

constexpr Workflow<std::string(int)> outer_workflow{"outer"};
constexpr Workflow<int(int)> waiting_workflow{"waiting"};
constexpr Activity<std::string(int)> stopped_activity{"stopped"};
constexpr Signal<int> go_on{"go_on"};

class Stopping : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> open(EngineOptions options = {}) {
    if (!options.logger) options.logger = [](LogLevel, std::string_view) {};
    return Engine::open(directory_ / "store", std::move(options));
  }
  static void implement_waiting(Worker& worker) {
    worker.implement(waiting_workflow,
                     [](Context& ctx, int) { return ctx.inbox(go_on).next().get(); });
  }

  testing::TemporaryDirectory directory_;
  std::atomic<bool> begun_{false};
};

// The waiting attempt gets an error, and the next worker repeats it.
TEST_F(Stopping, AnActivityThatWaitsForAnotherRunDoesNotHoldUpItsWorker) {
  const auto engine = open();
  const Client client(*engine);
  std::string code;
  const auto serve = [&](Worker& worker) {
    implement_waiting(worker);
    worker.implement(outer_workflow,
                     [](Context& ctx, int) { return ctx.call(stopped_activity(0)); });
    worker.implement(stopped_activity, [&](ActivityContext& ctx, int) {
      begun_ = true;
      begun_.notify_all();
      try {
        return std::to_string(client.attach(waiting_workflow, "w").result()) + " at attempt " +
               std::to_string(ctx.attempt());
      } catch (const StoreError& error) {
        code = error.code();
        throw;
      }
    });
    worker.start();
  };
  Worker first(*engine);
  serve(first);
  const auto waiting = client.start(waiting_workflow(0), {.id = "w"});
  const auto run = client.start(outer_workflow(0));
  begun_.wait(false);
  first.stop();
  EXPECT_EQ(code, "RP1008");
  Worker second(*engine);
  serve(second);
  waiting.signal(go_on(7));
  EXPECT_EQ(run.result(), "7 at attempt 1");
}

TEST_F(Stopping, AStepThatWaitsForAnotherRunDoesNotHoldUpItsWorker) {
  const auto engine = open();
  const Client client(*engine);
  std::atomic<int> calls = 0;
  const auto serve = [&](Worker& worker) {
    implement_waiting(worker);
    worker.implement(outer_workflow, [&](Context& ctx, int) {
      const StepOptions once{.retry = {.maximum_attempts = 1}};
      return ctx.step(
          "wait",
          [&] {
            ++calls;
            calls.notify_all();
            return std::to_string(client.attach(waiting_workflow, "w").result());
          },
          once);
    });
    worker.start();
  };
  const auto waiting = client.start(waiting_workflow(0), {.id = "w"});
  const auto run = client.start(outer_workflow(0));
  {
    Worker first(*engine);
    serve(first);
    calls.wait(0);
  }
  Worker second(*engine);
  serve(second);
  waiting.signal(go_on(7));
  EXPECT_EQ(run.result(), "7");
  EXPECT_EQ(calls, 2) << "the one that was stopped does not count";
}

// A stop callback runs on the thread that stops the worker.
TEST_F(Stopping, AStopCallbackThatWaitsForAnotherRunDoesNotHoldUpItsWorker) {
  const auto engine = open();
  const Client client(*engine);
  std::string code;
  Worker worker(*engine);
  implement_waiting(worker);
  worker.implement(outer_workflow, [](Context& ctx, int) { return ctx.call(stopped_activity(0)); });
  worker.implement(stopped_activity, [&](ActivityContext& ctx, int) -> std::string {
    std::atomic<bool> called = false;
    const std::stop_callback callback(ctx.stop_token(), [&] {
      try {
        (void)client.attach(waiting_workflow, "w").result();
      } catch (const StoreError& error) {
        code = error.code();
      }
      called = true;
      called.notify_all();
    });
    begun_ = true;
    begun_.notify_all();
    called.wait(false);
    return "stopped";
  });
  worker.start();
  client.start(waiting_workflow(0), {.id = "w"});
  client.start(outer_workflow(0));
  begun_.wait(false);
  worker.stop();
  EXPECT_EQ(code, "RP1008");
}

// A stop callback may call the engine: it does not run on the thread that would have to answer.
TEST_F(Stopping, AStopCallbackMayUseAClient) {
  const auto engine = open({.shards = 1});
  const Client client(*engine);
  std::atomic<bool> called = false;
  Worker worker(*engine);
  implement_waiting(worker);
  worker.implement(outer_workflow, [](Context& ctx, int) { return ctx.call(stopped_activity(0)); });
  worker.implement(stopped_activity, [&](ActivityContext& ctx, int) -> std::string {
    const std::stop_callback callback(ctx.stop_token(), [&] {
      client.attach(waiting_workflow, "w").signal(go_on(3));
      called = true;
      called.notify_all();
    });
    begun_ = true;
    begun_.notify_all();
    called.wait(false);
    return "stopped";
  });
  worker.start();
  const auto waiting = client.start(waiting_workflow(0), {.id = "w"});
  const auto run = client.start(outer_workflow(0));
  begun_.wait(false);
  run.cancel();
  EXPECT_EQ(waiting.result(), 3);
  EXPECT_THROW(run.result(), CancelledFailure);
}

// ---- stopping oneself -------------------------------------------------------------------------

TEST_F(Stopping, AWorkerIsNotStoppedByItsOwnThreads) {
  const auto engine = open();
  std::optional<Worker> worker(std::in_place, *engine);
  const auto code_of_stop = [&]() -> std::string {
    try {
      worker->stop();
      return "stopped";
    } catch (const UsageError& error) {
      return std::string(error.code());
    }
  };
  worker->implement(stopped_activity, [&](ActivityContext&, int) { return code_of_stop(); });
  worker->implement(outer_workflow, [&](Context& ctx, int) {
    std::string codes = code_of_stop();
    codes += " " + ctx.step("step", code_of_stop);
    return codes + " " + ctx.call(stopped_activity(0));
  });
  worker->start();
  EXPECT_EQ(Client(*engine).start(outer_workflow(0)).result(), "RP2004 RP2004 RP2004");
}

TEST_F(Stopping, AWorkerDestroyedByItsOwnThreadIsLeft) {
  const auto destroy_in_activity = [&] {
    auto engine = open({.logger = [](LogLevel, std::string_view line) {
      std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
    }});
    auto worker = std::make_unique<Worker>(*engine);
    worker->implement(outer_workflow,
                      [](Context& ctx, int) { return ctx.call(stopped_activity(0)); });
    worker->implement(stopped_activity, [&](ActivityContext&, int) -> std::string {
      worker.reset();
      return "alive";
    });
    worker->start();
    const std::string result = Client(*engine).start(outer_workflow(0)).result();
    engine.reset();
    std::fprintf(stderr, "%s", result.c_str());
    std::_Exit(0);
  };
  EXPECT_EXIT(destroy_in_activity(), ::testing::ExitedWithCode(0),
              "destroyed on one of the threads.*\n.*left running.*\n.*alive");
}

// exit() destroys what is static on the thread that calls it.
std::unique_ptr<Engine> static_engine;
std::unique_ptr<Worker> static_worker;

TEST_F(Stopping, AnActivityMayEndTheProcess) {
  const auto exit_in = [&](bool in_workflow, bool everything_static) {
    auto engine = open();
    auto worker = std::make_unique<Worker>(*engine);
    worker->implement(outer_workflow, [&](Context& ctx, int) -> std::string {
      if (in_workflow) std::exit(3);
      return ctx.call(stopped_activity(0));
    });
    worker->implement(stopped_activity, [](ActivityContext&, int) -> std::string { std::exit(3); });
    worker->start();
    Engine& service = *engine;
    if (everything_static) {
      static_engine = std::move(engine);
      static_worker = std::move(worker);
    }
    (void)Client(service).start(outer_workflow(0)).result();
  };
  EXPECT_EXIT(exit_in(false, false), ::testing::ExitedWithCode(3), "");
  EXPECT_EXIT(exit_in(false, true), ::testing::ExitedWithCode(3), "");
  // A leak detector that runs on the stack of a strand does not look at that of the thread.
  if (base::kSanitized) return;
  EXPECT_EXIT(exit_in(true, false), ::testing::ExitedWithCode(3), "");
  EXPECT_EXIT(exit_in(true, true), ::testing::ExitedWithCode(3), "");
}

// ---- logs that fail ---------------------------------------------------------------------------

TEST_F(Stopping, ALogThatThrowsStopsNothing) {
  ::testing::internal::CaptureStderr();
  {
    const auto engine = open({.logger = [](LogLevel, std::string_view) {
      throw std::runtime_error("the disk of the log is full");
    }});
    Worker worker(*engine);
    worker.implement(waiting_workflow, [](Context& ctx, int value) {
      ctx.log().info("first line");
      ctx.log().info("second line");
      return value;
    });
    worker.start();
    EXPECT_EQ(Client(*engine).start(waiting_workflow(5)).result(), 5);
  }
  const std::string told = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(told, ::testing::HasSubstr("the disk of the log is full"));
  EXPECT_THAT(told, ::testing::HasSubstr("first line"));
  EXPECT_THAT(told, ::testing::Not(::testing::HasSubstr("second line")));
  EXPECT_THAT(told, ::testing::HasSubstr("2 times"));
}

}  // namespace
}  // namespace reprise
