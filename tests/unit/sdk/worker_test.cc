// Workers of the real engine: what they take, and for how long.
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

namespace reprise::worker_test {
namespace {

using namespace std::chrono_literals;

constexpr Workflow<int(int)> main_workflow{"main"};
constexpr Workflow<std::string(int)> text_workflow{"text"};
constexpr Activity<int(int)> twice{"twice"};

class Workers : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> open() {
    return Engine::open(directory_ / "store", {.logger = [](LogLevel, std::string_view) {}});
  }

  testing::TemporaryDirectory directory_;
};

int call_twice(Context& ctx, int value) {
  return ctx.call(twice(value));
}

TEST_F(Workers, TakeOneStartPerWorker) {
  const auto engine = open();
  Worker worker(*engine);
  worker.implement(main_workflow, call_twice);
  worker.start();
  EXPECT_THROW(worker.start(), UsageError);
  EXPECT_THROW(worker.implement(main_workflow, call_twice), UsageError);
  worker.stop();
  worker.stop();
  EXPECT_THROW(worker.start(), UsageError);
  EXPECT_THROW(Worker(*engine, {.task_queue = ""}), InvalidOption);
}

TEST_F(Workers, TakeOneImplementationPerDefinitionAndWorker) {
  Worker worker({.task_queue = "shop"});
  worker.implement(main_workflow, call_twice).implement(twice, [](ActivityContext&, int v) {
    return v;
  });
  try {
    worker.implement(main_workflow, call_twice);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_EQ(error.code(), "RP3010");
    EXPECT_NE(std::string(error.what()).find("workflow 'main'"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("'shop'"), std::string::npos);
  }
  EXPECT_THROW(worker.implement(twice, [](ActivityContext&, int v) { return v; }), UsageError);
  worker.implement(text_workflow, [](Context&, int) { return std::string(); });
}

TEST_F(Workers, RunAWorkerUntilItIsStopped) {
  const auto engine = open();
  Worker worker(*engine, {.task_queue = "shop", .activity_threads = 1});
  worker.implement(main_workflow, [](Context&, int value) { return value; });
  std::jthread serving([&](std::stop_token stop) { worker.run(stop); });
  EXPECT_EQ(Client(*engine).start(main_workflow(4), {.task_queue = "shop"}).result(), 4);
  serving.request_stop();
  serving.join();
  const auto left = Client(*engine).submit(main_workflow(5), {.task_queue = "shop"});
  EXPECT_EQ(left.result_for(20ms), std::nullopt);
}

TEST_F(Workers, SayOnceThatAnActivityIsNotImplemented) {
  std::mutex mutex;
  std::vector<std::string> lines;
  const auto log = [&](LogLevel level, std::string_view line) {
    if (level != LogLevel::kWarning) return;
    const std::lock_guard lock(mutex);
    lines.emplace_back(line);
  };
  const auto engine = Engine::open(directory_ / "store", {.logger = log});
  Worker worker(*engine);
  worker.implement(main_workflow, [](Context& ctx, int value) {
    return ctx.call(twice(value), {.retry = {.initial_interval = 1ms, .maximum_attempts = 3}});
  });
  worker.start();
  const Client client(*engine);
  EXPECT_THROW(client.start(main_workflow(1)).result(), ActivityFailure);
  EXPECT_THROW(client.start(main_workflow(2)).result(), ActivityFailure);
  const std::lock_guard lock(mutex);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0],
            "RP4001 the worker of task queue 'default' does not implement activity 'twice'; "
            "implement() it before start(); its attempts fail and are made again");
}

TEST_F(Workers, RefuseWorkflowsThatTheirWorkerDoesNotKnow) {
  const auto engine = open();
  Worker worker(*engine);
  worker.implement(main_workflow, call_twice);
  worker.start();
  EXPECT_THROW(Client(*engine).start(text_workflow(1)), UnknownWorkflow);
}

}  // namespace
}  // namespace reprise::worker_test
