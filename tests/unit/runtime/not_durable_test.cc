// What is not durable did not happen: neither an answer nor a refusal may tell of it.
#include <condition_variable>
#include <future>
#include <mutex>
#include <set>

#include <gtest/gtest.h>

#include "runtime/engine/embedded_engine.h"
#include "tests/support/forwarding_store.h"
#include "tests/support/scripted_run.h"

namespace reprise::testing::not_durable_test {
namespace {

using base::ErrorCode;
using runtime::RunStatus;

// Lets no commit through while it is closed.
class Gate {
 public:
  void close() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  void open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    --waiting_;
  }
  void wait_for_somebody() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  int waiting_ = 0;
};

class GatedJournal final : public ForwardingJournal {
 public:
  GatedJournal(store::Journal& inner, Gate& gate) : ForwardingJournal(inner), gate_(gate) {}
  base::Status append(const std::vector<const store::RecordBatch*>& batches,
                      store::Seq trim_through) override {
    gate_.pass();
    return inner_.append(batches, trim_through);
  }

 private:
  Gate& gate_;
};

using GatedStore = WrappedStore<GatedJournal>;

class NotDurableTest : public ::testing::Test {
 protected:
  NotDurableTest() {
    runtime::EngineOptions options;
    options.shards = 1;
    options.control_socket = false;
    options.log = [](runtime::LogLevel, std::string_view) {};
    auto engine = runtime::EmbeddedEngine::over(
        std::make_unique<GatedStore>(store::memory_store(), gate_), std::move(options));
    engine_ = std::move(*engine);
  }
  ~NotDurableTest() override { gate_.open(); }

  template <class T>
  runtime::Reply<T> into(const std::shared_ptr<std::promise<base::Result<T>>>& promise) {
    return [promise](const base::Result<T>& answer) { promise->set_value(answer); };
  }
  template <class T>
  using Answer = std::future<base::Result<T>>;
  template <class T, class Ask>
  Answer<T> ask(const Ask& ask) {
    const auto promise = std::make_shared<std::promise<base::Result<T>>>();
    ask(into<T>(promise));
    return promise->get_future();
  }

  Answer<runtime::StartedRun> start(const std::string& id, runtime::IdReuse reuse = {}) {
    runtime::StartRequest request{.workflow = "w", .workflow_id = id, .reuse = reuse};
    return ask<runtime::StartedRun>([&](auto reply) {
      engine_->ask(runtime::verb::Start{request, nullptr, std::move(reply)});
    });
  }
  Answer<void> terminate(const std::string& id) {
    return ask<void>([&](auto reply) {
      engine_->ask(runtime::verb::Terminate{{id, {}}, "", std::move(reply)});
    });
  }
  Answer<void> signal(const std::string& id) {
    return ask<void>([&](auto reply) {
      engine_->ask(runtime::verb::Signal{{id, {}}, "s", "", std::move(reply)});
    });
  }
  Answer<std::vector<runtime::RunDescription>> list() {
    return ask<std::vector<runtime::RunDescription>>([&](auto reply) {
      engine_->ask(runtime::verb::List{{}, std::move(reply)});
    });
  }
  // What has been asked before has been looked at; a question of a round waits for the next one.
  void wait_until_all_is_looked_at() {
    for (int i = 0; i < 4; ++i) {
      const auto nobody = ask<runtime::RunDescription>([&](auto reply) {
                            engine_->ask(runtime::verb::Describe{{"nobody", {}}, reply});
                          }).get();
      EXPECT_EQ(nobody.error().code, ErrorCode::kNotFound);
    }
  }
  template <class T>
  static bool is_answered(const Answer<T>& answer) {
    return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

  Gate gate_;
  std::unique_ptr<runtime::Engine> engine_;
};

TEST_F(NotDurableTest, TheEndOfARun) {
  ASSERT_TRUE(start("a").get());
  gate_.close();
  auto ended = terminate("a");
  gate_.wait_for_somebody();
  auto late = signal("a");
  auto again = terminate("a");
  auto rejected = start("a", runtime::IdReuse::kReject);
  auto listed = list();
  wait_until_all_is_looked_at();
  EXPECT_FALSE(is_answered(ended));
  EXPECT_FALSE(is_answered(late)) << "the run may be open again tomorrow";
  EXPECT_FALSE(is_answered(again));
  EXPECT_FALSE(is_answered(rejected));
  EXPECT_FALSE(is_answered(listed));
  gate_.open();
  EXPECT_TRUE(ended.get());
  EXPECT_EQ(late.get().error().code, ErrorCode::kRunClosed);
  EXPECT_EQ(again.get().error().code, ErrorCode::kRunClosed);
  EXPECT_EQ(rejected.get().error().code, ErrorCode::kAlreadyStarted);
  EXPECT_EQ(listed.get()->at(0).status, RunStatus::kTerminated);
}

TEST_F(NotDurableTest, TheStartOfARun) {
  gate_.close();
  auto first = start("a");
  gate_.wait_for_somebody();
  auto second = start("a");
  auto listed = list();
  wait_until_all_is_looked_at();
  EXPECT_FALSE(is_answered(first));
  EXPECT_FALSE(is_answered(second)) << "a refused caller would think that the run has started";
  EXPECT_FALSE(is_answered(listed));
  gate_.open();
  EXPECT_TRUE(first.get());
  EXPECT_EQ(second.get().error().code, ErrorCode::kAlreadyStarted);
  EXPECT_EQ(listed.get()->size(), 1U);
}

// In one round.
TEST_F(NotDurableTest, AnEndThatIsAskedForTwice) {
  ASSERT_TRUE(start("a").get());
  gate_.close();
  auto one = terminate("a");
  auto other = terminate("a");
  auto late = signal("a");
  wait_until_all_is_looked_at();
  EXPECT_FALSE(is_answered(one));
  EXPECT_FALSE(is_answered(other));
  EXPECT_FALSE(is_answered(late));
  gate_.open();
  EXPECT_TRUE(one.get());
  EXPECT_EQ(other.get().error().code, ErrorCode::kRunClosed);
  EXPECT_EQ(late.get().error().code, ErrorCode::kRunClosed);
}

// What is durable is reported at once, whatever else waits for the disk.
TEST_F(NotDurableTest, OtherRunsDoNotWait) {
  ASSERT_TRUE(start("a").get());
  ASSERT_TRUE(terminate("a").get());
  gate_.close();
  auto other = start("b");
  gate_.wait_for_somebody();
  EXPECT_EQ(signal("a").get().error().code, ErrorCode::kRunClosed);
  EXPECT_EQ(start("a", runtime::IdReuse::kReject).get().error().code, ErrorCode::kAlreadyStarted);
  EXPECT_FALSE(is_answered(other));
}

// A run that goes on while others ask: get() and describe() show the last durable value.
TEST_F(NotDurableTest, WhatARunPublishes) {
  runtime::WorkerCode code;
  code.workflows["w"] = code_of([](Execution& e) -> Outcome {
    for (int i = 0;; ++i) {
      e.set("count", std::to_string(i), proto::SettingRecorded::VALUE, {});
      const auto next = e.next_signal("s");
      (void)e.wait(*next);
      (void)next->take_outcome();
    }
  });
  const auto worker = engine_->register_worker(code);
  ASSERT_TRUE(worker);
  const auto get = [&] {
    return ask<std::optional<proto::SettingRecorded>>([&](auto reply) {
      engine_->ask(runtime::verb::Get{{"a", {}}, "count", std::move(reply)});
    });
  };
  const auto describe = [&] {
    return ask<runtime::RunDescription>([&](auto reply) {
      engine_->ask(runtime::verb::Describe{{"a", {}}, std::move(reply)});
    });
  };
  ASSERT_TRUE(start("a").get());
  EXPECT_EQ((*get().get())->value(), "0");
  gate_.close();
  auto first = signal("a");
  gate_.wait_for_somebody();
  auto early = get();
  auto described = describe();
  wait_until_all_is_looked_at();
  auto second = signal("a");
  wait_until_all_is_looked_at();
  EXPECT_FALSE(is_answered(early));
  EXPECT_FALSE(is_answered(described));
  gate_.open();
  EXPECT_EQ((*early.get())->value(), "1") << "not 2, which may not be durable yet";
  EXPECT_EQ(described.get()->settings.at(0).value(), "1");
  ASSERT_TRUE(first.get());
  ASSERT_TRUE(second.get());
  EXPECT_EQ((*get().get())->value(), "2");
}

}  // namespace
}  // namespace reprise::testing::not_durable_test
