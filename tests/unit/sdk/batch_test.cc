// Batches: what each verb does, pages, rates, runs that change meanwhile, stopping.
#include <chrono>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/unit/sdk/batches.h"

namespace reprise::batch_test {
namespace {

using namespace batches;
using namespace std::chrono_literals;
using operated::code_of;
using operated::kinds_of;
using ::testing::ElementsAre;
using testing::Env;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Replay;
using ::testing::SizeIs;

constexpr BatchOptions kFast{.rate = 0};

BatchProgress all_done(std::uint64_t runs) {
  return {.total = runs, .done = runs};
}

RunStatus status_of(Env& env, int number) {
  return env.client().describe(name_of(number)).status;
}

class BatchOfSize : public ::testing::TestWithParam<int> {
 protected:
  BatchOfSize() : env_({.replay = GetParam() > 100 ? Replay::kOff : Replay::kEveryTurn}) {
    start_waiters(env_, runs_);
  }
  void expect_all(RunStatus status) {
    const std::string filter =
        "WorkflowType = 'waiter' AND Status = '" + std::string(to_string(status)) + "'";
    EXPECT_EQ(env_.client().count(filter), static_cast<std::uint64_t>(runs_));
  }
  std::uint64_t size() const { return static_cast<std::uint64_t>(runs_); }

  const int runs_ = GetParam();
  Env env_;
};
INSTANTIATE_TEST_SUITE_P(All, BatchOfSize, ::testing::Values(0, 1, 3, 1'203));

TEST_P(BatchOfSize, Signals) {
  const Batch batch = env_.client().signal_all(kWaiters, note("a"), kFast);
  EXPECT_EQ(batch.wait(), all_done(size()));
  for (const int i : {0, runs_ / 2, runs_ - 1}) {
    if (i < 0 || i >= runs_) continue;
    EXPECT_EQ(count_of(env_, name_of(i), "SignalReceived"), 1);
  }
  env_.client().signal_all(kWaiters, note("b"), kFast).wait();
  expect_all(RunStatus::kCompleted);
  if (runs_ == 0) return;
  EXPECT_EQ(env_.client().attach(waiter, "w0").result(), "ab");
}

TEST_P(BatchOfSize, CancelsAndTerminates) {
  EXPECT_EQ(env_.client().cancel_all(kWaiters, "retired plan", kFast).wait(), all_done(size()));
  expect_all(RunStatus::kCancelled);
  start_waiters(env_, runs_);
  EXPECT_EQ(env_.client().terminate_all(kWaiters, "enough", kFast).wait(), all_done(size()));
  expect_all(RunStatus::kTerminated);
}

TEST_P(BatchOfSize, PausesAndResumes) {
  EXPECT_EQ(env_.client().pause_all(kWaiters, "a look", kFast).wait(), all_done(size()));
  expect_all(RunStatus::kPaused);
  const char* const paused = "WorkflowType = 'waiter' AND Status = 'Paused'";
  EXPECT_EQ(env_.client().resume_all(paused, "go on", kFast).wait(), all_done(size()));
  expect_all(RunStatus::kRunning);
}

TEST_P(BatchOfSize, Resets) {
  const Batch batch = env_.client().reset_all(kWaiters, {.event = 1, .reason = "anew"}, kFast);
  EXPECT_EQ(batch.wait(), all_done(size()));
  expect_all(RunStatus::kRunning);
  expect_all(RunStatus::kTerminated);
}

// ---- what it does to a run ----------------------------------------------------------------------

TEST(Batch, SaysWhoAndWhy) {
  Env env;
  start_waiters(env, 1);
  const Client ann = env.client({.principal = "ann"});
  const Batch batch = ann.pause_all(kWaiters, "the bank is down", {.id = "fix-7"});
  batch.wait();
  const auto run = env.client().describe("w0");
  ASSERT_TRUE(run.paused.has_value());
  EXPECT_EQ(run.paused->reason, "batch fix-7: the bank is down");
  EXPECT_EQ(run.paused->principal, "ann");
  const auto known = batch.describe();
  EXPECT_EQ(known.id, "fix-7");
  EXPECT_EQ(known.verb, BatchVerb::kPause);
  EXPECT_EQ(known.filter, kWaiters);
  EXPECT_EQ(known.reason, "the bank is down");
  EXPECT_EQ(known.principal, "ann");
  EXPECT_EQ(known.rate, 100);
  EXPECT_EQ(known.status, RunStatus::kCompleted);
  EXPECT_EQ(known.started, env.now());
  EXPECT_TRUE(known.closed.has_value());
  EXPECT_FALSE(known.stopped);
}

TEST(Batch, ACancellationHasItsReasonAndSender) {
  Env env;
  start_waiters(env, 1);
  env.client().cancel_all(kWaiters, "retired", {.id = "old"}).wait();
  const std::string json = env.client().handle("w0").history().to_json(JsonLayout::kCompact);
  EXPECT_THAT(json, HasSubstr("batch old: retired"));
  EXPECT_THAT(json, HasSubstr("reprise:batch:old"));
}

constexpr Workflow<std::string(bool)> fragile{"fragile"};

TEST(Batch, RestartsWhatHasFailed) {
  Env env;
  bool broken = true;
  env.implement(fragile, [&](Context& ctx, bool fails) -> std::string {
    if (ctx.side_effect([&] { return broken && fails; })) {
      throw ApplicationFailure("broken", "it is", false);
    }
    return "fine";
  });
  for (int i = 0; i < 5; ++i) {
    const auto run = env.client().start(fragile(i < 3), {.id = "f" + std::to_string(i)});
    EXPECT_EQ(i < 3 ? code_of([] {}) : run.result(), i < 3 ? "done" : "fine");
  }
  broken = false;
  const Batch failed = env.client().restart_all("WorkflowType = 'fragile' AND Status = 'Failed'",
                                                {.reason = "it is mended"});
  EXPECT_EQ(failed.wait(), all_done(3));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(env.client().attach(fragile, "f" + std::to_string(i)).result(), "fine");
  }
  // Those have not failed.
  const Batch others = env.client().restart_all("WorkflowId IN ('f3', 'f4')", {});
  EXPECT_EQ(others.wait(), (BatchProgress{.total = 2, .failed = 2}));
  ASSERT_THAT(others.failures(), SizeIs(2));
  EXPECT_EQ(others.failures()[0].code, "RP3028");
  EXPECT_EQ(others.failures()[0].workflow_id, "f4");
}

TEST(Batch, FailuresAreBounded) {
  Env env({.replay = Replay::kOff});
  start_waiters(env, 150, 0);  // they end at once
  const Batch batch = env.client().signal_all("WorkflowType = 'waiter'", note("late"), kFast);
  EXPECT_EQ(batch.wait(), (BatchProgress{.total = 150, .failed = 150}));
  const auto failures = batch.failures();
  ASSERT_THAT(failures, SizeIs(100));
  EXPECT_EQ(failures[0].workflow_id, "w149");
  EXPECT_EQ(failures[0].run_id, env.client().describe("w149").run_id);
  EXPECT_EQ(failures[0].code, "RP3006");
  EXPECT_THAT(failures[0].message, HasSubstr("w149"));
}

TEST(Batch, FailuresOfLongNamesAreBoundedByTheirBytes) {
  Env env({.replay = Replay::kOff});
  env.implement(waiter, run_waiter);
  for (int i = 0; i < 60; ++i) {
    env.client().start(waiter(0), {.id = std::string(990, 'x') + std::to_string(i)});
  }
  const Batch batch = env.client().signal_all("WorkflowType = 'waiter'", note("late"), kFast);
  EXPECT_EQ(batch.wait().failed, 60U);
  EXPECT_GE(batch.failures().size(), 20U);
  EXPECT_LT(batch.failures().size(), 34U);
}

TEST(Batch, WhoIsAsItShouldBeCountsAsDone) {
  Env env;
  start_waiters(env, 3);
  env.client().handle("w0").pause("by hand");
  const char* const all = "WorkflowType = 'waiter'";
  EXPECT_EQ(env.client().pause_all(all, "all").wait(), all_done(3));
  EXPECT_EQ(env.client().describe("w0").paused->reason, "by hand");
  env.client().handle("w0").resume();
  EXPECT_EQ(env.client().resume_all(all, "all").wait(), all_done(3));
  EXPECT_EQ(env.client().terminate_all(all, "all").wait(), all_done(3));
  EXPECT_EQ(env.client().terminate_all(all, "again").wait(), all_done(3));
  EXPECT_EQ(env.client().cancel_all(all, "again").wait(), all_done(3));
  const Batch late = env.client().pause_all(all, "late");
  EXPECT_EQ(late.wait(), (BatchProgress{.total = 3, .failed = 3}));
  EXPECT_EQ(late.failures()[0].code, "RP3006");
}

// ---- which runs ---------------------------------------------------------------------------------

constexpr Workflow<void(int)> chain{"chain"};

// A run that continues while the batch is on its way is one run for it; a closed run of a chain
// does not stand for the open one.
TEST(Batch, GoesWithARunThatContinues) {
  Env env;
  env.implement(chain, [](Context& ctx, int number) {
    ctx.inbox(note).next().get();
    ctx.continue_as_new(chain(number + 1));
  });
  for (const char* id : {"a", "b"}) env.client().start(chain(0), {.id = id});
  const Batch batch =
      env.client().terminate_all("WorkflowType = 'chain' AND Status = 'Running'", "", {.rate = 1});
  env.client().handle("a").signal(note("on"));  // b is reached first, a a second later
  EXPECT_EQ(batch.wait(), all_done(2));
  EXPECT_EQ(env.client().describe("a").status, RunStatus::kTerminated);
  EXPECT_EQ(env.client().describe("b").status, RunStatus::kTerminated);

  env.client().start(chain(0), {.id = "c"});
  env.client().handle("c").signal(note("on"));
  const Batch closed = env.client().terminate_all("Status = 'ContinuedAsNew'", "");
  EXPECT_EQ(closed.wait(), all_done(2));
  EXPECT_EQ(env.client().describe("c").status, RunStatus::kRunning);
}

TEST(Batch, LeavesOutLaterRunsAndTheEnginesOwn) {
  Env env;
  start_waiters(env, 2);
  (void)env.client().create_schedule("nightly", {.every = 24h}, waiter(1));
  const Batch batch = env.client().terminate_all("StartTime > '2020-01-01'", "", {.rate = 1});
  env.client().start(waiter(1), {.id = "later"});
  EXPECT_EQ(batch.wait(), all_done(2));
  EXPECT_EQ(env.client().describe("later").status, RunStatus::kRunning);
  EXPECT_THAT(env.client().schedules(), SizeIs(1));
  EXPECT_EQ(status_of(env, 0), RunStatus::kTerminated);
}

TEST(Batch, ARunThatEndsOnTheWayIsAFailureOfASignal) {
  Env env;
  start_waiters(env, 3, 1);
  const Batch batch = env.client().signal_all(kWaiters, note("x"), {.rate = 1});
  env.client().handle("w0").signal(note("before"));  // it would have been the last
  EXPECT_EQ(batch.wait(), (BatchProgress{.total = 3, .done = 2, .failed = 1}));
  ASSERT_THAT(batch.failures(), SizeIs(1));
  EXPECT_EQ(batch.failures()[0].workflow_id, "w0");
  EXPECT_EQ(batch.failures()[0].code, "RP3006");
}

// ---- the rate, and stopping ---------------------------------------------------------------------

TEST(Batch, KeepsItsRate) {
  Env env({.replay = Replay::kOff});
  start_waiters(env, 100);
  const Time begin = env.now();
  const Batch batch = env.client().pause_all(kWaiters, "", {.rate = 8});
  std::uint64_t before = 0;
  for (int second = 1; second <= 12; ++second) {
    env.skip(1s);
    const std::uint64_t now = batch.progress().done;
    EXPECT_LE(now - before, 10U) << second;
    EXPECT_GE(now - before, 6U) << second;
    before = now;
  }
  EXPECT_EQ(batch.wait(), all_done(100));
  EXPECT_GE(env.now() - begin, 12'250ms);
  EXPECT_LE(env.now() - begin, 13s);
}

TEST(Batch, ASlowOneReachesOneAtATime) {
  Env env;
  start_waiters(env, 3);
  const Time begin = env.now();
  EXPECT_EQ(env.client().pause_all(kWaiters, "", {.rate = 0.001}).wait(), all_done(3));
  EXPECT_EQ(env.now() - begin, 2'000s);
}

TEST(Batch, CanBeStopped) {
  Env env;
  start_waiters(env, 20);
  const Batch batch = env.client().terminate_all(kWaiters, "", {.id = "x", .rate = 1});
  env.skip(4'500ms);
  EXPECT_EQ(batch.progress(), (BatchProgress{.total = 20, .done = 5}));
  EXPECT_FALSE(batch.wait_for(1ms).has_value());
  batch.stop();
  const auto ended = batch.wait_for(0ms);
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->done, 5U);
  EXPECT_TRUE(batch.describe().stopped);
  EXPECT_EQ(batch.describe().status, RunStatus::kCompleted);
  env.skip(1min);
  EXPECT_EQ(env.client().count(kWaiters), 15U);
  batch.stop();  // does nothing
}

TEST(Batch, GoesOnOverALongWay) {
  Env env({.replay = Replay::kOff});
  start_waiters(env, 5'000);
  const Batch batch = env.client().signal_all(kWaiters, note("a"), {.id = "long", .rate = 0});
  EXPECT_EQ(batch.wait(), all_done(5'000));
  const auto chain_of_runs =
      env.client().list({.workflow = "reprise:batch", .limit = 0, .newest_first = false});
  ASSERT_GE(chain_of_runs.size(), 2U);
  for (const auto& run : chain_of_runs) EXPECT_LT(run.history_events, 6'000U);
  EXPECT_EQ(count_of(env, "w0", "SignalReceived"), 1);
  EXPECT_EQ(count_of(env, "w4999", "SignalReceived"), 1);
  const auto all = env.client().batches();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].id, "long");
  EXPECT_EQ(all[0].progress, all_done(5'000));
  EXPECT_EQ(all[0].started, chain_of_runs[0].started);
}

TEST(Batch, AreListed) {
  Env env;
  start_waiters(env, 1);
  EXPECT_THAT(env.client().batches(), IsEmpty());
  env.client().pause_all(kWaiters, "", {.id = "b"}).wait();
  const Batch unnamed = env.client().resume_all("WorkflowType = 'waiter'", "");
  EXPECT_EQ(unnamed.id().size(), 36U);
  env.client().terminate_all(kWaiters, "", {.id = "zz"}).wait();
  const auto all = env.client().batches();
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[2].id, "zz");
  EXPECT_EQ(all[2].verb, BatchVerb::kTerminate);
  EXPECT_EQ(env.client().list("Status = 'Running'").runs.size(), 0U);
}

TEST(Batch, TheSameCallTwiceIsOneBatch) {
  Env env;
  start_waiters(env, 3, 9);
  const BatchOptions options{.id = "x", .rate = 1};
  const Batch first = env.client().signal_all(kWaiters, note("a"), options);
  const Batch again = env.client({.principal = "bob"}).signal_all(kWaiters, note("a"), options);
  EXPECT_EQ(again.wait(), all_done(3));
  const Batch later = env.client().signal_all(kWaiters, note("a"), options);
  EXPECT_EQ(later.wait(), all_done(3));
  EXPECT_EQ(count_of(env, "w0", "SignalReceived"), 1);
  const auto refusal = [&](auto call) { return code_of(call); };
  const Client& client = env.client();
  EXPECT_EQ(refusal([&] { (void)client.signal_all(kWaiters, note("b"), options); }), "RP3004");
  EXPECT_EQ(refusal([&] { (void)client.signal_all("RunId = 'x'", note("a"), options); }), "RP3004");
  EXPECT_EQ(refusal([&] { (void)client.pause_all(kWaiters, "", options); }), "RP3004");
  EXPECT_EQ(refusal([&] { (void)client.signal_all(kWaiters, note("a"), {.id = "x", .rate = 2}); }),
            "RP3004");
}

}  // namespace
}  // namespace reprise::batch_test
