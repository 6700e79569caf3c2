// Batches with an engine of threads, which is closed while they are under way.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/sdk/batches.h"

namespace reprise::batch_engine_test {
namespace {

using namespace batches;

class BatchEngine : public ::testing::Test {
 protected:
  static constexpr int kRuns = 700;

  std::unique_ptr<Engine> open() {
    return Engine::open(directory_ / "store", {.logger = [](LogLevel, std::string_view) {}});
  }
  static void serve(Worker& worker) {
    worker.implement(waiter, run_waiter);
    worker.start();
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(BatchEngine, GoOnAfterARestart) {
  {
    const auto engine = open();
    Worker worker(*engine);
    serve(worker);
    const Client client(*engine, {.principal = "ann"});
    std::optional<Handle<std::string>> last;
    for (int i = 0; i < kRuns; ++i) last = client.submit(waiter(2), {.id = name_of(i)});
    last->started();
    (void)client.pause_all(kWaiters, "a look", {.id = "pause", .rate = 0});
    (void)client.signal_all("WorkflowType = 'waiter'", note("a"), {.id = "tell", .rate = 0});
  }
  const auto engine = open();
  Worker worker(*engine);
  serve(worker);
  const Client client(*engine);
  const BatchProgress all{.total = kRuns, .done = kRuns};
  EXPECT_EQ(client.batch("pause").wait(), all);
  EXPECT_EQ(client.batch("tell").wait(), all);
  EXPECT_EQ(client.resume_all("WorkflowType = 'waiter'", "go on", {.rate = 0}).wait(), all);
  for (const int i : {0, kRuns / 2, kRuns - 1}) {
    const auto kinds = operated::kinds_of(client.handle(name_of(i)));
    for (const char* const kind : {"RunPaused", "RunResumed", "SignalReceived"}) {
      EXPECT_EQ(std::count(kinds.begin(), kinds.end(), kind), 1) << kind;
    }
  }
}

}  // namespace
}  // namespace reprise::batch_engine_test
