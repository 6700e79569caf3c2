// Attempts on threads that are asked to stop while the code waits for them, and what becomes of
// them when their engine is closed.
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <reprise/engine.h>
#include <reprise/reprise.h>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace reprise::cancelled_attempts_engine_test {
namespace {

constexpr Workflow<std::string()> job{"job"};
constexpr Activity<std::string()> work{"work"};

// Until it is asked to stop.
void wait_for_stop(const ActivityContext& ctx) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait(lock, ctx.stop_token(), [] { return false; });
}

std::string run_job(Context& ctx) {
  try {
    return ctx.call(work(), {.on_cancel = CancelMode::kWait});
  } catch (const CancelledFailure& cancelled) {
    return cancelled.what();
  }
}

// An engine whose activity says that it has begun, and then does `then`.
class CancelledAttemptsEngine : public ::testing::Test {
 protected:
  using Then = std::function<std::string(ActivityContext&)>;

  void open(Then then) {
    engine_ = Engine::open(directory_ / "store", {.logger = [](LogLevel, std::string_view) {}});
    worker_ = std::make_unique<Worker>(*engine_);
    worker_->implement(job, run_job);
    worker_->implement(work, [this, then = std::move(then)](ActivityContext& ctx) {
      begun_.set_value();
      return then(ctx);
    });
    worker_->start();
  }
  void close() {
    worker_.reset();
    engine_.reset();
  }
  RunHandle start() {
    RunHandle run = Client(*engine_).start(job(), {.id = "job-1"});
    begun_.get_future().wait();
    return run;
  }
  std::string result() { return Client(*engine_).attach(job, "job-1").result(); }

  testing::TemporaryDirectory directory_;
  std::promise<void> begun_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Worker> worker_;
};

TEST_F(CancelledAttemptsEngine, TheCodeGoesOnWhenItHasStopped) {
  open([](ActivityContext& ctx) -> std::string {
    wait_for_stop(ctx);
    throw CancelledFailure("half way");
  });
  start().cancel("enough");
  EXPECT_EQ(result(), "activity 'work' was cancelled at attempt 1: half way");
}

TEST_F(CancelledAttemptsEngine, AResultWins) {
  open([](ActivityContext& ctx) -> std::string {
    wait_for_stop(ctx);
    return "done all the same";
  });
  start().cancel("enough");
  EXPECT_EQ(result(), "done all the same");
}

// By another engine than the one that began it first.
TEST_F(CancelledAttemptsEngine, OneThatIsMadeAgainAfterARestartIsAsked) {
  open([](ActivityContext& ctx) -> std::string {
    wait_for_stop(ctx);
    throw ApplicationFailure("Stopping", "the worker stops");
  });
  (void)start();
  close();
  begun_ = {};
  open([](ActivityContext& ctx) -> std::string {
    wait_for_stop(ctx);
    throw CancelledFailure("asked again");
  });
  begun_.get_future().wait();
  Client(*engine_).handle("job-1").cancel("enough");
  EXPECT_EQ(result(), "activity 'work' was cancelled at attempt 1: asked again");
}

}  // namespace
}  // namespace reprise::cancelled_attempts_engine_test
