// The engine end to end, in memory, without threads, with a clock that the test moves.
#include <gmock/gmock.h>

#include "tests/support/engine_fixture.h"

namespace reprise::testing::engine_test {
namespace {

using base::ErrorCode;
using runtime::ActivityAttempt;
using runtime::RunStatus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class EngineTest : public EngineFixture {};

TEST_F(EngineTest, RunsAWorkflowWithAnActivity) {
  workflow("w", [](Execution& e) { return Outcome::success("got " + call(e, "a")); });
  activity("a", [](ActivityAttempt& attempt, std::string_view) {
    return Outcome::success(std::string(attempt.idempotency_key()));
  });
  start_worker();
  const Watch watch = start("w", "run-1");
  EXPECT_EQ(result(watch), "got " + (*started_)->run_id.to_string() + "/1");
}

TEST_F(EngineTest, ARunWaitsForItsWorker) {
  const Watch watch = start("w", "run-1");
  ASSERT_TRUE(*started_);
  EXPECT_EQ(result(watch), "(running)");
  ASSERT_TRUE(signal("run-1", "go", "early"));
  workflow("w", wait_for_signal);
  start_worker();
  settle();
  EXPECT_EQ(result(watch), "early");
}

TEST_F(EngineTest, RefusesWhatTheWorkerDoesNotImplement) {
  workflow("w", wait_for_signal);
  start_worker();
  const Watch watch = start("other", "run-1");
  ASSERT_FALSE(*started_);
  EXPECT_EQ(started_->error().code, ErrorCode::kUnknownWorkflow);
  EXPECT_THAT(result(watch), HasSubstr("RP2003"));
  EXPECT_THAT(list(), SizeIs(0));
}

// ---- ids --------------------------------------------------------------------------------------

TEST_F(EngineTest, ARunningDuplicateIsRefusedWithTheRunId) {
  workflow("w", wait_for_signal);
  start_worker();
  start("w", "run-1");
  const std::string first = (*started_)->run_id.to_string();
  start("w", "run-1");
  ASSERT_FALSE(*started_);
  EXPECT_EQ(started_->error().code, ErrorCode::kAlreadyStarted);
  EXPECT_EQ(started_->error().message, first);
}

TEST_F(EngineTest, ARunningDuplicateMayBeUsedOrReplaced) {
  workflow("w", wait_for_signal);
  start_worker();
  const Watch first = start("w", "run-1");
  const auto first_id = (*started_)->run_id;
  runtime::StartRequest request{.workflow = "w", .workflow_id = "run-1"};
  request.conflict = runtime::IdConflict::kUseExisting;
  const Watch joined = start(request);
  EXPECT_EQ((*started_)->run_id, first_id);
  EXPECT_TRUE((*started_)->existing);

  request.conflict = runtime::IdConflict::kTerminateExisting;
  const Watch second = start(request);
  EXPECT_NE((*started_)->run_id, first_id);
  EXPECT_THAT(result(first), HasSubstr("Terminated"));
  EXPECT_THAT(result(joined), HasSubstr("Terminated"));
  ASSERT_TRUE(signal("run-1", "go", "x"));
  EXPECT_EQ(result(second), "x");
}

TEST_F(EngineTest, TheReusePolicyDecidesAboutClosedRuns) {
  workflow("ok", [](Execution&) { return Outcome(); });
  workflow("bad", [](Execution&) { return application_failure("T", "m"); });
  start_worker();
  const auto again = [&](const char* name, runtime::IdReuse reuse) {
    runtime::StartRequest request{.workflow = name, .workflow_id = name, .reuse = reuse};
    start(request);
    return started_->has_value();
  };
  start("ok", "ok");
  start("bad", "bad");
  EXPECT_FALSE(again("ok", runtime::IdReuse::kReject));
  EXPECT_EQ(started_->error().code, ErrorCode::kAlreadyStarted);
  EXPECT_FALSE(again("ok", runtime::IdReuse::kAllowUnlessCompleted));
  EXPECT_TRUE(again("bad", runtime::IdReuse::kAllowUnlessCompleted));
  EXPECT_FALSE(again("bad", runtime::IdReuse::kReject));
  EXPECT_TRUE(again("ok", runtime::IdReuse::kAllow));
}

TEST_F(EngineTest, LimitsAreCheckedBeforeAnythingIsRecorded) {
  workflow("w", wait_for_signal);
  start_worker();
  start("w", std::string(1'001, 'x'));
  EXPECT_EQ(started_->error().code, ErrorCode::kInvalidId);
  start("w", std::string(1'000, 'x'));
  EXPECT_TRUE(*started_);
  start("w", "big", std::string((2 << 20) + 1, 'x'));
  EXPECT_EQ(started_->error().code, ErrorCode::kPayloadTooLarge);
  start("w", "fits", std::string(2 << 20, 'x'));
  EXPECT_TRUE(*started_);
}

TEST_F(EngineTest, AnOlderRunOfAnIdIsStillFound) {
  workflow("w", [](Execution&) { return Outcome::success("first"); });
  start_worker();
  start("w", "run-1");
  const auto first_id = (*started_)->run_id;
  start("w", "run-1");
  ASSERT_NE((*started_)->run_id, first_id);
  std::optional<base::Result<runtime::RunDescription>> description;
  engine_->ask(runtime::verb::Describe{{"run-1", first_id},
                                       [&](const auto& found) { description = found; }});
  settle();
  ASSERT_TRUE(description.value());
  EXPECT_EQ((*description)->run_id, first_id);
}

TEST_F(EngineTest, NothingIsTerminatedForAStartThatIsRefused) {
  workflow("w", wait_for_signal);
  start_worker();
  start("w", "run-1");
  runtime::StartRequest request{.workflow = "w", .workflow_id = "run-1"};
  request.reuse = runtime::IdReuse::kReject;
  request.conflict = runtime::IdConflict::kTerminateExisting;
  start(request);
  EXPECT_EQ(started_->error().code, ErrorCode::kAlreadyStarted);
  EXPECT_EQ(describe("run-1")->status, RunStatus::kRunning);
}

TEST_F(EngineTest, AQuestionBehindAnEndSeesTheEnd) {
  workflow("w", wait_for_signal);
  start_worker();
  start("w", "run-1");
  engine_->ask(runtime::verb::Terminate{{"run-1", {}}, "test", [](const base::Status&) {}});
  auto watch = std::make_shared<runtime::RunWatch>();
  engine_->ask(runtime::verb::Watch{{"run-1", {}}, watch});  // in the same round
  settle();
  EXPECT_THAT(result(watch), HasSubstr("Terminated"));
}

// ---- retries ----------------------------------------------------------------------------------

TEST_F(EngineTest, RetriesWithBackoffAndTheSameKey) {
  std::vector<std::string> keys;
  std::vector<int> attempts;
  workflow("w", [](Execution& e) { return Outcome::success(call(e, "a")); });
  activity("a", [&](ActivityAttempt& attempt, std::string_view) {
    keys.emplace_back(attempt.idempotency_key());
    attempts.push_back(attempt.attempt());
    if (attempt.attempt() < 3) return application_failure("Busy", "try again");
    return Outcome::success("third");
  });
  start_worker();
  const Watch watch = start("w", "run-1");
  EXPECT_THAT(attempts, ElementsAre(1));
  auto pending = describe("run-1")->activities;
  ASSERT_THAT(pending, SizeIs(1));
  EXPECT_EQ(pending[0].attempt, 2u);
  EXPECT_EQ(pending[0].last_failure, "try again");
  EXPECT_EQ(pending[0].next_attempt, clock_.now() + base::Duration(1'000));
  skip(base::Duration(999));
  EXPECT_THAT(attempts, ElementsAre(1));
  skip(base::Duration(1));
  EXPECT_THAT(attempts, ElementsAre(1, 2));
  skip(base::Duration(2'000));
  EXPECT_EQ(result(watch), "third");
  EXPECT_EQ(keys[0], keys[2]);
}

TEST_F(EngineTest, GivesUpAfterTheLastAttempt) {
  workflow("w", [](Execution& e) {
    proto::ActivityScheduled a;
    a.set_name("a");
    a.mutable_retry()->set_maximum_attempts(2);
    a.mutable_retry()->set_initial_interval_ms(10);
    a.mutable_retry()->set_maximum_interval_ms(10);
    const auto operation = e.schedule_activity(as(a), {});
    e.wait(*operation);
    const auto& failure = operation->outcome().failure();
    return Outcome::success(failure.activity() + " " + std::to_string(failure.attempts()) + " " +
                            failure.cause().type());
  });
  activity("a",
           [](ActivityAttempt&, std::string_view) { return application_failure("Busy", "no"); });
  start_worker();
  const Watch watch = start("w", "run-1");
  skip(base::Duration(10));
  EXPECT_EQ(result(watch), "a 2 Busy");
}

TEST_F(EngineTest, DoesNotRetryWhatIsNotRetryable) {
  int attempts = 0;
  workflow("w", [](Execution& e) { return Outcome::success(call(e, "a")); });
  activity("a", [&](ActivityAttempt&, std::string_view) {
    ++attempts;
    return application_failure("Declined", "card declined", false);
  });
  start_worker();
  EXPECT_THAT(result(start("w", "run-1")), HasSubstr("card declined"));
  EXPECT_EQ(attempts, 1);
}

TEST_F(EngineTest, AnUnknownActivityIsRetriedUntilAWorkerHasIt) {
  workflow("w", [](Execution& e) { return Outcome::success(call(e, "a")); });
  start_worker();
  const Watch watch = start("w", "run-1");
  EXPECT_THAT(describe("run-1")->activities.at(0).last_failure, HasSubstr("RP4001"));
  worker_.reset();
  activity("a", [](ActivityAttempt&, std::string_view) { return Outcome::success("now"); });
  start_worker();
  skip(base::Duration(1'000));
  EXPECT_EQ(result(watch), "now");
}

TEST_F(EngineTest, HandsHeartbeatDetailsToTheNextAttempt) {
  workflow("w", [](Execution& e) { return Outcome::success(call(e, "a")); });
  activity("a", [](ActivityAttempt& attempt, std::string_view) {
    if (attempt.attempt() == 1) {
      attempt.heartbeat("row 41");
      attempt.heartbeat("row 42");
      return application_failure("Busy", "no");
    }
    return Outcome::success(std::string(attempt.heartbeat_details()));
  });
  start_worker();
  const Watch watch = start("w", "run-1");
  skip(base::Duration(1'000));
  EXPECT_EQ(result(watch), "row 42");
}

// ---- time limits ------------------------------------------------------------------------------

TEST_F(EngineTest, ScheduleToStartEndsAWaitForAWorker) {
  workflow("w", [](Execution& e) {
    proto::ActivityScheduled a;
    a.set_name("a");
    a.set_task_queue("nobody");
    a.set_schedule_to_start_ms(5'000);
    const auto operation = e.schedule_activity(as(a), {});
    e.wait(*operation);
    return Outcome::success(operation->outcome().failure().cause().type());
  });
  start_worker();
  const Watch watch = start("w", "run-1");
  skip(base::Duration(4'999));
  EXPECT_EQ(result(watch), "(running)");
  skip(base::Duration(1));
  EXPECT_EQ(result(watch), "schedule_to_start");
}

TEST_F(EngineTest, ScheduleToCloseEndsRetries) {
  int attempts = 0;
  workflow("w", [](Execution& e) {
    proto::ActivityScheduled a;
    a.set_name("a");
    a.set_schedule_to_close_ms(2'500);
    const auto operation = e.schedule_activity(as(a), {});
    e.wait(*operation);
    return Outcome::success(operation->outcome().failure().cause().message());
  });
  activity("a", [&](ActivityAttempt&, std::string_view) {
    ++attempts;
    return application_failure("Busy", "still busy");
  });
  start_worker();
  const Watch watch = start("w", "run-1");
  skip(base::Duration(2'500));
  EXPECT_EQ(result(watch), "still busy");  // the next attempt would have begun too late
  EXPECT_EQ(attempts, 2);
}

TEST_F(EngineTest, ARunTimeoutEndsTheRun) {
  workflow("w", wait_for_signal);
  start_worker();
  runtime::StartRequest request{.workflow = "w", .workflow_id = "run-1"};
  request.terms.run_timeout = base::Duration(60'000);
  const Watch watch = start(request);
  skip(base::Duration(60'000));
  EXPECT_THAT(result(watch), HasSubstr("TimedOut"));
  EXPECT_EQ(describe("run-1")->status, RunStatus::kTimedOut);
}

TEST_F(EngineTest, TimersFireInOrderAndNeverEarly) {
  std::string fired;
  workflow("w", [&fired](Execution& e) {
    const auto late = e.start_timer(base::Duration(200), {});
    const auto soon = e.start_timer(base::Duration(100), {});
    e.wait(*soon);
    fired += "soon@" + std::to_string(base::to_ms(e.now()) % 1'000) + ";";
    e.wait(*late);
    fired += "late@" + std::to_string(base::to_ms(e.now()) % 1'000) + ";";
    return Outcome();
  });
  start_worker();
  start("w", "run-1");
  skip(base::Duration(99));
  EXPECT_EQ(fired, "");
  skip(base::Duration(1'000));
  EXPECT_EQ(fired, "soon@100;late@200;");
}

// Somebody sets the clock back whenever the engine has looked at it.
class SlippingClock final : public base::Clock {
 public:
  base::Time now() const override { return std::exchange(now_, now_ - slips_by); }
  void set(std::int64_t ms) { now_ = base::from_ms(ms); }

  base::Duration slips_by{0};

 private:
  mutable base::Time now_ = base::from_ms(1'700'000'000'000);
};

TEST_F(EngineTest, AClockThatIsSetBackMakesNoTimerEarly) {
  SlippingClock clock;
  runtime::EngineOptions with_clock = options();
  with_clock.clock = &clock;
  engine_ = runtime::Engine::in_memory(with_clock);
  workflow("w", [](Execution& e) {
    e.wait(*e.start_timer(base::Duration(100), {}));
    e.wait(*e.start_timer(base::Duration(1'000'000), {}));
    return Outcome();
  });
  start_worker();
  runtime::StartRequest request{.workflow = "w", .workflow_id = "run-1"};
  request.terms.run_timeout = base::Duration(500);
  const Watch watch = start(request);
  clock.slips_by = base::Duration(7);
  for (const std::int64_t due_ms : {1'700'000'000'100, 1'700'000'000'500}) {
    clock.set(due_ms);
    for (int i = 0; i < 3; ++i) (void)engine_->run_some();
    clock.set(due_ms);
    settle();
  }
  const auto turns = history("run-1");
  ASSERT_THAT(turns, SizeIs(3));
  ASSERT_TRUE(turns[1].inputs(0).has_timer_fired());
  EXPECT_EQ(turns[1].time_ms(), 1'700'000'000'100);
  ASSERT_TRUE(turns[2].inputs(0).has_run_timed_out());
  EXPECT_EQ(turns[2].time_ms(), 1'700'000'000'500);
  EXPECT_EQ(result(watch), "TimedOut: the run reached its run_timeout");
}

// ---- steps ------------------------------------------------------------------------------------

TEST_F(EngineTest, StepsRunOnTheShardOrOnTheThreads) {
  for (const bool on_shard : {false, true}) {
    const std::string id = on_shard ? "shard" : "threads";
    workflow(id, [on_shard](Execution& e) {
      int local = 20;
      proto::StepScheduled step;
      step.set_name("add");
      step.set_on_shard(on_shard);
      const Outcome outcome =
          e.run_step(as(step), [&] { return Outcome::success(std::to_string(local + 1)); }, {});
      return Outcome::success(outcome.payload());
    });
  }
  start_worker();
  EXPECT_EQ(result(start("shard", "shard")), "21");
  EXPECT_EQ(result(start("threads", "threads")), "21");
}

TEST_F(EngineTest, AStepOfADroppedStrandIsNotExecuted) {
  int executed = 0;
  workflow("w", [&executed](Execution& e) {
    {
      const auto child = e.spawn([&] {
        proto::StepScheduled step;
        step.set_name("s");
        e.run_step(as(step),
                   [&] {
                     ++executed;
                     return Outcome();
                   },
                   {});
      });
      call(e, "a");
      // The strand has begun and is dropped here, while its step waits to be dispatched.
    }
    return wait_for_signal(e);
  });
  activity("a", [](ActivityAttempt&, std::string_view) { return Outcome(); });
  start_worker();
  const Watch watch = start("w", "run-1");
  EXPECT_LE(executed, 1);
  EXPECT_THAT(describe("run-1")->activities, SizeIs(0)) << "nothing is left pending";
  ASSERT_TRUE(signal("run-1", "go", "on"));
  EXPECT_EQ(result(watch), "on");
}

// Steps that the code has given up may still stand in the queue that the worker leaves behind.
TEST_F(EngineTest, AWorkerMayGoWhileGivenUpStepsAreQueued) {
  workflow("w", [](Execution& e) {
    {
      const auto child = e.spawn([&] {
        proto::StepScheduled step;
        step.set_name("s");
        e.run_step(as(step), [] { return Outcome(); }, {});
      });
      (void)wait_for_signal(e);
    }
    return wait_for_signal(e);
  });
  start_worker();
  constexpr int kRuns = 20;
  const std::vector<Watch> runs = submit_many("w", kRuns);
  engine_->run_some();
  engine_->run_some();  // the steps are queued, and a few of them executed
  submit_signals(kRuns, "go", "drop");
  engine_->run_some();  // and given up
  worker_.reset();
  start_worker();
  submit_signals(kRuns, "go", "on");
  settle();
  for (const Watch& run : runs) EXPECT_EQ(result(run), "on");
}

// The result of one step has not been looked at yet when the worker goes; the other step is begun
// by the next worker, on the stack of a run that has been replayed since.
TEST_F(EngineTest, AWorkerMayGoWhileTheResultOfAStepIsOnItsWay) {
  const auto step = [](Execution& e, const char* name) {
    return e
        .run_step([](proto::StepScheduled& scheduled) { scheduled.set_name("s"); },
                  [name] { return Outcome::success(name); }, {})
        .payload();
  };
  workflow("w", [step](Execution& e) {
    std::string results;
    const auto other = e.spawn([&] { results += step(e, "one,"); });
    results += step(e, "two,");
    e.wait(*other);
    return Outcome::success(results);
  });
  start_worker();
  const auto watch = submit_many("w", 1).front();
  (void)engine_->run_some();  // its first turn
  (void)engine_->run_some();  // executes one of the two
  worker_.reset();
  start_worker();
  settle();
  EXPECT_EQ(result(watch), "two,one,");
}

// It asks for the cancellation of its run, and fails: both are inputs of one turn.
TEST_F(EngineTest, AStepThatFailsAsItIsCancelledIsNotTriedAgain) {
  int attempts = 0;
  workflow("w", [&](Execution& e) {
    const Outcome outcome = e.run_step(
        [](proto::StepScheduled& step) { step.set_name("s"); },
        [&] {
          ++attempts;
          engine_->ask(runtime::verb::Cancel{{"run-1", {}}, "test", [](const base::Status&) {}});
          return application_failure("Busy", "no");
        },
        {});
    return Outcome::failed(outcome.failure());
  });
  start_worker();
  const Watch watch = start("w", "run-1");
  EXPECT_EQ(result(watch), "Cancelled: the run was cancelled");
  EXPECT_EQ(attempts, 1);
  EXPECT_FALSE(engine_->next_due());
}

TEST_F(EngineTest, AStepIsRetriedAsItsPolicySays) {
  int attempts = 0;
  workflow("w", [&attempts](Execution& e) {
    proto::StepScheduled step;
    step.set_name("s");
    step.set_on_shard(true);
    step.mutable_retry()->set_maximum_attempts(2);
    step.mutable_retry()->set_initial_interval_ms(5);
    step.mutable_retry()->set_maximum_interval_ms(5);
    const Outcome outcome = e.run_step(as(step),
                                       [&] {
                                         ++attempts;
                                         return application_failure("Busy", "no");
                                       },
                                       {});
    return Outcome::success(outcome.failure().type());
  });
  start_worker();
  const Watch watch = start("w", "run-1");
  skip(base::Duration(5));
  EXPECT_EQ(result(watch), "Busy");
  EXPECT_EQ(attempts, 2);
}

}  // namespace
}  // namespace reprise::testing::engine_test
