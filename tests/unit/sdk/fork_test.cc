// fork() with an engine open: the child has copies of all objects and none of their threads.
#include <functional>
#include <memory>
#include <reprise/reprise.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/sanitizers.h"
#include "tests/support/piped_child.h"
#include "tests/support/temporary_directory.h"

namespace reprise::fork_test {
namespace {

using namespace std::chrono_literals;

constexpr Workflow<int(int)> doubled{"doubled"};
constexpr Workflow<int()> waiting{"waiting"};
constexpr Signal<int> go{"go"};

bool is_refused(const std::function<void()>& call) {
  try {
    call();
  } catch (const StoreError& error) {
    return error.code() == "RP1010";
  }
  return false;
}

void implement(Worker& worker) {
  worker.implement(doubled, [](Context&, int value) { return 2 * value; })
      .implement(waiting, [](Context& ctx) { return ctx.inbox(go).next().get(); });
  worker.start();
}

EngineOptions quiet() {
  EngineOptions options;
  options.logger = [](LogLevel, std::string_view) {};
  return options;
}

TEST(Fork, AChildsCallsAreRefusedAndItsDestructorsDoNothing) {
  const testing::TemporaryDirectory directory;
  auto engine = Engine::open(directory / "store", quiet());
  auto worker = std::make_unique<Worker>(*engine);
  implement(*worker);
  Worker other(*engine, {.task_queue = "other"});
  const Client client(*engine);
  auto run = std::make_unique<Handle<int>>(client.start(waiting(), {.id = "w"}));

  const int wrong = testing::exit_of_child([&] {
    if (!is_refused([&] { client.start(doubled(1)); })) return 1;
    if (!is_refused([&] { run->signal(go(1)); })) return 2;
    if (!is_refused([&] { run->result(); })) return 3;
    if (!is_refused([&] { run->result_for(1ms); })) return 4;
    if (!is_refused([&] { run->cancel(); })) return 5;
    if (!is_refused([&] { run->describe(); })) return 6;
    if (!is_refused([&] { client.list(); })) return 7;
    if (!is_refused([&] { engine->backup(directory / "copy"); })) return 8;
    if (!is_refused([&] { other.start(); })) return 9;
    worker->stop();
    run.reset();
    worker.reset();
    engine.reset();
    return 0;
  });
  EXPECT_EQ(wrong, 0);

  // The parent's engine is not affected.
  EXPECT_EQ(client.start(doubled(4)).result(), 8);
  run->signal(go(3));
  EXPECT_EQ(run->result(), 3);
}

TEST(Fork, AChildMayOpenAnEngineOfItsOwn) {
  if (REPRISE_TSAN != 0) GTEST_SKIP() << "a child of threads starts none there";
  const testing::TemporaryDirectory directory;
  auto engine = Engine::open(directory / "store", quiet());
  const int wrong = testing::exit_of_child([&] {
    const auto own = Engine::open(directory / "own", quiet());
    Worker worker(*own);
    implement(worker);
    return Client(*own).start(doubled(4)).result() == 8 ? 0 : 1;
  });
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace reprise::fork_test
