// What a run that goes on from an earlier event begins with, from histories that are made up.
#include "runtime/engine/reset_plan.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/engine/failed_at.h"
#include "tests/support/scripted_run.h"

namespace reprise::runtime::reset_plan_test {
namespace {

using base::ErrorCode;
using proto::Event;
using proto::Turn;
using testing::activity_completed;
using testing::activity_failed;
using testing::signal;

Event scheduled(std::uint32_t id) {
  Event event;
  event.mutable_activity_scheduled()->set_id(id);
  return event;
}

Turn turn(std::vector<Event> inputs, std::vector<Event> commands, bool without_code = false) {
  Turn turn;
  for (const Event& input : inputs) *turn.add_inputs() = input;
  for (const Event& command : commands) *turn.add_commands() = command;
  turn.set_without_code(without_code);
  return turn;
}

Event started(std::uint32_t carried = 0) {
  Event event = testing::started();
  event.mutable_run_started()->set_run_id(std::string(16, '\x01'));
  event.mutable_run_started()->set_carried(carried);
  return event;
}

// Events 1 to 9.
std::vector<Turn> usual() {
  return {turn({started(), signal("a")}, {scheduled(1)}), turn({activity_completed(1)}, {}),
          turn({signal("b"), signal("c")}, {scheduled(2)}), turn({activity_completed(2)}, {})};
}

// The sizes of the turns of the prefix, in events, then the number of inputs that follow.
std::vector<int> shape(const ResetPlan& plan) {
  std::vector<int> sizes;
  for (const Turn& each : plan.prefix) sizes.push_back(each.inputs_size() + each.commands_size());
  sizes.push_back(static_cast<int>(plan.inputs.size()));
  return sizes;
}

std::vector<int> planned(std::vector<Turn> history, ResetRequest request) {
  auto plan = plan_reset(std::move(history), request);
  if (!plan) return {-static_cast<int>(plan.error().code)};
  return shape(*plan);
}

TEST(ResetPlan, IsCutAtTheTurnsBeginning) {
  const auto at = [](std::uint64_t event) {
    return planned(usual(), {.event = event, .reapply = proto::RunReset::SIGNALS});
  };
  using ::testing::ElementsAre;
  for (const int event : {1, 2, 3}) EXPECT_THAT(at(event), ElementsAre(1, 3)) << event;
  EXPECT_THAT(at(4), ElementsAre(3, 2));
  for (const int event : {5, 6, 7}) EXPECT_THAT(at(event), ElementsAre(3, 1, 2)) << event;
  EXPECT_THAT(at(8), ElementsAre(3, 1, 3, 0));
  EXPECT_THAT(at(9), ElementsAre(-3025));
  EXPECT_THAT(planned({}, {.event = 1}), ElementsAre(-3025));
}

TEST(ResetPlan, WhatWasCarriedBelongsToTheStart) {
  const std::vector<Turn> history{turn({started(3), signal("a")}, {}, true),
                                  turn({signal("b")}, {}, true),
                                  turn({signal("c"), signal("d")}, {scheduled(1)})};
  for (const std::uint64_t event : {1, 2, 3, 4, 5, 6}) {
    const auto plan = plan_reset(history, {.event = event, .reapply = proto::RunReset::SIGNALS});
    ASSERT_TRUE(plan);
    EXPECT_THAT(shape(*plan), ::testing::ElementsAre(2, 1, 1, 1)) << event;
    EXPECT_TRUE(plan->prefix.back().without_code());
  }
  // In a history that was made up, more than there is.
  EXPECT_THAT(planned({turn({started(100), signal("a")}, {})}, {.event = 2}),
              ::testing::ElementsAre(-1005));
}

TEST(ResetPlan, CopiesAreTheNewRunsOwn) {
  auto plan = plan_reset(usual(), {.event = 8});
  ASSERT_TRUE(plan);
  const auto from = *base::RunId::from_bytes(std::string(16, '\x01'));
  const auto next = *base::RunId::from_bytes(std::string(16, '\x02'));
  take_over({.run_id = next, .workflow_id = "x", .first_of_chain = from}, from, &*plan);
  const proto::RunStarted& start = plan->prefix[0].inputs(0).run_started();
  EXPECT_EQ(start.run_id(), next.bytes());
  EXPECT_EQ(start.workflow_id(), "x");
  EXPECT_EQ(start.continued_from_run_id(), from.bytes());
  EXPECT_EQ(start.origin().made_as_run_id(), from.bytes());
  EXPECT_EQ(start.origin().event(), 8U);
}

Turn failing(std::vector<Event> inputs, std::string message) {
  Event failed;
  failed.mutable_run_failed()->mutable_failure()->set_kind(proto::Failure::APPLICATION);
  failed.mutable_run_failed()->mutable_failure()->set_message("wrapped");
  failed.mutable_run_failed()->mutable_failure()->mutable_cause()->set_kind(
      proto::Failure::ACTIVITY);
  failed.mutable_run_failed()->mutable_failure()->mutable_cause()->set_message(std::move(message));
  return turn(std::move(inputs), {failed});
}

TEST(FailedAt, IsTheOperationWhoseFailureEndedTheRun) {
  const std::vector<Turn> begin{turn({started()}, {scheduled(1), scheduled(2), scheduled(3)}),
                                turn({activity_failed(1, "no")}, {}),
                                turn({activity_failed(2, "other")}, {})};
  auto cause = begin;
  cause.push_back(failing({activity_completed(3)}, "no"));
  EXPECT_EQ(failed_at(cause)->event, 5U);
  EXPECT_EQ(failed_at(cause)->operation, 1U);
  // Not one that it has handled: then the code failed, in its last turn.
  auto own = begin;
  own.push_back(failing({activity_completed(3)}, "a bug"));
  EXPECT_EQ(failed_at(own)->event, 7U);
  EXPECT_EQ(failed_at(own)->operation, 0U);
  // It may have made another failure of what it was given at last.
  auto last = begin;
  last.push_back(failing({activity_failed(3, "unlike")}, "a bug"));
  EXPECT_EQ(failed_at(last)->event, 7U);
  EXPECT_EQ(failed_at(last)->operation, 3U);
  EXPECT_EQ(failed_at(begin).error().code, ErrorCode::kNothingFailed);
  EXPECT_EQ(failed_at({}).error().code, ErrorCode::kNothingFailed);
}

}  // namespace
}  // namespace reprise::runtime::reset_plan_test
