#include "runtime/engine/attempts.h"

#include <array>
#include <map>

#include "tests/unit/runtime/shard_parts.h"

namespace reprise::runtime::attempts_test {
namespace {

class AttemptsTest : public shard_parts::ShardParts {
 protected:
  AttemptsTest() : run_(start("a")) {
    settle();
    activity_.set_id(1);
    activity_.set_name("charge");
  }

  // The run's code has asked for activity 1; its first attempt waits for a thread.
  void dispatch() {
    proto::Event command;
    *command.mutable_activity_scheduled() = activity_;
    record(run_, command);
    attempts_.start(run_, 1);
    ASSERT_TRUE(attempts_.submit());
  }
  AttemptResult result(std::uint32_t attempt, replay::Outcome outcome) {
    AttemptResult result;
    result.key = {0, run_.state.number, 1, attempt};
    result.outcome = std::move(outcome);
    result.token = shared_.store->attempt_slots().take({run_.state.number, 1, attempt});
    return result;
  }
  static replay::Outcome failure() {
    proto::Failure failure;
    failure.set_kind(proto::Failure::APPLICATION);
    failure.set_message("no network");
    return replay::Outcome::failed(failure);
  }
  // The only input that was gathered.
  const proto::Event& gathered() {
    static const proto::Event kNone;
    EXPECT_TRUE(run_.turn != nullptr && run_.turn->inputs_size() == 1);
    return run_.turn == nullptr ? kNone : run_.turn->inputs(0);
  }
  // Timers that are due, as a shard hands them on.
  void pass(base::Duration time) {
    clock_.advance(time);
    timers_.fire_due(base::to_ms(clock_.now()), [this](KnownRun& run, const TimerEntry& entry) {
      if (entry.kind == TimerEntry::Kind::kRetry) attempts_.retry_due(run, entry);
      if (entry.kind == TimerEntry::Kind::kScheduleToStart) attempts_.start_is_late(run, entry);
      if (entry.kind == TimerEntry::Kind::kScheduleToClose) attempts_.close_is_late(run, entry);
    });
  }
  LiveOperation& live() { return *run_.live(1); }
  // What a worker of that queue would get.
  std::vector<AttemptTask> waiting_in(const std::string& task_queue) {
    struct Nobody final : AttemptObserver {
      void taken() override {}
      std::uint64_t started(const AttemptKey&) override { return 0; }
      void finished(AttemptResult&&) override {}
      void heartbeat(const AttemptKey&, std::string) override {}
      void timed_out(const AttemptKey&, std::string_view) override {}
    } nobody;
    AttemptPool pool(std::make_shared<WorkerCode>(), 0, nobody);
    EXPECT_TRUE(shared_.task_queues.attach(task_queue, &pool));
    shared_.task_queues.detach(task_queue);
    return pool.shut_down();
  }

  KnownRun& run_;
  proto::ActivityScheduled activity_;
};

// Tasks of a round are kept by queue.
TEST_F(AttemptsTest, EachGoesToItsOwnTaskQueue) {
  constexpr std::array kQueues = {"b", "b", "c", "default", "b", "d", "c"};
  const auto dispatch_all = [&](std::uint32_t first) {
    for (std::size_t i = 0; i < kQueues.size(); ++i) {
      proto::Event command;
      auto* activity = command.mutable_activity_scheduled();
      activity->set_id(first + static_cast<std::uint32_t>(i));
      activity->set_name("charge");
      activity->set_task_queue(kQueues[i]);
      record(run_, command);
      attempts_.start(run_, activity->id());
    }
    EXPECT_TRUE(attempts_.submit());
    EXPECT_FALSE(attempts_.submit());
  };
  dispatch_all(1);
  dispatch_all(101);
  std::map<std::string, std::vector<std::uint32_t>> taken;
  for (const char* queue : {"b", "c", "d", "default"}) {
    for (const AttemptTask& task : waiting_in(queue)) taken[queue].push_back(task.key.operation);
  }
  using Ids = std::vector<std::uint32_t>;
  EXPECT_EQ(taken["b"], (Ids{1, 2, 5, 101, 102, 105}));
  EXPECT_EQ(taken["c"], (Ids{3, 7, 103, 107}));
  EXPECT_EQ(taken["default"], (Ids{4, 104}));
  EXPECT_EQ(taken["d"], (Ids{6, 106}));
}

TEST_F(AttemptsTest, AResultIsAnInputOnce) {
  dispatch();
  attempts_.start(run_, 1);
  EXPECT_FALSE(attempts_.submit()) << "one is under way";
  attempts_.take_result(result(1, replay::Outcome::success("paid")));
  EXPECT_EQ(gathered().activity_completed().result(), "paid");
  attempts_.take_result(result(1, replay::Outcome::success("again")));
  EXPECT_EQ(run_.turn->inputs_size(), 1);
  settle();
  EXPECT_EQ(run_.live(1), nullptr);
  EXPECT_EQ(run_.state.find(1), nullptr);
}

TEST_F(AttemptsTest, AFailureIsFollowedByAnotherAttemptWhenThatIsDue) {
  dispatch();
  attempts_.take_result(result(1, failure()));
  const proto::AttemptFailed failed = gathered().attempt_failed();
  EXPECT_EQ(failed.attempt(), 1u);
  const std::int64_t now_ms = base::to_ms(clock_.now());
  EXPECT_GT(failed.retry_at_ms(), now_ms);
  attempts_.start(run_, 1);
  EXPECT_FALSE(attempts_.submit()) << "that it failed is not recorded";
  settle();
  attempts_.start(run_, 1);
  EXPECT_FALSE(attempts_.submit()) << "it is not due";
  EXPECT_EQ(timers_.next_due_ms(), failed.retry_at_ms());
  pass(base::Duration(failed.retry_at_ms() - now_ms));
  EXPECT_TRUE(attempts_.submit());
  EXPECT_EQ(run_.state.find(1)->attempt, 2u);
  attempts_.take_result(result(1, replay::Outcome::success("late")));
  EXPECT_EQ(run_.turn, nullptr) << "the first attempt is over";
}

TEST_F(AttemptsTest, TheLastAttemptsFailureIsTheActivitys) {
  activity_.mutable_retry()->set_maximum_attempts(1);
  dispatch();
  attempts_.take_result(result(1, failure()));
  const proto::Failure& told = gathered().activity_failed().failure();
  EXPECT_EQ(told.activity(), "charge");
  EXPECT_EQ(told.message(), "activity 'charge' failed at attempt 1: no network");
  EXPECT_EQ(told.cause().message(), "no network");
}

TEST_F(AttemptsTest, AnAttemptThatTheProcessDiedInCounts) {
  proto::Event command;
  *command.mutable_activity_scheduled() = activity_;
  record(run_, command);
  attempts_.lost({run_.state.number, 1, 2});
  EXPECT_EQ(run_.turn, nullptr) << "there was no second one";
  attempts_.lost({run_.state.number, 1, 1});
  EXPECT_EQ(gathered().attempt_failed().failure().type(), "ProcessDied");
}

TEST_F(AttemptsTest, OneThatIsGivenBackIsAsIfItHadNotBegun) {
  dispatch();
  AttemptResult given_back = result(1, failure());
  given_back.abandoned = true;
  attempts_.take_result(std::move(given_back));
  EXPECT_EQ(run_.turn, nullptr);
  EXPECT_TRUE(attempts_.submit());
  EXPECT_EQ(run_.state.find(1)->attempt, 1u);
}

TEST_F(AttemptsTest, NoWorkerBeginsItInTime) {
  activity_.set_schedule_to_start_ms(50);
  dispatch();
  pass(base::Duration(49));
  EXPECT_EQ(run_.turn, nullptr);
  pass(base::Duration(1));
  EXPECT_EQ(gathered().activity_failed().failure().cause().type(), "schedule_to_start");
  EXPECT_FALSE(live().details->control->claim());
}

TEST_F(AttemptsTest, OneThatHasBegunInTimeIsNotLate) {
  activity_.set_schedule_to_start_ms(50);
  dispatch();
  ASSERT_TRUE(live().details->control->claim());
  pass(base::Duration(100));
  EXPECT_EQ(run_.turn, nullptr);
}

TEST_F(AttemptsTest, AllOfThemTogetherAreLate) {
  activity_.set_schedule_to_close_ms(100);
  dispatch();
  pass(base::Duration(100));
  EXPECT_EQ(gathered().activity_failed().failure().cause().type(), "schedule_to_close");
  attempts_.take_result(result(1, replay::Outcome::success("late")));
  EXPECT_EQ(run_.turn->inputs_size(), 1);
}

TEST_F(AttemptsTest, HeartbeatsAreRecordedAtMostOnceASecond) {
  dispatch();
  const AttemptKey key{0, run_.state.number, 1, 1};
  attempts_.heartbeat(key, "1");
  EXPECT_EQ(gathered().heartbeat_recorded().heartbeat(), "1");
  settle();
  clock_.advance(base::Duration(999));
  attempts_.heartbeat(key, "2");
  EXPECT_EQ(run_.turn, nullptr);
  attempts_.timed_out(key, "heartbeat");
  EXPECT_EQ(gathered().attempt_failed().heartbeat(), "2") << "the newest are kept all the same";
}

TEST_F(AttemptsTest, WithoutRoomALimitThatWasOverrunWaits) {
  dispatch();
  fill_disk();
  attempts_.timed_out({0, run_.state.number, 1, 1}, "start_to_close");
  EXPECT_EQ(run_.turn, nullptr);
  shared_.space.set({});
  std::vector<Mail> mail;
  intake_.take(&mail);
  ASSERT_EQ(mail.size(), 1u);
  std::get<std::function<void()>>(mail[0])();
  EXPECT_EQ(gathered().attempt_failed().failure().type(), "start_to_close");
}

TEST_F(AttemptsTest, TheMarkOfAnAttemptStaysUntilItsResultIsDurable) {
  dispatch();
  const auto slot = shared_.store->attempt_slots().take({run_.state.number, 1, 1});
  AttemptResult first = result(1, replay::Outcome::success("paid"));
  const auto of_result = static_cast<store::AttemptSlots::Slot>(first.token);
  shared_.store->attempt_slots().release(slot);
  attempts_.take_result(std::move(first));
  run_turns();
  release();
  const auto while_queued = shared_.store->attempt_slots().take({run_.state.number, 9, 1});
  EXPECT_EQ(while_queued, slot) << "the only one that is free";
  commit();
  release();
  EXPECT_EQ(shared_.store->attempt_slots().take({run_.state.number, 9, 2}), of_result);
}

}  // namespace
}  // namespace reprise::runtime::attempts_test
