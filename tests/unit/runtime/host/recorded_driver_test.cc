// The host with a driver that is not an engine: it does what a driver for a remote service would
// do.
#include "tests/unit/runtime/host/recorded_driver.h"

#include <ctime>
#include <latch>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>

#include "runtime/guard/guard.h"

namespace reprise::runtime::recorded_driver_test {
namespace {

using host_test::RecordedDriver;
using host_test::step;
using host_test::Task;
using replay::Execution;
using replay::Outcome;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

WorkerCode worker(testing::Body body) {
  WorkerCode code;
  code.workflows["w"] = testing::code_of(std::move(body));
  code.activities["charge"] = [](ActivityAttempt& attempt, std::string_view) {
    return Outcome::success("charged " + std::string(attempt.workflow_id()));
  };
  return code;
}

// A step, an activity, a signal.
testing::Body order() {
  return [](Execution& e) {
    std::string text = step(e, "price", [] { return "5"; });
    e.answer("so far", [&text](std::string_view) { return base::Result<std::string>(text); });
    text += ", " + testing::call(e, "charge");
    const auto go = e.next_signal("go");
    e.wait(*go);
    return Outcome::success(text + ", " + go->take_outcome().payload());
  };
}

std::string answer(RecordedDriver& driver, std::uint64_t run, std::string_view query) {
  host_test::KeptRun& asked = driver.run(run);
  const auto answered = driver.executor().query(asked.place, asked.source(), query, {});
  return answered ? *answered : answered.error().text();
}

TEST(RecordedDriver, TasksAndWhatThreadsMakeOfThemBringARunToItsEnd) {
  RecordedDriver driver;
  driver.deploy(worker(order()));
  EXPECT_THAT(driver.handle({1, {testing::started()}}), ElementsAre("StepScheduled price"));
  EXPECT_THAT(driver.handle(driver.next_task()), ElementsAre("ActivityScheduled charge"));
  EXPECT_THAT(driver.handle(driver.next_task()), IsEmpty());
  EXPECT_THAT(driver.handle({1, {testing::signal("go", "gone")}}), ElementsAre("RunCompleted"));
  EXPECT_EQ(driver.run(1).history().back().commands(0).run_completed().result(),
            "5, charged run-1, gone");
}

TEST(RecordedDriver, ARunThatLeavesBetweenAllTasksIsReplayedFromTheDriversOwnHistory) {
  std::vector<std::thread::id> threads;
  int calls = 0;
  RecordedDriver driver;
  driver.deploy(worker([&](Execution& e) {
    ++calls;
    threads.push_back(std::this_thread::get_id());
    return order()(e);
  }));
  const auto leave = [&] {
    driver.executor().evict(driver.run(1).place);
    EXPECT_FALSE(driver.run(1).resident());
  };
  driver.handle({1, {testing::started()}});
  const Task priced = driver.next_task();
  leave();
  driver.handle(priced);
  leave();
  driver.handle(driver.next_task());
  leave();
  EXPECT_EQ(answer(driver, 1, "so far"), "5, charged run-1");
  leave();
  EXPECT_THAT(driver.handle({1, {testing::signal("go", "gone")}}), ElementsAre("RunCompleted"));
  EXPECT_EQ(calls, 5) << "at the start, and after each time it left";
  EXPECT_THAT(threads, ::testing::Each(std::this_thread::get_id()));
}

TEST(RecordedDriver, AClosureIsExecutedElsewhereWhileItsRunWaitsAndOthersGoOn) {
  std::latch begun(1);
  std::latch may_end(1);
  std::thread::id elsewhere;
  RecordedDriver driver;
  driver.deploy(worker([&](Execution& e) {
    if (e.info().workflow_id != "run-1") return Outcome::success(testing::call(e, "charge"));
    const std::string local = "local";
    return Outcome::success(step(e, "slow", [&] {
      elsewhere = std::this_thread::get_id();
      begun.count_down();
      may_end.wait();
      return local + " of the run";
    }));
  }));
  driver.handle({1, {testing::started()}});
  begun.wait();
  driver.executor().evict(driver.run(1).place);
  EXPECT_TRUE(driver.run(1).resident()) << "the closure refers to its stack";
  driver.handle({2, {testing::started()}});
  EXPECT_THAT(driver.handle(driver.next_task()), ElementsAre("RunCompleted"));
  may_end.count_down();
  EXPECT_THAT(driver.handle(driver.next_task()), ElementsAre("RunCompleted"));
  EXPECT_EQ(driver.run(1).history().back().commands(0).run_completed().result(),
            "local of the run");
  EXPECT_NE(elsewhere, std::this_thread::get_id());
}

TEST(RecordedDriver, ARunWhoseCodeHasABugGoesOnWithTheNextCode) {
  RecordedDriver driver;
  driver.deploy(worker([](Execution& e) -> Outcome {
    testing::call(e, "charge");
    throw std::logic_error("not yet");
  }));
  driver.handle({1, {testing::started()}});
  EXPECT_THAT(driver.handle(driver.next_task()), IsEmpty());
  ASSERT_TRUE(driver.parked());
  EXPECT_EQ(driver.parked()->code, base::ErrorCode::kWorkflowBug);
  EXPECT_FALSE(driver.run(1).resident());

  driver.deploy(worker([](Execution& e) { return Outcome::success(testing::call(e, "charge")); }));
  EXPECT_THAT(driver.handle({1, {}}), ElementsAre("RunCompleted")) << "from the inputs it has kept";
  EXPECT_EQ(driver.run(1).history().back().commands(0).run_completed().result(), "charged run-1");
}

TEST(RecordedDriver, CodeThatDoesSomethingElseThanItsHistoryIsParkedWithTheDifference) {
  RecordedDriver driver;
  driver.deploy(worker(order()));
  driver.handle({1, {testing::started()}});
  const Task priced = driver.next_task();
  driver.deploy(worker([](Execution& e) { return Outcome::success(testing::call(e, "refund")); }));
  EXPECT_THAT(driver.handle(priced), IsEmpty());
  ASSERT_TRUE(driver.parked());
  EXPECT_EQ(driver.parked()->code, base::ErrorCode::kNondeterminism);
  EXPECT_THAT(driver.parked()->report, HasSubstr("refund"));
}

TEST(RecordedDriver, TheGuardWatchesItsRunsToo) {
  Guard guard(GuardMode::kPark, [](LogLevel, std::string_view) {});
  RecordedDriver driver({.guard = &guard});
  driver.deploy(worker([](Execution& e) {
    const std::time_t now = std::time(nullptr);
    return Outcome::success(testing::call(e, "at " + std::to_string(now)));
  }));
  EXPECT_THAT(driver.handle({1, {testing::started()}}), IsEmpty());
  ASSERT_TRUE(driver.parked());
  EXPECT_EQ(driver.parked()->code, base::ErrorCode::kForbiddenCall);
  EXPECT_THAT(driver.parked()->report, HasSubstr("time"));
}

}  // namespace
}  // namespace reprise::runtime::recorded_driver_test
