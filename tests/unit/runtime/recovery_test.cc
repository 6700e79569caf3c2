// An engine over a directory, closed and opened again: the next process finishes what one has
// begun.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>

#include "tests/support/engine_fixture.h"
#include "tests/support/temporary_directory.h"

namespace reprise::testing::recovery_test {
namespace {

using base::ErrorCode;
using runtime::ActivityAttempt;
using runtime::RunStatus;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// The parameter: how many records go to the archive at a time. 1: all of them at once; the largest
// leaves everything in the journal.
class Recovery : public EngineFixture, public ::testing::WithParamInterface<std::size_t> {
 protected:
  Recovery() { reopen(); }
  ~Recovery() override {
    worker_.reset();
    engine_.reset();
  }

  // Closing saves nothing that was not on the disk before.
  void reopen() {
    worker_.reset();
    engine_.reset();
    auto with_slice = options();
    with_slice.archive_slice = slice_;
    auto opened = runtime::Engine::open(directory_ / "store", with_slice);
    ASSERT_TRUE(opened) << opened.error().text();
    engine_ = std::move(*opened);
  }

  Watch watch(std::string id) {
    auto watch = std::make_shared<runtime::RunWatch>();
    engine_->ask(runtime::verb::Watch{{std::move(id), {}}, watch});
    settle();
    return watch;
  }

  // Every copy of `text` in the journal's file gets one wrong bit.
  void damage_journal(const std::string& text) {
    const std::string path = directory_ / "store/journal/data.mdb";
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(file)), {});
    std::size_t found = 0;
    for (auto at = bytes.find(text); at != std::string::npos; at = bytes.find(text, at + 1)) {
      file.clear();
      file.seekp(static_cast<std::streamoff>(at));
      file.put(static_cast<char>(text[0] ^ 1));
      ++found;
    }
    ASSERT_GT(found, 0u);
  }

  TemporaryDirectory directory_;
  std::size_t slice_ = GetParam();
};

Outcome go_signal(Execution& e) {
  const auto s = e.next_signal("go");
  e.wait(*s);
  return Outcome::success(s->take_outcome().payload());
}

TEST_P(Recovery, AWaitingRunGoesOn) {
  workflow("w", [](Execution& e) { return go_signal(e); });
  start_worker();
  start("w", "run-1");
  const auto run_id = (*started_)->run_id;
  reopen();
  EXPECT_EQ(describe("run-1")->run_id, run_id);
  start_worker();
  ASSERT_TRUE(signal("run-1", "go", "after"));
  EXPECT_EQ(result(watch("run-1")), "after");
}

TEST_P(Recovery, AnEndedRunKeepsItsResult) {
  workflow("ok", [](Execution&) { return Outcome::success("fine"); });
  workflow("bad", [](Execution&) { return application_failure("T", "broken"); });
  start_worker();
  start("ok", "ok");
  start("bad", "bad");
  reopen();
  EXPECT_EQ(result(watch("ok")), "fine");
  EXPECT_THAT(result(watch("bad")), HasSubstr("broken"));
  EXPECT_EQ(describe("bad")->status, RunStatus::kFailed);
  EXPECT_THAT(list({.status = RunStatus::kFailed}), SizeIs(1));
  EXPECT_EQ(signal("ok", "go").error().code, ErrorCode::kRunClosed);
  EXPECT_EQ(result(watch("nobody")).substr(0, 6), "RP3005");
}

TEST_P(Recovery, TheReusePolicyReachesBackBeyondTheRestart) {
  workflow("ok", [](Execution&) { return Outcome(); });
  start_worker();
  start("ok", "ok");
  reopen();
  start_worker();
  runtime::StartRequest request{.workflow = "ok", .workflow_id = "ok"};
  request.reuse = runtime::IdReuse::kReject;
  start(request);
  EXPECT_EQ(started_->error().code, ErrorCode::kAlreadyStarted);
  request.reuse = runtime::IdReuse::kAllow;
  start(request);
  EXPECT_TRUE(*started_);
  EXPECT_THAT(list(), SizeIs(2));
}

TEST_P(Recovery, ATimerFiresAtItsTime) {
  workflow("w", [](Execution& e) {
    const auto timer = e.start_timer(base::Duration(60'000), {});
    e.wait(*timer);
    return Outcome::success("woken");
  });
  start_worker();
  start("w", "run-1");
  skip(base::Duration(30'000));
  reopen();
  start_worker();
  settle();
  skip(base::Duration(29'999));
  EXPECT_EQ(describe("run-1")->status, RunStatus::kRunning);
  skip(base::Duration(1));
  EXPECT_EQ(result(watch("run-1")), "woken");
}

TEST_P(Recovery, ARetryKeepsItsCountAndItsTime) {
  std::vector<int> attempts;
  workflow("w", [](Execution& e) { return Outcome::success(call(e, "a")); });
  activity("a", [&](ActivityAttempt& attempt, std::string_view) {
    attempts.push_back(attempt.attempt());
    attempt.heartbeat("page " + std::to_string(attempt.attempt()));
    if (attempt.attempt() < 3) return application_failure("Busy", "busy");
    return Outcome::success(std::string(attempt.heartbeat_details()));
  });
  start_worker();
  start("w", "run-1");
  skip(base::Duration(1'000));
  reopen();
  const auto pending = describe("run-1")->activities;
  ASSERT_THAT(pending, SizeIs(1));
  EXPECT_EQ(pending[0].attempt, 3u);
  EXPECT_EQ(pending[0].activity, "a");
  EXPECT_EQ(pending[0].last_failure, "busy");
  start_worker();
  skip(base::Duration(1'999));
  EXPECT_THAT(attempts, ::testing::ElementsAre(1, 2));
  skip(base::Duration(1));
  EXPECT_THAT(attempts, ::testing::ElementsAre(1, 2, 3));
  EXPECT_EQ(result(watch("run-1")), "page 2");
}

TEST_P(Recovery, AStepIsExecutedByTheNextProcess) {
  workflow("w", [](Execution& e) {
    proto::StepScheduled step;
    step.set_name("s");
    return e.run_step(as(step), [] { return Outcome::success("stepped"); }, {});
  });
  start_worker();
  bool replied = false;
  engine_->ask(
      runtime::verb::Start{{.workflow = "w", .workflow_id = "run-1"},
                           nullptr,
                           [&](const base::Result<runtime::StartedRun>&) { replied = true; }});
  while (!replied) engine_->run_some();
  reopen();
  start_worker();
  settle();
  skip(base::Duration(100'000));  // an attempt that had begun counts, and is followed by a retry
  EXPECT_EQ(result(watch("run-1")), "stepped");
}

TEST_P(Recovery, ADeferredInputIsNotLost) {
  start("w", "run-1");
  ASSERT_TRUE(signal("run-1", "go", "early"));
  reopen();
  workflow("w", [](Execution& e) { return go_signal(e); });
  start_worker();
  settle();
  EXPECT_EQ(result(watch("run-1")), "early");
}

TEST_P(Recovery, AParkedRunGoesOnWhenFixedCodeStarts) {
  workflow("w", [](Execution& e) -> Outcome {
    go_signal(e);
    throw std::logic_error("bug");
  });
  start_worker();
  start("w", "run-1");
  ASSERT_TRUE(signal("run-1", "go", "kept"));
  ASSERT_TRUE(describe("run-1")->parked.has_value());
  reopen();
  workflow("w", [](Execution& e) { return go_signal(e); });
  start_worker();
  settle();
  EXPECT_EQ(result(watch("run-1")), "kept");
}

TEST_P(Recovery, ListsAcrossJournalAndArchive) {
  workflow("short", [](Execution&) { return Outcome(); });
  workflow("long", [](Execution& e) { return go_signal(e); });
  start_worker();
  for (int i = 0; i < 10; ++i) start(i % 2 == 0 ? "short" : "long", std::to_string(i));
  const auto check = [&] {
    EXPECT_THAT(list(), SizeIs(10));
    EXPECT_THAT(list({.status = RunStatus::kRunning}), SizeIs(5));
    EXPECT_THAT(list({.status = RunStatus::kCompleted, .workflow = "short"}), SizeIs(5));
    EXPECT_THAT(list({.status = RunStatus::kCompleted, .workflow = "long"}), SizeIs(0));
    const auto newest = list({.limit = 3});
    ASSERT_THAT(newest, SizeIs(3));
    EXPECT_EQ(newest[0].workflow_id, "9");
    EXPECT_EQ(list({.limit = 1, .newest_first = false}).at(0).workflow_id, "0");
  };
  check();
  reopen();
  check();
}

TEST_P(Recovery, HistoriesAreWhole) {
  workflow("w", [](Execution& e) {
    std::string all;
    for (int i = 0; i < 20; ++i) all += go_signal(e).payload();
    return Outcome::success(all);
  });
  start_worker();
  start("w", "run-1");
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(signal("run-1", "go", "x"));
  EXPECT_THAT(history("run-1"), SizeIs(11));
  reopen();
  start_worker();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(signal("run-1", "go", "y"));
  EXPECT_EQ(result(watch("run-1")), "xxxxxxxxxxyyyyyyyyyy");
  EXPECT_THAT(history("run-1"), SizeIs(21));
}

TEST_P(Recovery, WhatWasLeftOverIsCountedOnce) {
  workflow("w", [](Execution& e) { return Outcome::success(call(e, "a")); });
  std::vector<int> attempts;
  activity("a", [&](ActivityAttempt& attempt, std::string_view) {
    attempts.push_back(attempt.attempt());
    return Outcome::success("done");
  });
  start_worker();
  bool replied = false;
  engine_->ask(
      runtime::verb::Start{{.workflow = "w", .workflow_id = "run-1"},
                           nullptr,
                           [&](const base::Result<runtime::StartedRun>&) { replied = true; }});
  while (attempts.empty()) engine_->run_some();
  reopen();  // the attempt has ended, and its result is not durable
  settle();
  reopen();
  start_worker();
  skip(base::Duration(10'000));
  EXPECT_THAT(attempts, ::testing::ElementsAre(1, 2));
  EXPECT_EQ(result(watch("run-1")), "done");
}

TEST_P(Recovery, ADamagedRunStaysQuarantinedAndTheOthersGoOn) {
  slice_ = 65'536;  // all of it in the journal
  reopen();
  workflow("w", [](Execution& e) {
    const std::string first = go_signal(e).payload();
    return Outcome::success(first + go_signal(e).payload());
  });
  start_worker();
  start("w", "bad");
  start("w", "good");
  ASSERT_TRUE(signal("bad", "go", "to be damaged"));
  ASSERT_TRUE(signal("good", "go", "so far "));
  worker_.reset();
  engine_.reset();
  damage_journal("to be damaged");

  // Again after the records have moved to the archive, where the summary must tell.
  for (const std::size_t slice : {65'536, 1, 1}) {
    slice_ = slice;
    reopen();
    start_worker();
    settle();
    const auto parked = describe("bad")->parked;
    ASSERT_TRUE(parked.has_value());
    EXPECT_EQ(parked->code, ErrorCode::kStoreDamaged);
    EXPECT_EQ(signal("bad", "go", "x").error().code, ErrorCode::kStoreDamaged)
        << "what is acknowledged must be there afterwards";
    EXPECT_EQ(terminate("bad").error().code, ErrorCode::kStoreDamaged);
    EXPECT_THAT(result(watch("bad")), HasSubstr("RP1005"));
    start("w", "another " + std::to_string(slice));  // something to archive behind it
  }
  ASSERT_TRUE(signal("good", "go", "so good"));
  EXPECT_EQ(result(watch("good")), "so far so good");
}

INSTANTIATE_TEST_SUITE_P(ArchiveSlice,
                         Recovery,
                         ::testing::Values(1, 3, 65'536),
                         [](const auto& slice) { return std::to_string(slice.param); });

}  // namespace
}  // namespace reprise::testing::recovery_test
