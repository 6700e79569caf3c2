#include "runtime/engine/timers.h"

#include <vector>

#include <gtest/gtest.h>

#include "runtime/fold/names.h"

namespace reprise::runtime::timers_test {
namespace {

class TimersTest : public ::testing::Test {
 protected:
  // A run whose code has started timers 1 to `count`, all of `duration_ms`.
  KnownRun& run_with_timers(store::RunNumber number, int count, std::int64_t duration_ms = 0) {
    RunState state;
    state.number = number;
    state.workflow_id = "run-" + std::to_string(number);
    proto::Turn turn;
    for (int id = 1; id <= count; ++id) {
      auto* started = turn.add_commands()->mutable_timer_started();
      started->set_id(static_cast<std::uint32_t>(id));
      started->set_duration_ms(duration_ms);
    }
    state.apply(turn, names_);
    return runs_.add(std::move(state));
  }

  void arm_all(const KnownRun& run) {
    for (const PendingOperation& operation : run.state.pending()) {
      timers_.arm(run, operation, TimerEntry::Kind::kFire, operation.due_ms);
    }
  }

  void cancel(KnownRun& run, std::uint32_t id) {
    proto::Turn turn;
    turn.add_commands()->mutable_timer_cancelled()->set_id(id);
    run.state.apply(turn, names_);
  }

  std::vector<std::uint32_t> fired(std::int64_t now_ms) {
    std::vector<std::uint32_t> ids;
    timers_.fire_due(now_ms,
                     [&](KnownRun&, const TimerEntry& entry) { ids.push_back(entry.operation); });
    return ids;
  }

  Names names_;
  RunTable runs_;
  Timers timers_{runs_};
};

TEST_F(TimersTest, FiresWhatIsDueTheEarliestFirst) {
  KnownRun& run = run_with_timers(1, 3);
  const auto& pending = run.state.pending();
  timers_.arm(run, pending[0], TimerEntry::Kind::kFire, 30);
  timers_.arm(run, pending[1], TimerEntry::Kind::kFire, 10);
  timers_.arm(run, pending[2], TimerEntry::Kind::kFire, 20);
  EXPECT_EQ(timers_.next_due_ms(), 10);
  EXPECT_EQ(fired(9), std::vector<std::uint32_t>{});
  EXPECT_EQ(fired(20), (std::vector<std::uint32_t>{2, 3}));
  EXPECT_EQ(timers_.next_due_ms(), 30);
  EXPECT_EQ(fired(30), std::vector<std::uint32_t>{1});
  EXPECT_EQ(timers_.next_due_ms(), std::nullopt);
}

TEST_F(TimersTest, SaysNothingOfWhatHasBeenCancelledOrIsSettled) {
  KnownRun& run = run_with_timers(1, 4);
  arm_all(run);
  cancel(run, 2);
  run.with_extras().operations.at(3).stage = OperationStage::kSettled;
  EXPECT_EQ(fired(1'000), (std::vector<std::uint32_t>{1, 4}));
  KnownRun& gone = run_with_timers(2, 1);
  arm_all(gone);
  gone.state.last_seq = 1;
  runs_.closed(gone);
  runs_.forget_archived(1);
  bool any = timers_.fire_due(1'000, [](const auto&, const auto&) { FAIL(); });
  EXPECT_TRUE(any) << "it was due, though it meant nothing";
  any = timers_.fire_due(1'000, [](const auto&, const auto&) { FAIL(); });
  EXPECT_FALSE(any);
}

TEST_F(TimersTest, WhatIsArmedWhileOthersFireIsTakenWithThemIfItIsDue) {
  KnownRun& run = run_with_timers(1, 2);
  timers_.arm(run, run.state.pending()[0], TimerEntry::Kind::kRetry, 10);
  std::vector<std::int64_t> due;
  timers_.fire_due(25, [&](KnownRun& of, const TimerEntry& entry) {
    due.push_back(entry.due_ms);
    timers_.arm(of, *of.state.find(entry.operation), entry.kind, entry.due_ms + 10);
  });
  EXPECT_EQ(due, (std::vector<std::int64_t>{10, 20}));
  EXPECT_EQ(timers_.next_due_ms(), 30);
}

TEST_F(TimersTest, TheLimitOfARunIsATimerOfItsOwnWhileTheRunIsOpen) {
  proto::Turn start;
  start.set_time_ms(5);
  start.add_inputs()->mutable_run_started()->set_run_timeout_ms(10);
  RunState limited;
  limited.number = 1;
  limited.apply(start, names_);
  KnownRun& run = runs_.add(std::move(limited));
  timers_.arm_run(run);
  EXPECT_EQ(timers_.next_due_ms(), 15);
  std::vector<TimerEntry::Kind> kinds;
  const auto fire = [&](KnownRun&, const TimerEntry& entry) { kinds.push_back(entry.kind); };
  timers_.fire_due(15, fire);
  EXPECT_EQ(kinds, std::vector<TimerEntry::Kind>{TimerEntry::Kind::kRunTimeout});
  timers_.arm_run(run);
  proto::Turn last;
  last.add_commands()->mutable_run_completed();
  run.state.apply(last, names_);
  timers_.fire_due(15, fire);
  EXPECT_EQ(kinds.size(), 1u);
  timers_.arm_run(run);
  EXPECT_EQ(timers_.next_due_ms(), std::nullopt) << "it has none any more";
}

TEST_F(TimersTest, CancelledOnesAreSweptWhenTheyMayBeHalfOfAll) {
  constexpr int kTimers = 1'500;
  KnownRun& run = run_with_timers(1, kTimers, 1'000'000);
  for (int i = 0; i < kTimers; ++i) {
    timers_.arm(run, run.state.pending()[static_cast<std::size_t>(i)], TimerEntry::Kind::kFire, 99);
  }
  EXPECT_EQ(timers_.size(), 1'500u) << "all of them mean something";
  // Ids are found by binary search, so the sweep of the run's own vector does not matter.
  for (std::uint32_t id = 1; id <= 1'400; ++id) cancel(run, id);
  KnownRun& other = run_with_timers(2, 1'000, 1'000'000);
  arm_all(other);
  EXPECT_LT(timers_.size(), 1'500u);
  EXPECT_GE(timers_.size(), 1'100u);
  EXPECT_EQ(fired(2'000'000).size(), 1'100u);
}

}  // namespace
}  // namespace reprise::runtime::timers_test
