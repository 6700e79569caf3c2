// Transactions in an engine with threads, over restarts.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "tests/support/temporary_directory.h"

namespace reprise::transactions_engine_test {
namespace {

constexpr Workflow<std::int64_t(std::string, int)> add{"add"};
constexpr Table<std::string, std::int64_t> counters{"counters"};

template <class Hook>
void implement_add(Worker& worker, Hook hook) {
  worker.implement(add, [hook](Context& ctx, const std::string& name, int times) {
    std::int64_t last = 0;
    for (int i = 0; i < times; ++i) {
      last = ctx.transaction("add", [&](Transaction& rows) {
        hook();
        rows.put(counters, "all", rows.get(counters, "all").value_or(0) + 1);
        const std::int64_t value = rows.get(counters, name).value_or(0) + 1;
        rows.put(counters, name, value);
        return value;
      });
    }
    return last;
  });
}

std::int64_t sum(const Engine& engine) {
  return engine.read([](const TableReader& rows) {
    std::int64_t found = 0;
    std::int64_t all = 0;
    rows.scan(counters, [&](const std::string& name, std::int64_t value) {
      (name == "all" ? all : found) += value;
    });
    EXPECT_EQ(found, all);  // one moment
    return all;
  });
}

TEST(TransactionsOfAnEngine, OfManyRunsAreSerial) {
  constexpr int kRuns = 40;
  constexpr int kTimes = 5;
  const testing::TemporaryDirectory directory;
  const auto open = [&] { return Engine::open(directory.path() + "/store", {.shards = 4}); };
  {
    const auto engine = open();
    Worker worker(*engine);
    implement_add(worker, [] {});
    worker.start();
    std::atomic<bool> done{false};
    std::thread reader([&] {
      std::int64_t before = 0;
      while (!done) {
        const std::int64_t now = sum(*engine);
        EXPECT_GE(now, before);
        before = now;
      }
    });
    const Client client(*engine);
    std::vector<Handle<std::int64_t>> runs;
    for (int i = 0; i < kRuns; ++i) runs.push_back(client.start(add(std::to_string(i), kTimes)));
    for (const auto& run : runs) EXPECT_EQ(run.result(), kTimes);
    done = true;
    reader.join();
    EXPECT_EQ(sum(*engine), kRuns * kTimes);
    engine->backup(directory.path() + "/copy");
  }
  EXPECT_EQ(sum(*open()), kRuns * kTimes);
  EXPECT_EQ(sum(*Engine::open(directory.path() + "/copy")), kRuns * kTimes);
}

// The closures are on stacks of runs that go when their worker stops.
TEST(TransactionsOfAnEngine, OutliveWorkersThatComeAndGo) {
  const testing::TemporaryDirectory directory;
  const auto engine = Engine::open(directory.path() + "/store", {.shards = 2});
  const Client client(*engine);
  std::vector<Handle<std::int64_t>> runs;
  for (int i = 0; i < 8; ++i) runs.push_back(client.start(add(std::to_string(i), 50)));
  for (int i = 0; i < 20; ++i) {
    Worker worker(*engine);
    implement_add(worker, [] {});
    worker.start();
    while (sum(*engine) < 10 * (i + 1)) std::this_thread::yield();
  }
  Worker worker(*engine);
  implement_add(worker, [] {});
  worker.start();
  for (const auto& run : runs) EXPECT_EQ(run.result(), 50);
  EXPECT_EQ(sum(*engine), 8 * 50);
}

TEST(TransactionsOfAnEngine, ThatTakeLongAreNamedInTheLog) {
  const testing::TemporaryDirectory directory;
  std::atomic<bool> named{false};
  EngineOptions options;
  options.logger = [&named](LogLevel, std::string_view line) {
    if (line.find("transaction 'add' of run 'slow' took ") != line.npos) named = true;
  };
  const auto engine = Engine::open(directory.path() + "/store", options);
  Worker worker(*engine);
  implement_add(worker, [] {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
  });
  worker.start();
  EXPECT_EQ(Client(*engine).start(add("a", 1), {.id = "slow"}).result(), 1);
  EXPECT_TRUE(named);
}

}  // namespace
}  // namespace reprise::transactions_engine_test
