// Activities that are cancelled and whose outcome the code waits for: what becomes of their
// attempts at each stage.
#include <string>
#include <utility>

#include "tests/unit/runtime/shard_parts.h"

namespace reprise::runtime::cancelled_attempts_test {
namespace {

class CancelledAttempts : public shard_parts::ShardParts {
 protected:
  CancelledAttempts() : run_(start("a")) {
    settle();
    activity_.set_id(1);
    activity_.set_name("charge");
    activity_.set_on_cancel(proto::ActivityScheduled::WAIT);
  }

  void schedule() {
    proto::Event command;
    *command.mutable_activity_scheduled() = activity_;
    record(run_, command);
  }
  // Its first attempt waits for a thread.
  void dispatch() {
    schedule();
    attempts_.start(run_, 1);
    ASSERT_TRUE(attempts_.submit());
  }
  // A thread executes it.
  void begin() {
    dispatch();
    ASSERT_TRUE(control()->claim());
  }
  // The code cancels it, and that is durable.
  void cancel() {
    proto::Event command;
    command.mutable_activity_cancel_awaited()->set_id(1);
    record(run_, command);
    attempts_.ask_to_cancel(run_, 1);
  }
  void report(replay::Outcome outcome, bool abandoned = false) {
    AttemptResult result;
    result.key = {0, run_.state.number, 1, run_.state.find(1)->attempt};
    result.outcome = std::move(outcome);
    result.abandoned = abandoned;
    result.token = shared_.store->attempt_slots().take({run_.state.number, 1, 1});
    attempts_.take_result(std::move(result));
  }
  static replay::Outcome failure(proto::Failure::Kind kind = proto::Failure::APPLICATION) {
    proto::Failure failure;
    failure.set_kind(kind);
    failure.set_message("no network");
    return replay::Outcome::failed(failure);
  }
  // The only input that was gathered, and what it says.
  std::string gathered() {
    if (run_.turn == nullptr) return "nothing";
    EXPECT_EQ(run_.turn->inputs_size(), 1);
    const proto::Event& input = run_.turn->inputs(0);
    if (!input.has_activity_failed()) return std::string(event::row_of(input).name);
    const proto::Failure& failure = input.activity_failed().failure();
    return (failure.kind() == proto::Failure::CANCELLED ? "cancelled: " : "failed: ") +
           failure.message();
  }
  std::shared_ptr<AttemptControl> control() { return run_.live(1)->details->control; }

  KnownRun& run_;
  proto::ActivityScheduled activity_;
};

constexpr const char* kBeforeTheFirst =
    "cancelled: activity 'charge' was cancelled before attempt 1";

TEST_F(CancelledAttempts, OneThatWaitsForAThreadIsNotBegun) {
  dispatch();
  const auto queued = control();
  cancel();
  EXPECT_EQ(gathered(), kBeforeTheFirst);
  EXPECT_FALSE(queued->claim());
  attempts_.ask_to_cancel(run_, 1);
  attempts_.start(run_, 1);
  EXPECT_EQ(gathered(), kBeforeTheFirst) << "once";
  EXPECT_FALSE(attempts_.submit());
  settle();
  EXPECT_EQ(run_.state.find(1), nullptr);
}

TEST_F(CancelledAttempts, OneOfTheSameTurnIsNotDispatched) {
  schedule();
  proto::Event command;
  command.mutable_activity_cancel_awaited()->set_id(1);
  record(run_, command);
  attempts_.start(run_, 1);  // the effect of its command
  attempts_.ask_to_cancel(run_, 1);
  EXPECT_FALSE(attempts_.submit());
  EXPECT_EQ(gathered(), kBeforeTheFirst);
}

TEST_F(CancelledAttempts, OneUnderWayIsAskedAndAwaited) {
  begin();
  const auto running = control();
  struct Nobody final : AttemptObserver {
    void taken() override {}
    std::uint64_t started(const AttemptKey&) override { return 0; }
    void finished(AttemptResult&&) override {}
    void heartbeat(const AttemptKey&, std::string) override {}
    void timed_out(const AttemptKey&, std::string_view) override {}
  } nobody;
  AttemptPool pool(std::make_shared<WorkerCode>(), 0, nobody);
  ASSERT_TRUE(shared_.task_queues.attach("default", &pool));
  cancel();
  EXPECT_TRUE(running->stop.stop_requested());
  shared_.task_queues.detach("default");
  EXPECT_EQ(gathered(), "nothing");
  report(replay::Outcome::success("paid"));
  EXPECT_EQ(gathered(), "ActivityCompleted") << "a result on its way wins";
}

TEST_F(CancelledAttempts, OneThatStopsHasCancelled) {
  begin();
  cancel();
  report(failure(proto::Failure::CANCELLED));
  EXPECT_EQ(gathered(), "cancelled: activity 'charge' was cancelled at attempt 1: no network");
}

TEST_F(CancelledAttempts, OneThatFailsIsNotRetried) {
  begin();
  cancel();
  report(failure());
  EXPECT_EQ(gathered(), "failed: activity 'charge' failed at attempt 1: no network");
}

TEST_F(CancelledAttempts, OneThatOverrunsItsLimitIsNotRetried) {
  begin();
  cancel();
  attempts_.timed_out({0, run_.state.number, 1, 1}, "start_to_close");
  EXPECT_EQ(run_.turn->inputs(0).activity_failed().failure().cause().type(), "start_to_close");
}

TEST_F(CancelledAttempts, OneThatFailedInTheTurnOfTheCancellationHasNoSuccessor) {
  begin();
  report(failure());
  EXPECT_EQ(gathered(), "AttemptFailed");
  settle();
  cancel();
  EXPECT_EQ(gathered(), "cancelled: activity 'charge' was cancelled before attempt 2")
      << "at once, and not when the next attempt is due";
  settle();
  clock_.advance(base::Duration(1'000'000));
  timers_.fire_due(base::to_ms(clock_.now()), [](auto&, auto&) { ADD_FAILURE() << "a retry"; });
  EXPECT_FALSE(attempts_.submit());
}

TEST_F(CancelledAttempts, OneWhoseWorkerStopsHasCancelled) {
  begin();
  cancel();
  report(failure(), true);
  EXPECT_EQ(gathered(), kBeforeTheFirst);
  EXPECT_FALSE(attempts_.submit());
}

// ---- after a restart --------------------------------------------------------------------------

TEST_F(CancelledAttempts, OneThatTheProcessDiedInHasStopped) {
  schedule();
  proto::Event command;
  command.mutable_activity_cancel_awaited()->set_id(1);
  record(run_, command);
  attempts_.lost({run_.state.number, 1, 1});
  EXPECT_EQ(gathered(),
            "cancelled: activity 'charge' was cancelled at attempt 1: RP4003 the "
            "process ended while this attempt was under way");
  attempts_.start(run_, 1);  // as recovery asks for each that is pending
  EXPECT_EQ(run_.turn->inputs_size(), 1);
}

TEST_F(CancelledAttempts, OneThatHadNotBegunHasCancelled) {
  schedule();
  proto::Event command;
  command.mutable_activity_cancel_awaited()->set_id(1);
  record(run_, command);
  attempts_.start(run_, 1);
  EXPECT_EQ(gathered(), kBeforeTheFirst);
}

// The bit is part of the summary from which recovery begins.
TEST_F(CancelledAttempts, TheRequestIsInTheSummary) {
  schedule();
  proto::Event command;
  command.mutable_activity_cancel_awaited()->set_id(1);
  record(run_, command);
  proto::RunSummary summary;
  run_.state.to_summary(&summary);
  const RunState again = RunState::from_summary(7, summary, names_);
  ASSERT_NE(again.find(1), nullptr);
  EXPECT_TRUE(again.find(1)->cancel_asked);
}

TEST_F(CancelledAttempts, AnOpenAttemptStaysOpen) {
  begin();
  AttemptResult left;
  left.key = {0, run_.state.number, 1, 1};
  left.left_open = true;
  left.outcome = replay::Outcome::success("");
  left.token = shared_.store->attempt_slots().take({run_.state.number, 1, 1});
  attempts_.take_result(std::move(left));
  settle();
  cancel();
  EXPECT_EQ(gathered(), "nothing");
  ASSERT_NE(run_.state.find(1), nullptr);
  EXPECT_TRUE(run_.state.find(1)->open);
  proto::Failure stopped;
  stopped.set_kind(proto::Failure::CANCELLED);
  stopped.set_message("the desk knows");
  const proto::Event* const input = attempts_.fail(run_, *run_.state.find(1), stopped);
  ASSERT_NE(input, nullptr);
  EXPECT_TRUE(input->activity_failed().elsewhere());
  EXPECT_EQ(gathered(), "cancelled: activity 'charge' was cancelled at attempt 1: the desk knows");
}

}  // namespace
}  // namespace reprise::runtime::cancelled_attempts_test
