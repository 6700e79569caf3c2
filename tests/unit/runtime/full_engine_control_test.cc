// The control socket of a full engine: it must be possible to end runs from outside. With the
// engine's own threads.
#include <atomic>
#include <chrono>

#include <gtest/gtest.h>

#include "base/ids.h"
#include "runtime/control/client.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/temporary_directory.h"

namespace reprise::testing::full_engine_control_test {
namespace {

using base::ErrorCode;

constexpr base::Duration kPatience{30'000};

// One of its two shards is in code that does not return, and a request about that shard is all that
// the engine takes on.
class FullEngineControl : public ::testing::Test {
 protected:
  FullEngineControl() {
    runtime::EngineOptions options;
    options.shards = 2;
    options.limits.pending_requests = 1;
    options.limits.overload_wait = std::chrono::hours(1);
    options.control_socket = true;
    options.log = [](runtime::LogLevel, std::string_view) {};
    auto opened = runtime::Engine::open(store_, options);
    EXPECT_TRUE(opened) << opened.error().text();
    engine_ = std::move(*opened);
    runtime::WorkerCode code;
    code.task_queue = "default";
    code.workflows["waiting"] = code_of(wait_for_signal);
    code.workflows["stuck"] = code_of([this](Execution&) {
      is_stuck_ = true;
      is_stuck_.notify_all();
      may_return_.wait(false);
      return Outcome::success("returned");
    });
    auto session = engine_->register_worker(code);
    EXPECT_TRUE(session);
    worker_ = std::move(*session);
  }
  ~FullEngineControl() override {
    may_return_ = true;
    may_return_.notify_all();
    worker_.reset();
  }

  static std::string id_on_shard(std::uint64_t shard) {
    for (int i = 0;; ++i) {
      std::string id = "run-" + std::to_string(i);
      if (base::hash64(id) % 2 == shard) return id;
    }
  }
  std::shared_ptr<runtime::RunWatch> start(const std::string& workflow, const std::string& id) {
    auto watch = std::make_shared<runtime::RunWatch>();
    engine_->ask(runtime::verb::Start{{.workflow = workflow, .workflow_id = id},
                                      watch,
                                      [this](const base::Result<runtime::StartedRun>& run) {
                                        started_ = run.has_value();
                                        started_.notify_all();
                                      }});
    return watch;
  }
  void fill_the_engine() {
    started_.wait(false);  // of the run before
    (void)start("stuck", id_on_shard(0));
    is_stuck_.wait(false);
  }
  // Success has no error code.
  ErrorCode ask(proto::ControlRequest request) {
    request.set_workflow_id(id_on_shard(1));
    const auto reply = runtime::ask_engine(store_, std::move(request), kPatience);
    EXPECT_TRUE(reply && reply->has_value());
    if (!reply || !*reply) return reply ? ErrorCode::kNotFound : reply.error().code;
    return static_cast<ErrorCode>((*reply)->error().code());
  }

  testing::TemporaryDirectory directory_;
  const std::string store_ = directory_ / "store";
  std::atomic<bool> started_{false};
  std::atomic<bool> is_stuck_{false};
  std::atomic<bool> may_return_{false};
  std::unique_ptr<runtime::Engine> engine_;
  std::unique_ptr<runtime::WorkerSession> worker_;
};

TEST_F(FullEngineControl, RefusesAtOnceWhatItHasNoRoomForAndEndsRuns) {
  const auto run = start("waiting", id_on_shard(1));
  fill_the_engine();
  proto::ControlRequest request;
  request.mutable_signal()->set_name("go");
  EXPECT_EQ(ask(request), ErrorCode::kOverloaded);
  request.mutable_retry();
  EXPECT_EQ(ask(request), ErrorCode{});
  request.mutable_terminate()->set_reason("too much");
  EXPECT_EQ(ask(request), ErrorCode{});
  run->wait(std::nullopt);
  ASSERT_TRUE(run->get());
  EXPECT_EQ(run->get()->status, runtime::RunStatus::kTerminated);
}

TEST_F(FullEngineControl, CancelsRuns) {
  const auto run = start("waiting", id_on_shard(1));
  fill_the_engine();
  proto::ControlRequest request;
  request.mutable_cancel()->set_reason("too much");
  EXPECT_EQ(ask(request), ErrorCode{});
  run->wait(std::nullopt);
  ASSERT_TRUE(run->get());
  EXPECT_EQ(run->get()->status, runtime::RunStatus::kCancelled);
}

}  // namespace
}  // namespace reprise::testing::full_engine_control_test
