#include "runtime/host/run_executor.h"

#include <thread>

#include <gmock/gmock.h>

#include "tests/unit/runtime/host/kept_run.h"

namespace reprise::runtime::run_executor_test {
namespace {

using host_test::described;
using host_test::KeptRun;
using host_test::step;
using replay::Execution;
using replay::Outcome;
using replay::TurnEnd;
using ::testing::ElementsAre;

class RunExecutorTest : public ::testing::Test {
 protected:
  void deploy(testing::Body body) {
    auto code = std::make_shared<WorkerCode>();
    code->task_queue = "default";
    code->workflows["w"] = testing::code_of(std::move(body));
    executor_.add_worker(std::move(code));
  }
  // The turn is kept unless the run is parked.
  TurnEnd turn(KeptRun& run, std::vector<proto::Event> inputs) {
    proto::Turn turn;
    turn.set_time_ms(1'000);
    for (proto::Event& input : inputs) *turn.add_inputs() = std::move(input);
    TurnResult result = executor_.run_turn(run.place, run.source(), &turn);
    trouble_ = std::move(result.trouble);
    last_ = turn;
    if (result.end != TurnEnd::kParked) run.keep(std::move(turn));
    return result.end;
  }
  AttemptTask begin(KeptRun& run, std::uint32_t id) {
    auto begun = executor_.begin_step(run.place, run.source(),
                                      {.run = run.number(), .operation = id}, base::Duration(0));
    EXPECT_TRUE(std::holds_alternative<AttemptTask>(begun));
    return std::get<AttemptTask>(std::move(begun));
  }

  std::vector<std::uint32_t> withdrawn_;
  base::TurnMark told_{};
  std::unique_ptr<replay::Trouble> trouble_;
  proto::Turn last_;
  KeptRun run_{1};
  RunExecutor executor_{
      {.label_of = [this](std::uint64_t) { return run_.label(); },
       .step_withdrawn = [this](std::uint64_t, std::uint32_t id) { withdrawn_.push_back(id); },
       .next_process = &told_}};
};

// ---- whose code runs --------------------------------------------------------------------------

TEST_F(RunExecutorTest, SaysWhoseCodeRunsWhileItDoes) {
  std::vector<std::string> said;
  const auto say = [&] {
    const CodeMark& mark = executor_.code_mark();
    ASSERT_NE(mark.run(), nullptr);
    said.push_back(std::string(mark.run()->workflow_id) + " " + std::to_string(told_.run) + " at " +
                   std::to_string(told_.place) +
                   (mark.entries() % 2 != 0 ? " inside" : " outside"));
  };
  struct Local {
    std::function<void()> say;
    ~Local() { say(); }
  };
  deploy([&](Execution& e) {
    const Local local{say};
    e.answer("q", [&](std::string_view) {
      say();
      return base::Result<std::string>("");
    });
    say();
    return Outcome::success(testing::call(e, "a"));
  });
  EXPECT_EQ(turn(run_, {testing::started()}), TurnEnd::kBlocked);
  EXPECT_TRUE(executor_.query(run_.place, run_.source(), "q", ""));
  executor_.evict(run_.place);
  EXPECT_THAT(said,
              ElementsAre("run-1 1 at 0 inside", "run-1 1 at 2 inside", "run-1 1 at 2 inside"))
      << "in a turn, in a query, in a destructor";
  EXPECT_EQ(executor_.code_mark().run(), nullptr);
  EXPECT_EQ(executor_.code_mark().entries() % 2, 0u);
  EXPECT_EQ(told_.run, 0u);
}

TEST_F(RunExecutorTest, TheStartOfARunIsToldByItsWorkflow) {
  std::vector<std::uint64_t> starting;
  deploy([&](Execution& e) {
    starting.push_back(told_.starting);
    testing::call(e, "a");
    starting.push_back(told_.starting);
    return Outcome();
  });
  turn(run_, {testing::started()});
  turn(run_, {testing::activity_completed(1)});
  EXPECT_THAT(starting, ElementsAre(base::hash64("w"), 0u));
}

// ---- steps ------------------------------------------------------------------------------------

TEST_F(RunExecutorTest, ARunStaysWhileAnotherThreadExecutesItsStep) {
  deploy([](Execution& e) {
    const std::string local = "on the stack of the run";
    return Outcome::success(step(e, "s", [&] { return local; }));
  });
  ASSERT_EQ(turn(run_, {testing::started()}), TurnEnd::kBlocked);
  EXPECT_THAT(described(last_), ElementsAre("StepScheduled s"));
  const AttemptTask task = begin(run_, 1);
  EXPECT_EQ(task.key.run, 1u);
  ASSERT_TRUE(task.control->claim());
  EXPECT_TRUE(RunExecutor::step_under_way(run_.place, 1)->running());
  executor_.evict(run_.place);
  EXPECT_TRUE(run_.resident());
  std::string result;
  std::thread([&] { result = execute_step(task).payload(); }).join();
  task.control->finish();
  EXPECT_EQ(result, "on the stack of the run");
  RunExecutor::end_step(run_.place, 1);
  EXPECT_EQ(RunExecutor::step_under_way(run_.place, 1), nullptr);
  executor_.evict(run_.place);
  EXPECT_FALSE(run_.resident());
}

TEST_F(RunExecutorTest, AStepOfARunThatIsNotInMemoryBringsItBack) {
  int times = 0;
  deploy([&](Execution& e) {
    ++times;
    return Outcome::success(step(e, "s", [] { return "done"; }));
  });
  turn(run_, {testing::started()});
  executor_.evict(run_.place);
  const AttemptTask task = begin(run_, 1);
  EXPECT_EQ(times, 2);
  EXPECT_EQ(executor_.execute_here(run_.label(), task).payload(), "done");
}

TEST_F(RunExecutorTest, ATaskThatNoThreadTakesIsTakenBack) {
  deploy([](Execution& e) { return Outcome::success(step(e, "s", [] { return "done"; })); });
  turn(run_, {testing::started()});
  const AttemptTask task = begin(run_, 1);
  EXPECT_TRUE(RunExecutor::take_back_step(run_.place, task));
  EXPECT_FALSE(task.control->claim());
  executor_.remove_worker("default");
  EXPECT_FALSE(run_.resident());
}

// Cancelled by a signal.
testing::Body cancels_a_step() {
  return [](Execution& e) {
    const auto scope = e.enter_scope(replay::Scope::Kind::kCancellable);
    const auto child = e.spawn([&] { (void)step(e, "s", [] { return "done"; }); });
    const auto go = e.next_signal("go");
    e.wait(*go);
    e.cancel_scope(scope);
    e.leave_scope(scope);
    e.wait(*child);
    return Outcome::success("over");
  };
}

TEST_F(RunExecutorTest, AStepThatHasNotBegunIsWithdrawnWhenTheCodeGivesItUp) {
  deploy(cancels_a_step());
  turn(run_, {testing::started()});
  const AttemptTask task = begin(run_, 1);
  EXPECT_EQ(turn(run_, {testing::signal("go")}), TurnEnd::kClosed);
  EXPECT_EQ(last_.inputs(1).step_failed().failure().kind(), proto::Failure::CANCELLED);
  EXPECT_THAT(withdrawn_, ElementsAre(1u));
  EXPECT_FALSE(task.control->claim()) << "the thread skips it";
  executor_.evict(run_.place);
  EXPECT_FALSE(run_.resident());
}

TEST_F(RunExecutorTest, AStepThatHasBegunIsWaitedForAndNotTriedAgain) {
  deploy(cancels_a_step());
  turn(run_, {testing::started()});
  const AttemptTask task = begin(run_, 1);
  ASSERT_TRUE(task.control->claim());
  EXPECT_EQ(turn(run_, {testing::signal("go")}), TurnEnd::kBlocked);
  EXPECT_THAT(withdrawn_, ElementsAre());
  EXPECT_TRUE(RunExecutor::is_step_unwanted(run_.place, 1));
  task.control->finish();
  RunExecutor::end_step(run_.place, 1);
  const auto again =
      executor_.begin_step(run_.place, run_.source(), {.run = 1, .operation = 1, .attempt = 2}, {});
  EXPECT_TRUE(std::holds_alternative<RunExecutor::StepUnwanted>(again));
  EXPECT_EQ(turn(run_, {testing::step_completed(1)}), TurnEnd::kClosed);
}

// Drops the strand that waits for the step, whose frame goes with the closure in it.
testing::Body drops_a_step() {
  return [](Execution& e) {
    {
      const auto child = e.spawn([&] { (void)step(e, "s", [] { return "done"; }); });
      testing::call(e, "a");
    }
    testing::call(e, "b");
    return Outcome();
  };
}

TEST_F(RunExecutorTest, AStepWhoseStrandIsDroppedIsWithdrawn) {
  deploy(drops_a_step());
  turn(run_, {testing::started()});
  EXPECT_THAT(described(last_), ElementsAre("ActivityScheduled a", "StepScheduled s"));
  const AttemptTask task = begin(run_, 2);
  EXPECT_EQ(turn(run_, {testing::activity_completed(1)}), TurnEnd::kBlocked);
  EXPECT_THAT(described(last_), ElementsAre("StepAbandoned #2", "ActivityScheduled b"));
  EXPECT_THAT(withdrawn_, ElementsAre(2u));
  EXPECT_FALSE(task.control->claim());
  const auto gone = executor_.begin_step(run_.place, run_.source(), {.run = 1, .operation = 2}, {});
  EXPECT_TRUE(std::holds_alternative<RunExecutor::StepStopped>(gone));
}

// The step's outcome is an input of the same turn in which the code drops the strand, after the
// input that makes it do so.
TEST_F(RunExecutorTest, AnOutcomeThatIsOnItsWayIsWaitedFor) {
  deploy(drops_a_step());
  turn(run_, {testing::started()});
  const AttemptTask task = begin(run_, 2);
  ASSERT_TRUE(task.control->claim());
  task.control->finish();
  RunExecutor::end_step(run_.place, 2);
  turn(run_, {testing::activity_completed(1), testing::step_completed(2)});
  EXPECT_THAT(described(last_), ElementsAre("ActivityScheduled b")) << "it is not abandoned";
}

TEST_F(RunExecutorTest, AReplayBesideStepsUnderWayLeavesThemAlone) {
  deploy([](Execution& e) { return Outcome::success(step(e, "s", [] { return "done"; })); });
  turn(run_, {testing::started()});
  const AttemptTask task = begin(run_, 1);
  EXPECT_FALSE(executor_.replay_afresh(run_.place, run_.source()));
  EXPECT_THAT(withdrawn_, ElementsAre());
  ASSERT_TRUE(task.control->claim()) << "its closure is still the resident run's";
  EXPECT_EQ(execute_step(task).payload(), "done");
}

// ---- trouble ----------------------------------------------------------------------------------

TEST_F(RunExecutorTest, WithoutCodeNothingIsExecuted) {
  EXPECT_EQ(turn(run_, {testing::started()}), TurnEnd::kParked);
  EXPECT_EQ(trouble_->code, base::ErrorCode::kNoWorker);
  const auto begun =
      executor_.begin_step(run_.place, run_.source(), {.run = 1, .operation = 1}, {});
  ASSERT_TRUE(std::holds_alternative<replay::Trouble>(begun));
  EXPECT_EQ(std::get<replay::Trouble>(begun).code, base::ErrorCode::kNoWorker);
}

TEST_F(RunExecutorTest, WhatIsTooManyLeavesUnlessItMustStay) {
  KeptRun runs[] = {KeptRun(1), KeptRun(2), KeptRun(3)};
  RunExecutor executor({.host = {.cached_runs = 1}});
  auto code = std::make_shared<WorkerCode>();
  code->task_queue = "default";
  code->workflows["w"] =
      testing::code_of([](Execution& e) { return Outcome::success(testing::call(e, "a")); });
  executor.add_worker(std::move(code));
  for (KeptRun& run : runs) {
    proto::Turn turn;
    *turn.add_inputs() = testing::started();
    ASSERT_EQ(executor.run_turn(run.place, run.source(), &turn).end, TurnEnd::kBlocked);
    run.keep(std::move(turn));
  }
  executor.evict_excess([](std::uint64_t run) { return run != 1; });
  EXPECT_TRUE(runs[0].resident()) << "it may not leave";
  EXPECT_FALSE(runs[1].resident());
  EXPECT_FALSE(runs[2].resident());
}

}  // namespace
}  // namespace reprise::runtime::run_executor_test
