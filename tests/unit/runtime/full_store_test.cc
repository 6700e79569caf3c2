// The engine while its store has no room: it takes no work but answers questions, and goes on
// normally when there is room again.
#include "tests/support/full_store.h"

#include <future>

#include <gmock/gmock.h>

#include "runtime/engine/embedded_engine.h"
#include "runtime/table_access.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/temporary_directory.h"

namespace reprise::testing::full_store_test {
namespace {

using base::ErrorCode;
using runtime::ActivityAttempt;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class FullStoreTest : public EngineFixture {
 protected:
  FullStoreTest() { open(store::memory_store(), options()); }
  ~FullStoreTest() override {
    worker_.reset();
    engine_.reset();
  }

  void open(std::unique_ptr<store::Store> store, const runtime::EngineOptions& options) {
    worker_.reset();
    engine_.reset();
    auto engine = runtime::EmbeddedEngine::over(
        std::make_unique<FullStore>(std::move(store), room_), options);
    ASSERT_TRUE(engine);
    engine_ = std::move(*engine);
  }

  // A run whose turn finds the journal full: its start is not acknowledged.
  Watch start_without_room(const std::string& workflow, const std::string& id) {
    room_.journal = false;
    Watch watch = start(workflow, id);
    EXPECT_FALSE(started_.has_value());
    return watch;
  }
  ErrorCode update(const std::string& id) {
    std::optional<ErrorCode> code;
    engine_->ask(
        runtime::verb::Update{{id, {}}, "u", {}, [&](const base::Result<replay::Outcome>& answer) {
                                code = answer ? ErrorCode::kNotFound : answer.error().code;
                              }});
    settle();
    return code.value();
  }
  std::size_t times_logged(std::string_view text) const {
    std::size_t times = 0;
    for (auto at = logged_.find(text); at != std::string::npos; at = logged_.find(text, at + 1)) {
      ++times;
    }
    return times;
  }

  Room room_;
};

TEST_F(FullStoreTest, WorkIsRefusedAndQuestionsAreAnswered) {
  workflow("w", wait_for_signal);
  start_worker();
  const Watch kept = start("w", "kept");
  const Watch waiting = start_without_room("w", "waiting");

  start("w", "refused");
  ASSERT_TRUE(started_.has_value());
  EXPECT_EQ(started_->error().code, ErrorCode::kStoreFull);
  EXPECT_THAT(started_->error().message, HasSubstr("nothing was recorded: the journal is full"));
  EXPECT_EQ(signal("kept", "go").error().code, ErrorCode::kStoreFull);
  EXPECT_EQ(cancel("kept").error().code, ErrorCode::kStoreFull);
  EXPECT_EQ(terminate("kept").error().code, ErrorCode::kStoreFull);
  EXPECT_EQ(update("kept"), ErrorCode::kStoreFull);

  EXPECT_EQ(describe("kept")->status, runtime::RunStatus::kRunning);
  EXPECT_EQ(query("kept", "q").error().code, ErrorCode::kUnknownQuery) << "the code was asked";
  EXPECT_THAT(history("kept"), SizeIs(1));
  EXPECT_THAT(list(), SizeIs(2));
  EXPECT_EQ(describe("waiting").error().code, ErrorCode::kStoreFull);
  EXPECT_EQ(query("waiting", "q").error().code, ErrorCode::kStoreFull);
  EXPECT_EQ(times_logged("the store has no room"), 1u);
  EXPECT_TRUE(fatal_.empty());

  room_.journal = true;
  settle();
  EXPECT_EQ(times_logged("the store has room again"), 1u);
  ASSERT_TRUE(signal("kept", "go", "one"));
  ASSERT_TRUE(signal("waiting", "go", "two"));
  EXPECT_EQ(result(kept), "one");
  EXPECT_EQ(result(waiting), "two");
  EXPECT_EQ(describe("refused").error().code, ErrorCode::kNotFound);
}

TEST_F(FullStoreTest, WhatWasAcceptedIsConfirmedWhenThereIsRoom) {
  workflow("w", wait_for_signal);
  start_worker();
  const Watch run = start("w", "run-1");
  room_.journal = false;
  std::optional<base::Status> confirmed;
  engine_->ask(runtime::verb::Signal{
      {"run-1", {}}, "go", "x", [&](const base::Status& status) { confirmed = status; }});
  settle();
  EXPECT_FALSE(confirmed.has_value());
  EXPECT_EQ(result(run), "(running)");
  room_.journal = true;
  settle();
  EXPECT_TRUE(confirmed.value());
  EXPECT_EQ(result(run), "x");
}

TEST_F(FullStoreTest, TimersAndRetriesWait) {
  workflow("timer", [](Execution& e) {
    const auto timer = e.start_timer(base::Duration(60'000), {});
    e.wait(*timer);
    return Outcome::success("woken");
  });
  workflow("w", wait_for_signal);
  start_worker();
  const Watch run = start("timer", "timer");
  start_without_room("w", "waiting");
  EXPECT_FALSE(engine_->next_due().has_value());
  skip(base::Duration(90'000));
  EXPECT_EQ(history("timer").size(), 1u) << "no turn is made that could not be recorded";
  room_.journal = true;
  settle();
  EXPECT_EQ(result(run), "woken");
}

TEST_F(FullStoreTest, NoAttemptBeginsWhoseResultCouldNotBeRecorded) {
  int attempts = 0;
  workflow("w", [](Execution& e) {
    const auto s = e.next_signal("go");
    e.wait(*s);
    return Outcome::success(call(e, "a"));
  });
  workflow("waits", wait_for_signal);
  activity("a", [&](ActivityAttempt&, std::string_view) {
    ++attempts;
    return Outcome::success("done");
  });
  start_worker();
  const Watch run = start("w", "run-1");
  engine_->ask(runtime::verb::Signal{{"run-1", {}}, "go", {}, [](const base::Status&) {}});
  engine_->run_some();  // the turn is durable, the activity not dispatched
  start_without_room("waits", "waiting");
  EXPECT_EQ(result(run), "(running)");
  const int before = attempts;
  settle();
  EXPECT_EQ(attempts, before);
  room_.journal = true;
  settle();
  EXPECT_EQ(attempts, 1);
  EXPECT_EQ(result(run), "done");
}

TEST_F(FullStoreTest, AWorkerMayBeginWithoutRoom) {
  start("w", "run-1");
  ASSERT_TRUE(signal("run-1", "go", "early"));
  start_without_room("w", "waiting");
  workflow("w", wait_for_signal);
  start_worker();
  settle();
  EXPECT_THAT(history("run-1"), SizeIs(2));
  room_.journal = true;
  settle();
  EXPECT_EQ(describe("run-1")->status, runtime::RunStatus::kCompleted);
  ASSERT_TRUE(signal("waiting", "go"));
}

// With threads: a caller whose request was accepted just before gets an error after its timeout.
TEST_F(FullStoreTest, WhoAsksInTimeIsToldAfterAWhile) {
  auto threaded = options();
  threaded.threaded = true;
  threaded.shards = 1;
  threaded.clock = nullptr;
  threaded.log = [](runtime::LogLevel, std::string_view) {};
  threaded.limits.overload_wait = base::Duration(20);
  open(store::memory_store(), threaded);
  workflow("w", wait_for_signal);
  start_worker();
  room_.journal = false;
  const auto started = std::make_shared<runtime::Promise<base::Result<runtime::StartedRun>>>();
  engine_->ask(runtime::verb::Start{
      {.workflow = "w", .workflow_id = "waiting"},
      nullptr,
      [started](const base::Result<runtime::StartedRun>& run) { started->set(run); }});
  const auto ready = [&] { return started->ready(); };
  const auto block = [&](std::optional<base::Duration> limit) { return started->wait(limit); };
  const base::Status told = engine_->await_answer(ready, block, {});
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code, ErrorCode::kStoreFull);
  EXPECT_THAT(told.error().message, HasSubstr("is not recorded yet"));
  room_.journal = true;
  started->wait(std::nullopt);
  EXPECT_TRUE(engine_->await_answer(ready, block, {}));
  EXPECT_TRUE(started->get());
}

TEST_F(FullStoreTest, ClosingTellsThoseWhoWait) {
  workflow("w", wait_for_signal);
  start_worker();
  const Watch watch = start_without_room("w", "waiting");
  worker_.reset();
  engine_.reset();
  ASSERT_TRUE(started_.has_value());
  EXPECT_EQ(started_->error().code, ErrorCode::kStoreClosed);
  EXPECT_EQ(result(watch).substr(0, 6), "RP1008");
}

TEST_F(FullStoreTest, WaitingForARunSaysThatThereIsNoRoom) {
  workflow("w", wait_for_signal);
  start_worker();
  const Watch watch = start_without_room("w", "waiting");
  const auto waited = engine_->wait([&] { return watch->ready(); },
                                    [](std::optional<base::Duration>) { return false; }, {});
  EXPECT_EQ(waited.error().code, ErrorCode::kStoreFull);
}

TEST_F(FullStoreTest, TheArchiverTriesAgainAndLosesNothing) {
  auto with_slice = options();
  with_slice.archive_slice = 2;
  open(store::memory_store(), with_slice);
  workflow("w", wait_for_signal);
  start_worker();
  room_.archive = false;
  std::vector<Watch> runs;
  for (int i = 0; i < 10; ++i) runs.push_back(start("w", std::to_string(i)));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(signal(std::to_string(i), "go", "x"));
  EXPECT_GT(room_.refused, 2);
  EXPECT_EQ(times_logged("the archive has no room"), 1u);
  room_.archive = true;
  start("w", "last");
  for (int i = 0; i < 20; ++i) engine_->run_some();
  EXPECT_EQ(times_logged("the archive has room again"), 1u);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(result(runs[static_cast<std::size_t>(i)]), "x");
    EXPECT_THAT(history(std::to_string(i)), SizeIs(2));
  }
}

// What comes meanwhile neither polls nor gets lost: settle() would never return.
TEST_F(FullStoreTest, ATransactionThatWaitsForRoomIsAwaited) {
  std::optional<base::Status> signalled;
  workflow("w", [&](Execution& e) {
    return e.run_transaction(
        "t",
        [&] {
          room_.journal = false;
          // It is held until the outcome of the transaction is in the log.
          engine_->ask(runtime::verb::Signal{
              {"a", {}}, "go", "x", [&](const base::Status& status) { signalled = status; }});
          return Outcome::success("changed");
        },
        {});
  });
  start_worker();
  const Watch first = start("w", "a");
  EXPECT_FALSE(first->ready());
  const auto second = std::make_shared<runtime::RunWatch>();
  engine_->ask(runtime::verb::Watch{{"a", {}}, second});
  settle();
  EXPECT_FALSE(second->ready());
  EXPECT_FALSE(signalled);
  room_.journal = true;
  skip(base::Duration(1'000));
  EXPECT_EQ(result(first), "changed");
  EXPECT_EQ(result(second), "changed");
  EXPECT_TRUE(signalled) << "recorded with the run's last turn, or refused after it";
}

// That is not the run's failure, whatever its closure makes of it.
TEST_F(FullStoreTest, ATransactionThatCannotReadIsTriedAgain) {
  int executed = 0;
  workflow("w", [&executed](Execution& e) {
    return e.run_transaction("t",
                             [&executed] {
                               ++executed;
                               auto& rows = *runtime::TableWrites::current();
                               const auto row = rows.get("t", "k");
                               EXPECT_TRUE(rows.put("t", "k", "changed"));
                               return Outcome::success(row ? "read" : "not read");
                             },
                             {});
  });
  start_worker();
  room_.rows_broken = true;
  const Watch watch = start("w", "a");
  EXPECT_EQ(executed, 1);
  EXPECT_FALSE(watch->ready());
  skip(base::Duration(999));
  EXPECT_EQ(executed, 1);
  skip(base::Duration(1));
  EXPECT_EQ(executed, 2);
  room_.rows_broken = false;
  skip(base::Duration(2'000));
  EXPECT_EQ(executed, 3);
  EXPECT_EQ(result(watch), "read");
}

TEST_F(FullStoreTest, AnArchiveThatCannotBeWrittenIsFatalOnce) {
  int times = 0;
  auto with_slice = options();
  with_slice.archive_slice = 2;
  with_slice.on_fatal = [&](const base::Error& error) {
    ++times;
    EXPECT_EQ(error.text(), "RP1006 the archive is gone");
  };
  open(store::memory_store(), with_slice);
  room_.archive_broken = true;
  for (int i = 0; i < 10; ++i) start("w", std::to_string(i));
  EXPECT_EQ(times, 1);
}

// A store of LMDB whose journal reaches its largest size: archived records leave it, and it takes
// work again, any number of times.
TEST_F(FullStoreTest, AFullMapEmptiesByItself) {
  const testing::TemporaryDirectory directory;
  store::StoreOptions sizes;
  sizes.journal_map_bytes = std::uint64_t{1} << 20;
  auto opened = store::open_store(directory / "store", sizes);
  ASSERT_TRUE(opened);
  open(std::move(*opened), options());
  workflow("w", wait_for_signal);
  start_worker();
  std::size_t durable = 0;
  std::size_t refused = 0;
  for (int i = 0; i < 400; ++i) {
    engine_->ask(runtime::verb::Start{
        {.workflow = "w", .workflow_id = std::to_string(i), .input = std::string(9'000, 'x')},
        nullptr,
        [&](const base::Result<runtime::StartedRun>& run) {
          if (run) {
            ++durable;
          } else {
            EXPECT_EQ(run.error().code, ErrorCode::kStoreFull);
            ++refused;
          }
        }});
    engine_->run_some();
  }
  settle();
  EXPECT_EQ(durable + refused, 400u);
  EXPECT_GT(durable, 200u);
  EXPECT_GT(times_logged("the store has no room"), 2u);
  EXPECT_EQ(times_logged("the store has no room"), times_logged("the store has room again"));
  EXPECT_THAT(list(), SizeIs(durable));
  worker_.reset();
  engine_.reset();
}

TEST(ThreadedFullStoreTest, ServiceResumesByItself) {
  Room room;
  std::promise<void> full;
  std::promise<base::Result<runtime::StartedRun>> started;
  runtime::EngineOptions options;
  options.shards = 2;
  options.log = [&](runtime::LogLevel, std::string_view line) {
    if (line.find("no room") != std::string_view::npos) full.set_value();
  };
  auto opened = runtime::EmbeddedEngine::over(
      std::make_unique<FullStore>(store::memory_store(), room), options);
  ASSERT_TRUE(opened);
  auto& engine = *opened;
  room.journal = false;
  engine->ask(runtime::verb::Start{
      {.workflow = "w", .workflow_id = "a"},
      nullptr,
      [&](const base::Result<runtime::StartedRun>& run) { started.set_value(run); }});
  full.get_future().wait();
  std::promise<ErrorCode> refused;
  engine->ask(runtime::verb::Start{{.workflow = "w", .workflow_id = "b"},
                                   nullptr,
                                   [&](const base::Result<runtime::StartedRun>& run) {
                                     refused.set_value(run ? ErrorCode::kNotFound
                                                           : run.error().code);
                                   }});
  EXPECT_EQ(refused.get_future().get(), ErrorCode::kStoreFull);
  room.journal = true;
  EXPECT_TRUE(started.get_future().get());
}

TEST(ThreadedFullStoreTest, ClosingDoesNotWaitForRoom) {
  Room room;
  std::promise<void> full;
  std::promise<ErrorCode> closed;
  runtime::EngineOptions options;
  options.log = [&](runtime::LogLevel, std::string_view line) {
    if (line.find("no room") != std::string_view::npos) full.set_value();
  };
  auto engine = runtime::EmbeddedEngine::over(
      std::make_unique<FullStore>(store::memory_store(), room), options);
  ASSERT_TRUE(engine);
  room.journal = false;
  (*engine)->ask(runtime::verb::Start{{.workflow = "w", .workflow_id = "a"},
                                      nullptr,
                                      [&](const base::Result<runtime::StartedRun>& run) {
                                        closed.set_value(run ? ErrorCode::kNotFound
                                                             : run.error().code);
                                      }});
  full.get_future().wait();
  engine->reset();
  EXPECT_EQ(closed.get_future().get(), ErrorCode::kStoreClosed);
}

}  // namespace
}  // namespace reprise::testing::full_store_test
