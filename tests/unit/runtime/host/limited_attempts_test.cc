// Attempts that the limits of their activities hold back: in the queue, and in pools.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>

#include <gtest/gtest.h>

#include "runtime/host/attempt_pool.h"
#include "runtime/host/precedence.h"
#include "tests/support/manual_clock.h"

namespace reprise::runtime::limited_attempts_test {
namespace {

using replay::Outcome;
using std::chrono::seconds;
using Verdict = AttemptQueue::Verdict;

AttemptTask task(const std::string& activity, std::uint32_t operation = 1) {
  AttemptTask task;
  auto spec = std::make_shared<proto::ActivityScheduled>();
  spec->set_name(activity);
  task.key.operation = operation;
  task.activity = std::make_unique<ActivityTask>();
  task.activity->spec = std::move(spec);
  task.control = std::make_shared<AttemptControl>();
  return task;
}

class LimitedAttempts : public ::testing::Test {
 protected:
  AttemptQueue queue_of(const ActivityLimits& limits) { return {8, {{"charge", limits}}, flow_}; }
  AttemptQueue::Taken take(AttemptQueue& queue) {
    EXPECT_TRUE(queue.has_ready());
    return queue.take();
  }
  void end(AttemptQueue& queue, AttemptQueue::Taken& taken, Verdict verdict) {
    queue.done(taken.lane);
    line_ = queue.settle(taken.task.permit, verdict, "no route");
  }

  reprise::testing::ManualClock clock_;
  FlowClock flow_{&clock_};
  std::optional<std::string> line_;
};

TEST_F(LimitedAttempts, InFlight) {
  AttemptQueue queue = queue_of({.in_flight = 2});
  for (std::uint32_t i = 1; i <= 4; ++i) (void)queue.push(task("charge", i));
  (void)queue.push(task("other"));
  auto first = take(queue);
  (void)take(queue);  // the other kind's turn
  (void)take(queue);
  EXPECT_FALSE(queue.has_ready());
  EXPECT_EQ(queue.held_back("charge"), "2 of 2 of charge are in flight");
  EXPECT_EQ(queue.held_back("other"), "");
  EXPECT_FALSE(queue.next_release()) << "time alone changes nothing";
  const LimitState state = queue.limits().at(0);
  EXPECT_EQ(state.in_flight, 2u);
  EXPECT_EQ(state.waiting, 2u);
  EXPECT_EQ(state.breaker, BreakerState::kNone);
  end(queue, first, Verdict::kWorks);
  EXPECT_TRUE(queue.has_ready());
  EXPECT_EQ(queue.held_back("charge"), "");
}

TEST_F(LimitedAttempts, PerSecond) {
  AttemptQueue queue = queue_of({.per_second = 5});
  for (std::uint32_t i = 1; i <= 3; ++i) (void)queue.push(task("charge", i));
  auto first = take(queue);
  end(queue, first, Verdict::kWorks);
  EXPECT_FALSE(queue.has_ready());
  EXPECT_EQ(queue.held_back("charge"), "5 per second of charge");
  ASSERT_TRUE(queue.next_release());
  EXPECT_EQ(*queue.next_release(), FlowTime(std::chrono::milliseconds(200)));
  EXPECT_EQ(flow_.virtual_time(*queue.next_release()), clock_.now() + base::Duration(200));
  clock_.advance(base::Duration(199));
  EXPECT_FALSE(queue.has_ready());
  clock_.advance(base::Duration(1));
  EXPECT_TRUE(queue.has_ready());
}

TEST_F(LimitedAttempts, ABreakerHoldsThemBackUntilOneHasFoundOut) {
  AttemptQueue queue =
      queue_of({.breaker = {.failures = 2, .window = seconds(30), .open_for = seconds(60)}});
  for (std::uint32_t i = 1; i <= 6; ++i) (void)queue.push(task("charge", i));
  auto a = take(queue);
  auto b = take(queue);
  auto late = take(queue);
  end(queue, a, Verdict::kFails);
  EXPECT_FALSE(line_);
  end(queue, b, Verdict::kFails);
  EXPECT_EQ(line_,
            "the circuit breaker of activity 'charge' has opened for 60 s: 2 failures within 30 s, "
            "the last: no route");
  end(queue, late, Verdict::kWorks);  // began before
  EXPECT_FALSE(line_);
  EXPECT_FALSE(queue.has_ready());
  clock_.advance(seconds(19));
  EXPECT_EQ(queue.held_back("charge"), "the breaker of charge is open for another 41 s");
  LimitState state = queue.limits().at(0);
  EXPECT_EQ(state.breaker, BreakerState::kOpen);
  EXPECT_EQ(state.open_for_another, base::Duration(41'000));
  EXPECT_EQ(state.opened_ago, base::Duration(19'000));
  EXPECT_EQ(state.last_failure, "no route");
  EXPECT_EQ(state.waiting, 3u);
  clock_.advance(seconds(41));
  auto probe = take(queue);
  EXPECT_EQ(probe.task.key.operation, 4u);
  EXPECT_FALSE(queue.has_ready()) << "exactly one";
  EXPECT_FALSE(queue.next_release());
  EXPECT_EQ(queue.held_back("charge"),
            "the breaker of charge is half-open: one attempt finds out whether it works");
  EXPECT_EQ(queue.limits().at(0).breaker, BreakerState::kHalfOpen);
  end(queue, probe, Verdict::kFails);
  EXPECT_EQ(line_,
            "the circuit breaker of activity 'charge' stays open for 60 s, the next attempt has "
            "failed: no route");
  clock_.advance(seconds(60));
  probe = take(queue);
  end(queue, probe, Verdict::kSaysNothing);
  EXPECT_FALSE(line_);
  probe = take(queue);
  EXPECT_FALSE(queue.has_ready());
  end(queue, probe, Verdict::kWorks);
  EXPECT_EQ(line_, "the circuit breaker of activity 'charge' has closed: an attempt has succeeded");
  EXPECT_EQ(queue.limits().at(0).times_opened, 1u);
  EXPECT_EQ(queue.limits().at(0).waiting, 0u);
}

TEST_F(LimitedAttempts, AProbeThatPassesItsLimitOpensTheBreakerAtOnce) {
  AttemptQueue queue = queue_of({.breaker = {.failures = 1}});
  for (std::uint32_t i = 1; i <= 3; ++i) (void)queue.push(task("charge", i));
  auto hangs = take(queue);
  EXPECT_TRUE(queue.fail(hangs.task.permit, "an attempt has passed its heartbeat"));
  EXPECT_EQ(queue.limits().at(0).in_flight, 1u) << "its function has not returned";
  clock_.advance(seconds(60));
  auto probe = take(queue);
  EXPECT_TRUE(queue.fail(probe.task.permit, "again"));
  EXPECT_FALSE(queue.has_ready());
  end(queue, probe, Verdict::kSaysNothing);
  EXPECT_FALSE(queue.has_ready());
  EXPECT_EQ(queue.limits().at(0).last_failure, "again");
}

TEST_F(LimitedAttempts, ThoseGivenUpTakeNothingFromTheOthers) {
  AttemptQueue queue = queue_of({.per_second = 1, .breaker = {.failures = 1}});
  AttemptTask given_up = task("charge", 1);
  ASSERT_TRUE(given_up.control->abandon());
  (void)queue.push(std::move(given_up));
  (void)queue.push(task("charge", 2));
  auto skipped = take(queue);
  EXPECT_EQ(skipped.task.permit.kind, 0u);
  queue.done(skipped.lane);
  EXPECT_EQ(take(queue).task.key.operation, 2u) << "it was not counted";
}

TEST_F(LimitedAttempts, ThoseGivenUpDoNotPileUpBehindAnOpenBreaker) {
  AttemptQueue queue = queue_of({.breaker = {.failures = 1}});
  (void)queue.push(task("charge"));
  auto failing = take(queue);
  end(queue, failing, Verdict::kFails);
  std::size_t swept = 0;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    AttemptTask given_up = task("charge", i);
    ASSERT_TRUE(given_up.control->abandon());
    swept += queue.push(std::move(given_up));
  }
  EXPECT_LT(queue.limits().at(0).waiting, 200u);
  EXPECT_EQ(swept + queue.limits().at(0).waiting, 100'000u);
}

TEST_F(LimitedAttempts, OnePutBackHasNotBegun) {
  AttemptQueue queue = queue_of({.in_flight = 1, .breaker = {.failures = 1}});
  (void)queue.push(task("charge", 1));
  (void)queue.push(task("charge", 2));
  auto taken = take(queue);
  queue.done(taken.lane);
  (void)queue.push(std::move(taken.task));
  EXPECT_EQ(queue.limits().at(0).in_flight, 0u);
  EXPECT_EQ(take(queue).task.key.operation, 2u);
}

TEST_F(LimitedAttempts, DrainingReturnsThoseHeldBackToo) {
  AttemptQueue queue = queue_of({.in_flight = 1, .per_second = 1e-6});
  for (std::uint32_t i = 1; i <= 3; ++i) (void)queue.push(task("charge", i));
  (void)take(queue);
  EXPECT_EQ(queue.drain().size(), 2u);
  EXPECT_FALSE(queue.next_release());
}

TEST_F(LimitedAttempts, PriorityAndFairnessComeFromThePrecedence) {
  AttemptQueue queue = queue_of({});
  const auto push = [&](const char* activity, std::uint32_t number, int priority,
                        const char* tenant) {
    AttemptTask one = task(activity, number);
    auto precedence = std::make_shared<proto::Precedence>();
    precedence->set_priority(static_cast<std::uint32_t>(priority));
    precedence->set_fairness_key(tenant);
    one.precedence = std::move(precedence);
    (void)queue.push(std::move(one));
  };
  for (std::uint32_t i = 1; i <= 3; ++i) push("charge", i, 0, "large");
  push("ship", 4, 3, "small");
  push("ship", 5, 1, "small");
  push("ship", 6, 99, "none");
  std::string order;
  while (queue.has_ready()) {
    const auto taken = queue.take();
    order += std::to_string(taken.task.key.operation);
    queue.done(taken.lane);
  }
  EXPECT_EQ(order, "514623") << "an unknown priority counts as the default";
}

TEST(Precedence, ComesFromTheRunWhereTheOperationSaysNothing) {
  const auto make = [](std::uint32_t priority, const char* key, double weight) {
    auto made = std::make_shared<proto::Precedence>();
    made->set_priority(priority);
    made->set_fairness_key(key);
    made->set_fairness_weight(weight);
    return made;
  };
  const SharedPrecedence run = make(2, "acme", 4);
  EXPECT_EQ(precedence_of(nullptr, run), run);
  EXPECT_EQ(precedence_of(nullptr, nullptr), nullptr);
  const auto other_priority = precedence_of(make(1, "", 0).get(), run);
  EXPECT_EQ(other_priority->priority(), 1u);
  EXPECT_EQ(other_priority->fairness_key(), "acme");
  EXPECT_EQ(other_priority->fairness_weight(), 4);
  const auto other_key = precedence_of(make(0, "own", 0).get(), run);
  EXPECT_EQ(other_key->priority(), 2u);
  EXPECT_EQ(rank_of(other_key.get()).weight, 1) << "a weight belongs to its key";
  const auto other_weight = precedence_of(make(0, "", 9).get(), run);
  EXPECT_EQ(other_weight->fairness_key(), "acme");
  EXPECT_EQ(other_weight->fairness_weight(), 9);
}

// ---- pools ------------------------------------------------------------------------------------

class Reports final : public AttemptObserver {
 public:
  void taken() override {}
  std::uint64_t started(const AttemptKey&) override { return 0; }
  void heartbeat(const AttemptKey&, std::string) override {}
  void timed_out(const AttemptKey&, std::string_view) override { count(&timeouts_); }
  void finished(AttemptResult&&) override { count(&finished_); }
  void breaker_moved(std::string_view what) override {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(what);
  }

  void await_finished(int many) { await(finished_, many); }
  void await_timeouts(int many) { await(timeouts_, many); }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  void count(int* what) {
    const std::lock_guard lock(mutex_);
    ++*what;
    changed_.notify_all();
  }
  void await(const int& what, int many) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return what >= many; });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int finished_ = 0;
  int timeouts_ = 0;
  std::vector<std::string> lines_;
};

void submit(AttemptPool& pool, int many) {
  std::vector<AttemptTask> tasks;
  for (int i = 0; i < many; ++i) tasks.push_back(task("charge"));
  pool.submit(tasks);
}

std::shared_ptr<WorkerCode> worker_of(const ActivityLimits& limits, ActivityCode charge) {
  auto code = std::make_shared<WorkerCode>();
  code->task_queue = "q";
  code->activities["charge"] = std::move(charge);
  code->limits["charge"] = limits;
  return code;
}

TEST(LimitedPool, NeverExecutesMoreThanInFlight) {
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  Reports reports;
  AttemptPool pool(worker_of({.in_flight = 3},
                             [&](ActivityAttempt&, std::string_view) {
                               const int here = ++now;
                               for (int seen = most; seen < here; seen = most) {
                                 most.compare_exchange_strong(seen, here);
                               }
                               std::this_thread::yield();
                               --now;
                               return Outcome();
                             }),
                   8, reports);
  submit(pool, 500);
  reports.await_finished(500);
  EXPECT_LE(most, 3);
  EXPECT_EQ(pool.limits().at(0).in_flight, 0u);
}

// The pool's own threads wait for the time when the next one may begin.
TEST(LimitedPool, GoesOnWhenTimeAllowsIt) {
  Reports reports;
  AttemptPool pool(
      worker_of({.per_second = 500,
                 .breaker = {.failures = 1, .window = seconds(10), .open_for = base::Duration(1)}},
                [n = 0](ActivityAttempt&, std::string_view) mutable {
                  proto::Failure failure;
                  failure.set_message("down");
                  return n++ < 3 ? Outcome::failed(failure) : Outcome();
                }),
      1, reports);
  submit(pool, 60);
  reports.await_finished(60);
  EXPECT_EQ(reports.lines().size(), 4u) << "it has opened, stayed so twice, and closed";
  EXPECT_EQ(pool.limits().at(0).times_opened, 1u);
}

TEST(LimitedPool, IsShutDownWhileAttemptsAreHeldBack) {
  Reports reports;
  AttemptPool pool(
      worker_of({.per_second = 1e-6}, [](ActivityAttempt&, std::string_view) { return Outcome(); }),
      2, reports);
  submit(pool, 3);
  reports.await_finished(1);
  EXPECT_EQ(pool.held_back("charge"), "1e-06 per second of charge");
  EXPECT_EQ(pool.shut_down().size(), 2u);
}

TEST(LimitedPool, AnAttemptThatPassesItsLimitHasFailed) {
  Reports reports;
  AttemptPool pool(worker_of({.breaker = {.failures = 1}},
                             [](ActivityAttempt& attempt, std::string_view) {
                               while (!attempt.stop_token().stop_requested()) {
                                 std::this_thread::yield();
                               }
                               return Outcome();
                             }),
                   1, reports);
  std::vector<AttemptTask> tasks;
  tasks.push_back(task("charge"));
  tasks.back().start_to_close = base::Duration(1);
  pool.submit(tasks);
  reports.await_timeouts(1);
  reports.await_finished(1);
  ASSERT_EQ(reports.lines().size(), 1u);
  EXPECT_EQ(pool.limits().at(0).last_failure, "an attempt has passed its start_to_close");
  EXPECT_EQ(pool.limits().at(0).breaker, BreakerState::kOpen);
}

TEST(LimitedPool, FailuresThatAreFinalDoNotCount) {
  Reports reports;
  int n = 0;
  AttemptPool pool(worker_of({.breaker = {.failures = 1}},
                             [&](ActivityAttempt&, std::string_view) {
                               proto::Failure failure;
                               if (n == 0) failure.set_non_retryable(true);
                               if (n == 1) failure.set_kind(proto::Failure::CANCELLED);
                               if (n == 2) failure.set_type("Declined");
                               if (n == 3) failure.set_message("down");
                               ++n;
                               return Outcome::failed(failure);
                             }),
                   0, reports);
  std::vector<AttemptTask> tasks;
  for (int i = 0; i < 5; ++i) {
    auto spec = std::make_shared<proto::ActivityScheduled>();
    spec->set_name("charge");
    spec->mutable_retry()->add_non_retryable("Declined");
    tasks.push_back(task("charge"));
    tasks.back().activity->spec = std::move(spec);
  }
  pool.submit(tasks);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(pool.limits().at(0).breaker, BreakerState::kClosed) << i;
    EXPECT_TRUE(pool.run_one()) << i;
  }
  EXPECT_EQ(pool.limits().at(0).breaker, BreakerState::kOpen);
  EXPECT_FALSE(pool.run_one());
}

}  // namespace
}  // namespace reprise::runtime::limited_attempts_test
