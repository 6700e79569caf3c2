// A batch reaches each run once, whichever process dies at which commit. First the code of
// docs/batch.md; a test makes sure that it is that code.
#include <chrono>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/support/env_modes.h"
#include "tests/support/page_code.h"
#include "tests/unit/sdk/batches.h"

namespace batch_page_test {

constexpr reprise::Workflow<std::string(std::string)> order{"order"};

// ---- the page ---------------------------------------------------------------------------------

constexpr reprise::Signal<double> new_price{"new_price"};

void tell_the_price(const reprise::Client& client) {
  const reprise::Batch batch = client.signal_all("WorkflowType = 'order' AND Status = 'Running'",
                                                 new_price(19.90), {.id = "price-7"});
  const reprise::BatchProgress told = batch.wait();
  std::cout << told.done << " of " << *told.total << "\n";
  for (const reprise::BatchFailure& run : batch.failures()) {
    std::cout << run.workflow_id << ": " << run.code << " " << run.message << "\n";
  }
}

void end_the_old_plan(const reprise::Client& client) {
  client.cancel_all("WorkflowType = 'order' AND StartTime < '2026-01-01T00:00:00Z'", "old plan",
                    {.rate = 20});
}

std::string after_the_fix(const reprise::Client& client) {
  return client.restart_all("WorkflowType = 'order' AND Status = 'Failed'", {.reason = "mended"})
      .id();
}

void stop_all(const reprise::Client& client) {
  for (const reprise::BatchDescription& batch : client.batches()) {
    if (batch.status == reprise::RunStatus::kRunning) client.batch(batch.id).stop();
  }
}

// ---- its tests --------------------------------------------------------------------------------

TEST(BatchPage, HasThisCode) {
  reprise::testing::expect_code_of("docs/batch.md", "tests/unit/sdk/batch_crash_test.cc", 4);
}

TEST(BatchPage, DoesWhatItSays) {
  reprise::testing::Env env;
  bool broken = true;
  env.implement(order, [&](reprise::Context& ctx, const std::string& item) -> std::string {
    if (ctx.side_effect([&] { return broken; })) {
      throw reprise::ApplicationFailure("broken", "it is", false);
    }
    return item + " for " + std::to_string(ctx.inbox(new_price).next().get());
  });
  const auto failed = env.start(order("cap"), {.id = "b"});
  broken = false;
  const auto hat = env.start(order("hat"), {.id = "a"});
  tell_the_price(env.client());
  EXPECT_EQ(hat.result(), "hat for 19.900000");
  end_the_old_plan(env.client());
  env.client().batch(after_the_fix(env.client())).wait();
  EXPECT_EQ(env.client().describe("b").status, reprise::RunStatus::kRunning);
  stop_all(env.client());
  for (const auto& batch : env.client().batches()) {
    EXPECT_EQ(batch.status, reprise::RunStatus::kCompleted) << batch.id;
  }
}

}  // namespace batch_page_test

namespace reprise::batch_crash_test {
namespace {

using namespace batches;
using namespace std::chrono_literals;
using testing::Env;
using ::testing::HasSubstr;

class BatchesInEveryMode : public testing::InEveryMode {
 protected:
  static constexpr int kRuns = 7;

  BatchesInEveryMode() { start_waiters(env, kRuns, 3); }

  void expect_once(const std::string& kind) {
    for (int i = 0; i < kRuns; ++i) EXPECT_EQ(count_of(env, name_of(i), kind), 1) << i;
  }
  void expect_done(const Batch& batch) {
    EXPECT_EQ(batch.wait(), (BatchProgress{.total = kRuns, .done = kRuns}));
    EXPECT_TRUE(batch.failures().empty());
  }
};
INSTANTIATE_TEST_SUITE_P(All,
                         BatchesInEveryMode,
                         ::testing::ValuesIn(testing::all_modes()),
                         testing::name_of);

// Pages and parts of them: a rate of 0.25 looks up three runs at a time and reaches one at a time.
constexpr BatchOptions kSlow{.rate = 0.25};
constexpr BatchOptions kFast{.rate = 0};

TEST_P(BatchesInEveryMode, SignalOnce) {
  expect_done(env.client().signal_all(kWaiters, note("a"), kSlow));
  expect_once("SignalReceived");
}

TEST_P(BatchesInEveryMode, CancelOnce) {
  expect_done(env.client().cancel_all(kWaiters, "", kFast));
  expect_once("CancelRequested");
}

TEST_P(BatchesInEveryMode, TerminateOnce) {
  expect_done(env.client().terminate_all(kWaiters, "", kSlow));
  expect_once("RunTerminated");
}

TEST_P(BatchesInEveryMode, PauseAndResumeOnce) {
  expect_done(env.client().pause_all(kWaiters, "", kFast));
  expect_once("RunPaused");
  expect_done(env.client().resume_all("WorkflowType = 'waiter'", "", kSlow));
  expect_once("RunResumed");
}

// A run that is reset is not reset again, be it open or closed meanwhile.
TEST_P(BatchesInEveryMode, ResetOnce) {
  expect_done(env.client().reset_all(kWaiters, {.event = 1}, kFast));
  expect_once("RunReset");
  expect_once("RunTerminated");
  expect_done(env.client().reset_all(kWaiters, {.event = 1}, kSlow));
  for (int i = 0; i < kRuns; ++i) EXPECT_EQ(count_of(env, name_of(i), "RunTerminated"), 2);
}

TEST_P(BatchesInEveryMode, AreStoppedOnTheWay) {
  const Batch batch = env.client().terminate_all(kWaiters, "", kSlow);
  env.skip(9s);
  batch.stop();
  const BatchProgress ended = batch.wait();
  EXPECT_GE(ended.done, 1U);
  EXPECT_LE(ended.done, 4U);
  EXPECT_EQ(env.client().count(kWaiters), kRuns - ended.done);
  env.skip(1min);
  EXPECT_EQ(env.client().count(kWaiters), kRuns - ended.done);
}

// ---- many batches at once, and runs that start and end meanwhile
// -----------------------------------

constexpr Workflow<void()> busy{"busy"};
constexpr Signal<std::string> told{"told"};

// Ends when it has been told three things.
void run_busy(Context& ctx) {
  auto inbox = ctx.inbox(told);
  for (int i = 0; i < 3; ++i) inbox.next().get();
}

// How often each run has got the signal of each batch.
std::map<std::string, int> all_told(Env& env) {
  std::map<std::string, int> counts;
  for (const auto& run : env.client().list({.workflow = "busy", .limit = 0})) {
    const std::string json =
        env.client().handle(run.workflow_id, run.run_id).history().to_json(JsonLayout::kCompact);
    const std::string kind = "\"kind\":\"SignalReceived\"";
    for (auto at = json.find(kind); at != json.npos; at = json.find(kind, at + 1)) {
      const auto text = json.find("batch-", at);
      if (text != json.npos) ++counts[run.workflow_id + " " + json.substr(text, 8)];
    }
  }
  return counts;
}

class ManyBatches : public ::testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, ManyBatches, ::testing::Range<std::uint64_t>(1, 25));

TEST_P(ManyBatches, ReachEachRunOnceWhateverHappens) {
  Env env({.crash = testing::Crash::kEveryCommit,
           .order = testing::Order::kShuffled,
           .seed = GetParam()});
  env.implement(busy, run_busy);
  std::mt19937_64 random(GetParam());
  const auto up_to = [&](int most) { return static_cast<int>(random() % (most + 1)); };
  int started = 0;
  std::vector<Batch> batches;
  for (int i = 0; i < 4; ++i) {
    for (int more = up_to(4); more > 0; --more) {
      env.client().start(busy(), {.id = "r" + std::to_string(started++)});
    }
    const std::string name = "batch-" + std::to_string(10 + i);
    const double rate = std::vector<double>{0, 0.3, 2, 50}[static_cast<std::size_t>(up_to(3))];
    batches.push_back(env.client().signal_all("WorkflowType = 'busy' AND Status = 'Running'",
                                              told(name), {.id = name, .rate = rate}));
    env.skip(Duration(up_to(3'000)));
    if (started > 0 && up_to(2) == 0) {
      const std::string id = "r" + std::to_string(up_to(started - 1));
      const bool open = env.client().describe(id).status == RunStatus::kRunning;
      if (open) env.client().handle(id).terminate("by hand");
    }
  }
  std::uint64_t done = 0;
  for (const Batch& batch : batches) {
    const BatchProgress progress = batch.wait();
    done += progress.done;
    EXPECT_LE(progress.done + progress.failed, *progress.total);
    for (const BatchFailure& failure : batch.failures()) EXPECT_EQ(failure.code, "RP3006");
  }
  std::uint64_t seen = 0;
  for (const auto& [which, count] : all_told(env)) {
    EXPECT_EQ(count, 1) << which;
    ++seen;
  }
  EXPECT_EQ(seen, done);
}

}  // namespace
}  // namespace reprise::batch_crash_test
