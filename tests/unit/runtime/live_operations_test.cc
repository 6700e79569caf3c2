#include "runtime/engine/live_operations.h"

#include <gtest/gtest.h>

#include "runtime/engine/run_table.h"
#include "tests/support/scripted_run.h"

namespace reprise::runtime::live_operations_test {
namespace {

// 1,000,000 runs that wait for a signal cost little more than their records.
static_assert(sizeof(KnownRun) <= 192);
static_assert(sizeof(PendingOperation) <= 32);

std::vector<std::uint32_t> ids(LiveOperations& operations) {
  std::vector<std::uint32_t> ids;
  operations.for_each([&](const LiveOperation& operation) { ids.push_back(operation.id); });
  return ids;
}

proto::Turn answer(std::uint32_t id) {
  proto::Turn turn;
  *turn.add_inputs() = testing::activity_completed(id);
  return turn;
}

TEST(LiveOperationsTest, AreKeptInTheOrderOfTheirIds) {
  LiveOperations operations;
  EXPECT_EQ(operations.find(2), nullptr);
  for (const std::uint32_t id : {2u, 7u, 4u}) operations.at(id);
  operations.at(4).stage = OperationStage::kDispatched;
  EXPECT_EQ(ids(operations), (std::vector<std::uint32_t>{2, 4, 7}));
  EXPECT_TRUE(operations.at(4).dispatched()) << "found again, not made afresh";
  EXPECT_EQ(operations.find(3), nullptr);
  EXPECT_EQ(operations.find(7)->stage, OperationStage::kWaiting);
}

TEST(LiveOperationsTest, AnIdThatIsGivenTwiceIsAnOperationAfresh) {
  LiveOperations operations;
  for (std::uint32_t id = 1; id <= 3; ++id) {
    operations.at(id).stage = OperationStage::kDispatched;
  }
  operations.apply(answer(1));
  EXPECT_EQ(operations.find(1), nullptr);
  EXPECT_FALSE(operations.at(1).dispatched());
  EXPECT_EQ(ids(operations), (std::vector<std::uint32_t>{1, 2, 3}));
  EXPECT_NE(operations.find(1), nullptr);
}

TEST(LiveOperationsTest, WhatATurnAnswersOrGivesUpIsForgotten) {
  LiveOperations operations;
  for (std::uint32_t id = 1; id <= 7; ++id) operations.at(id);
  proto::Turn turn = answer(1);
  turn.add_inputs()->mutable_activity_failed()->set_id(2);
  turn.add_inputs()->mutable_step_completed()->set_id(3);
  turn.add_inputs()->mutable_step_failed()->set_id(4);
  turn.add_commands()->mutable_step_abandoned()->set_id(5);
  turn.add_commands()->mutable_activity_cancel_requested()->set_id(6);
  operations.apply(turn);
  EXPECT_EQ(ids(operations), (std::vector<std::uint32_t>{7}));
  operations.apply(answer(7));
  EXPECT_TRUE(operations.empty());
}

TEST(LiveOperationsTest, ARecordedFailureOfAnAttemptLetsTheNextBegin) {
  LiveOperations operations;
  operations.at(1).stage = OperationStage::kRetried;
  operations.at(2).stage = OperationStage::kDispatched;
  operations.at(3).stage = OperationStage::kRetried;
  proto::Turn turn;
  for (const std::uint32_t id : {1u, 2u, 9u}) {
    turn.add_inputs()->mutable_attempt_failed()->set_id(id);
  }
  operations.apply(turn);
  EXPECT_EQ(operations.find(1)->stage, OperationStage::kWaiting);
  EXPECT_EQ(operations.find(2)->stage, OperationStage::kDispatched);
  EXPECT_EQ(operations.find(3)->stage, OperationStage::kRetried);
}

TEST(LiveOperationsTest, TheEndOfTheRunIsTheEndOfAll) {
  LiveOperations operations;
  operations.at(1);
  proto::Turn last;
  last.add_inputs()->mutable_run_terminated();
  operations.apply(last);
  EXPECT_TRUE(operations.empty());
}

TEST(LiveOperationsTest, ManyAreSweptNotShifted) {
  LiveOperations operations;
  for (std::uint32_t id = 1; id <= 1'000; ++id) {
    operations.at(id).details = std::make_unique<OperationDetails>();
  }
  for (std::uint32_t id = 1; id <= 999; ++id) {
    operations.apply(answer(id));
    ASSERT_EQ(operations.find(id), nullptr);
    ASSERT_NE(operations.find(1'000), nullptr) << id;
  }
  EXPECT_EQ(ids(operations), (std::vector<std::uint32_t>{1'000}));
}

// Extras hold what most runs do not have.
TEST(LiveOperationsTest, ExtrasAreKeptWhileThereAreAny) {
  KnownRun run;
  EXPECT_EQ(run.live(1), nullptr);
  run.with_extras().operations.at(1);
  run.drop_empty_extras();
  EXPECT_NE(run.live(1), nullptr);
  run.extras->operations.apply(answer(1));
  run.drop_empty_extras();
  EXPECT_EQ(run.extras, nullptr);
}

}  // namespace
}  // namespace reprise::runtime::live_operations_test
