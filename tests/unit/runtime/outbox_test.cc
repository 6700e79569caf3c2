#include "runtime/engine/outbox.h"

#include "tests/unit/runtime/shard_parts.h"

namespace reprise::runtime::outbox_test {
namespace {

class OutboxTest : public shard_parts::ShardParts {
 protected:
  void send(KnownRun& run, std::string* told) {
    round_.add_input(
        run, [](proto::Event* input) { input->mutable_signal_received(); }, into(told));
  }
  void end(KnownRun& run) {
    round_.record_end(
        run, [](proto::Event* input) { input->mutable_run_terminated()->set_reason("r"); },
        [](const base::Status&) {});
  }
  Reply<replay::Outcome> outcome_into(std::string* told) {
    return [told](const base::Result<replay::Outcome>& outcome) {
      *told = outcome ? std::string(outcome->payload()) : base::to_string(outcome.error().code);
    };
  }
};

TEST_F(OutboxTest, AStartAndAnInputAreConfirmedWhenTheyAreDurable) {
  KnownRun& run = start("a");
  bool started = false;
  run.with_extras().started = [&](const base::Result<StartedRun>& reply) {
    started = reply.has_value() && reply->run_id == run.state.id;
  };
  std::string told;
  send(run, &told);
  run_turns();
  release();
  EXPECT_FALSE(started);
  EXPECT_EQ(told, "");
  commit();
  release();
  EXPECT_TRUE(started);
  EXPECT_EQ(told, "done");
  EXPECT_EQ(run.extras, nullptr) << "nothing is kept of it";
}

TEST_F(OutboxTest, AnUpdateIsAnsweredOnceByWhatTheTurnRecords) {
  KnownRun& run = start("a");
  settle();
  std::string first;
  std::string second;
  run.with_extras().updates.push_back({"u1", outcome_into(&first)});
  run.with_extras().updates.push_back({"u2", outcome_into(&second)});
  proto::Event completed;
  completed.mutable_update_completed()->set_update_id("u1");
  completed.mutable_update_completed()->set_result("answer");
  effects_.next_turn();
  record(run, completed);
  EXPECT_EQ(run.extras->updates.size(), 1u);
  effects_.appended(2);
  release();
  EXPECT_EQ(first, "");
  shared_.durable = 2;
  release();
  EXPECT_EQ(first, "answer");
  EXPECT_EQ(second, "");
  Outbox::refuse_updates(run, {base::ErrorCode::kNondeterminism, "parked"});
  EXPECT_EQ(second, "RP2001");
}

TEST_F(OutboxTest, WhoWaitsForTheEndIsToldWhenItIsDurable) {
  KnownRun& run = start("a");
  const auto watch = std::make_shared<RunWatch>();
  std::string update;
  run.with_extras().watches.push_back(watch);
  run.with_extras().updates.push_back({"u", outcome_into(&update)});
  end(run);
  run_turns();
  release();
  EXPECT_FALSE(watch->ready());
  commit();
  release();
  ASSERT_TRUE(watch->ready());
  EXPECT_EQ((*watch->get()).status, RunStatus::kTerminated);
  EXPECT_EQ(update, "RP3006") << "nothing will come of it";
}

TEST_F(OutboxTest, EveryoneWhoWaitsForTheEndGetsTheWholeOfIt) {
  KnownRun& run = start("a");
  const auto first = std::make_shared<RunWatch>();
  const auto second = std::make_shared<RunWatch>();
  run.with_extras().watches = {first, second, first};
  end(run);
  settle();
  for (const auto& watch : {first, second}) {
    ASSERT_TRUE(watch->ready());
    EXPECT_EQ((*watch->get()).failure().message(), "the run was terminated: r");
  }
}

TEST_F(OutboxTest, ARefusalWaitsForTheTurnsThatItComesFrom) {
  const base::Error why{base::ErrorCode::kAlreadyStarted, "a"};
  std::string unknown;
  outbox_.refuse(nullptr, why, into(&unknown));
  EXPECT_EQ(unknown, "RP3004") << "it follows from no run";

  KnownRun& run = start("a");
  round_.run_turns();
  std::string in_round;
  outbox_.refuse(&run, why, into(&in_round));
  round_.append();
  std::string appended;
  outbox_.refuse(&run, why, into(&appended));
  release();
  EXPECT_EQ(in_round, "");
  EXPECT_EQ(appended, "");
  commit();
  release();
  EXPECT_EQ(in_round, "RP3004");
  EXPECT_EQ(appended, "RP3004");

  std::string durable;
  outbox_.refuse(&run, why, into(&durable));
  EXPECT_EQ(durable, "RP3004");
}

TEST_F(OutboxTest, AClosingEngineTellsThoseWhoseTurnsAreNotDurable) {
  KnownRun& run = start("a");
  std::string durable;
  send(run, &durable);
  run_turns();
  commit();
  std::string queued;
  send(run, &queued);
  run_turns();
  outbox_.answer_requests({base::ErrorCode::kStoreClosed, "closed"});
  EXPECT_EQ(durable, "");
  EXPECT_EQ(queued, "RP1008");
  const auto watch = std::make_shared<RunWatch>();
  run.with_extras().watches.push_back(watch);
  Outbox::fail_waiting(run, {base::ErrorCode::kStoreClosed, "closed"});
  ASSERT_TRUE(watch->ready());
  EXPECT_FALSE(watch->get());
}

}  // namespace
}  // namespace reprise::runtime::outbox_test
