// Messages between runs, step by step: who records what when, and what is sent again after a crash.
#include "runtime/engine/deliveries.h"

#include <gmock/gmock.h>

#include "tests/unit/runtime/shard_parts.h"

namespace reprise::runtime::deliveries_test {
namespace {

using base::ErrorCode;
using proto::Event;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Strings = std::vector<std::string>;

Event signal_to(const std::string& receiver, std::uint32_t id) {
  Event event;
  event.mutable_signal_sent()->set_id(id);
  event.mutable_signal_sent()->set_workflow_id(receiver);
  event.mutable_signal_sent()->set_name("go");
  event.mutable_signal_sent()->set_input("payload " + std::to_string(id));
  return event;
}

Event cancel_to(const std::string& receiver, std::uint32_t id) {
  Event event;
  event.mutable_cancel_sent()->set_id(id);
  event.mutable_cancel_sent()->set_workflow_id(receiver);
  event.mutable_cancel_sent()->set_reason("late");
  return event;
}

class DeliveriesTest : public shard_parts::ShardParts {
 protected:
  using ShardParts::ShardParts;

  KnownRun& running(const std::string& id) {
    KnownRun& run = start(id);
    settle();
    return run;
  }
  void send(KnownRun& run, const Event& command) {
    log(run, command);
    commit();
    release();
  }
  void terminate(const std::string& id) {
    requests_.terminate({id, std::nullopt}, "r", [](const base::Status&) {});
  }
  // To their receivers. As after a crash, if the senders' records are given.
  void deliver(store::Seq since = 0) {
    for (Message& message : std::exchange(post_.messages, {})) {
      if (since != 0) message.since = since;
      deliveries_.take(std::make_shared<const Message>(std::move(message)));
    }
    take_mail();
  }
  // Everything that the receivers have recorded is durable, and their senders hear of it.
  Strings acknowledge() {
    settle();
    Strings told;
    for (Receipt& receipt : std::exchange(post_.receipts, {})) {
      told.push_back(receipt.delivered ? "delivered"
                                       : base::to_string(receipt.delivered.error().code));
      deliveries_.take(std::make_shared<const Receipt>(std::move(receipt)));
    }
    take_mail();
    settle();
    return told;
  }
  // The payloads of the run's signals.
  Strings signals_of(const KnownRun& run) {
    Strings inputs;
    (void)StoredRun(shared_, run.state).history([&](const proto::Turn& turn) {
      for (const Event& input : turn.inputs()) {
        if (input.has_signal_received()) inputs.push_back(input.signal_received().input());
      }
    });
    return inputs;
  }
};

TEST_F(DeliveriesTest, NothingIsSentBeforeTheCommandIsDurable) {
  KnownRun& sender = running("a");
  log(sender, signal_to("b", 1));
  release();
  EXPECT_THAT(post_.messages, IsEmpty());
  commit();
  release();
  ASSERT_THAT(post_.messages, SizeIs(1));
  EXPECT_EQ(post_.messages[0].receiver.workflow_id, "b");
  EXPECT_EQ(post_.messages[0].sender.workflow_id, "a");
  EXPECT_EQ(post_.messages[0].id, 1U);
  EXPECT_TRUE(sender.state.has_messages());
}

TEST_F(DeliveriesTest, TheSenderHearsOfItWhenTheReceiversRecordIsDurable) {
  KnownRun& sender = running("a");
  KnownRun& receiver = running("b");
  send(sender, signal_to("b", 1));
  deliver();
  run_turns();
  release();
  EXPECT_THAT(post_.receipts, IsEmpty());
  EXPECT_THAT(acknowledge(), ElementsAre("delivered"));
  EXPECT_THAT(signals_of(receiver), ElementsAre("payload 1"));
  EXPECT_EQ(history(sender).back(), "MessageDelivered");
  EXPECT_FALSE(sender.state.has_messages());
}

TEST_F(DeliveriesTest, TheReceiversHistorySaysWhoSentIt) {
  KnownRun& sender = running("a");
  KnownRun& receiver = running("b");
  send(sender, signal_to("b", 3));
  send(sender, cancel_to("b", 4));
  deliver();
  settle();
  std::vector<proto::Sender> senders;
  (void)StoredRun(shared_, receiver.state).history([&](const proto::Turn& turn) {
    for (const Event& input : turn.inputs()) {
      if (input.has_signal_received()) senders.push_back(input.signal_received().sender());
      if (input.has_cancel_requested()) senders.push_back(input.cancel_requested().sender());
    }
  });
  ASSERT_THAT(senders, SizeIs(2));
  for (const proto::Sender& who : senders) {
    EXPECT_EQ(who.run_id(), sender.state.id.bytes());
    EXPECT_EQ(who.workflow_id(), "a");
  }
  EXPECT_EQ(senders[0].id(), 3U);
  EXPECT_EQ(senders[1].id(), 4U);
}

// ---- refusals ---------------------------------------------------------------------------------

TEST_F(DeliveriesTest, ARunThatIsNotThereOrHasEndedOrIsDamagedRefuses) {
  KnownRun& sender = running("a");
  KnownRun& damaged = running("damaged");
  damaged.damaged = true;
  damaged.with_extras().parked = base::Error{ErrorCode::kStoreDamaged, "rot"};
  running("ended");
  terminate("ended");
  settle();
  send(sender, signal_to("nobody", 1));
  send(sender, cancel_to("ended", 2));
  send(sender, signal_to("damaged", 3));
  deliver();
  EXPECT_THAT(acknowledge(), ElementsAre("RP3005", "RP3006", "RP1005"));
  EXPECT_EQ(history(sender).back(), "MessageRefusedMessageRefusedMessageRefused");
  EXPECT_FALSE(sender.state.has_messages());
}

TEST_F(DeliveriesTest, AnEndThatIsNotDurableRefusesNothingYet) {
  KnownRun& sender = running("a");
  running("b");
  send(sender, signal_to("b", 1));
  terminate("b");
  deliver();
  release();
  EXPECT_THAT(post_.receipts, IsEmpty());
  EXPECT_THAT(acknowledge(), ElementsAre("RP3006"));
}

TEST_F(DeliveriesTest, ASenderThatHasEndedMeanwhileIsToldNothing) {
  KnownRun& sender = running("a");
  running("b");
  send(sender, signal_to("b", 1));
  deliver();
  settle();
  proto::Turn end;  // in another way than by ends_later()
  end.add_inputs()->mutable_run_terminated();
  sender.state.apply(end, names_);
  EXPECT_THAT(acknowledge(), ElementsAre("delivered"));
  EXPECT_EQ(history(sender).back(), "");
}

class ShortHistories : public DeliveriesTest {
 protected:
  ShortHistories() : DeliveriesTest(limits()) {}
  static EngineLimits limits() {
    EngineLimits limits;
    limits.history_events = 2;
    return limits;
  }
};

TEST_F(ShortHistories, RefuseSignals) {
  KnownRun& sender = running("a");
  KnownRun& receiver = running("b");
  signal(receiver);
  settle();
  send(sender, signal_to("b", 1));
  deliver();
  EXPECT_THAT(acknowledge(), ElementsAre("RP2007"));
  EXPECT_EQ(history(sender).back(), "MessageRefused") << "what became of a message is recorded";
}

// ---- after a crash ----------------------------------------------------------------------------

TEST_F(DeliveriesTest, OneThatTheReceiverHasIsNotRecordedAgain) {
  KnownRun& sender = running("a");
  KnownRun& receiver = running("b");
  send(sender, signal_to("b", 1));
  const store::Seq since = sender.state.last_seq;
  deliver();
  settle();
  post_.receipts.clear();  // the process dies
  EXPECT_TRUE(Unsent(sender.state).send(shared_).has_value());
  ASSERT_THAT(post_.messages, SizeIs(1));
  EXPECT_EQ(post_.messages[0].since, since);
  deliver();
  EXPECT_THAT(acknowledge(), ElementsAre("delivered"));
  EXPECT_THAT(signals_of(receiver), ElementsAre("payload 1"));
}

TEST_F(DeliveriesTest, OneThatItDoesNotHaveIsRecordedOnce) {
  KnownRun& sender = running("a");
  KnownRun& receiver = running("b");
  send(sender, signal_to("b", 1));
  post_.messages.clear();  // the process dies
  EXPECT_TRUE(Unsent(sender.state).send(shared_).has_value());
  deliver();
  EXPECT_THAT(acknowledge(), ElementsAre("delivered"));
  EXPECT_THAT(signals_of(receiver), ElementsAre("payload 1"));
  EXPECT_TRUE(Unsent(sender.state).send(shared_).has_value());
  EXPECT_THAT(post_.messages, IsEmpty()) << "it has its receipt";
}

TEST_F(DeliveriesTest, ARunThatHasItAndHasEndedCountsAlthoughAnotherHasItsIdNow) {
  KnownRun& sender = running("a");
  running("b");
  send(sender, signal_to("b", 1));
  const store::Seq since = sender.state.last_seq;
  deliver();
  settle();
  terminate("b");
  settle();
  KnownRun& next = running("b");
  EXPECT_TRUE(Unsent(sender.state).send(shared_).has_value());
  deliver(since);
  EXPECT_THAT(acknowledge(), ElementsAre("delivered", "delivered"));
  EXPECT_THAT(signals_of(next), IsEmpty());
}

TEST_F(DeliveriesTest, MessagesOfAnotherRunOrOperationAreOthers) {
  KnownRun& sender = running("a");
  KnownRun& other = running("c");
  KnownRun& receiver = running("b");
  send(other, signal_to("b", 1));
  send(sender, signal_to("b", 2));
  deliver();
  (void)acknowledge();
  send(sender, signal_to("b", 1));
  deliver(sender.state.last_seq);
  (void)acknowledge();
  EXPECT_THAT(signals_of(receiver), ElementsAre("payload 1", "payload 2", "payload 1"));
}

TEST_F(DeliveriesTest, TheOrderOfOneSenderIsKept) {
  KnownRun& sender = running("a");
  KnownRun& receiver = running("b");
  send(sender, signal_to("b", 1));
  post_.messages.clear();  // the process dies
  signal(receiver);        // its history cannot be read before this is durable
  EXPECT_TRUE(Unsent(sender.state).send(shared_).has_value());
  deliver();
  send(sender, signal_to("b", 2));
  deliver();
  EXPECT_THAT(acknowledge(), IsEmpty());
  take_mail();
  EXPECT_THAT(acknowledge(), ElementsAre("delivered", "delivered"));
  EXPECT_THAT(signals_of(receiver), ElementsAre("", "payload 1", "payload 2"));
}

TEST_F(DeliveriesTest, OneWithoutItsCommandInTheHistoryIsRefused) {
  KnownRun& sender = running("a");
  record(sender, signal_to("b", 1));  // not in the log
  EXPECT_TRUE(Unsent(sender.state).send(shared_).has_value());
  EXPECT_THAT(post_.messages, IsEmpty());
  EXPECT_THAT(acknowledge(), ElementsAre("RP1005"));
  EXPECT_FALSE(sender.state.has_messages());
}

TEST_F(DeliveriesTest, IfTheReceiversHistoryDoesNotVerifyItIsNotSentTwice) {
  KnownRun& sender = running("a");
  KnownRun& receiver = running("b");
  send(sender, signal_to("b", 1));
  const store::Seq since = sender.state.last_seq;
  signal(receiver);
  settle();
  receiver.state.set_damaged_at(1);
  deliver(since);
  EXPECT_THAT(acknowledge(), ElementsAre("RP1005"));
}

// The run goes on before its messages are sent again, and sends another one.
TEST_F(DeliveriesTest, OnlyThoseFromBeforeTheCrashAreSentAgain) {
  KnownRun& sender = running("a");
  KnownRun& receiver = running("b");
  send(sender, signal_to("b", 1));
  post_.messages.clear();  // the process dies
  const Unsent unsent(sender.state);
  send(sender, signal_to("b", 2));
  log(sender, signal_to("b", 3));  // not durable yet
  EXPECT_TRUE(unsent.send(shared_).has_value());
  EXPECT_THAT(post_.receipts, IsEmpty());
  ASSERT_THAT(post_.messages, SizeIs(2));
  deliver();
  commit();
  release();
  deliver();
  EXPECT_THAT(acknowledge(), ElementsAre("delivered"));
  EXPECT_THAT(acknowledge(), ElementsAre("delivered", "delivered"));
  EXPECT_THAT(signals_of(receiver), SizeIs(3));
}

TEST_F(DeliveriesTest, ADamagedRunOfTheIdMayHaveIt) {
  KnownRun& sender = running("a");
  KnownRun& older = running("b");
  terminate("b");
  settle();
  KnownRun& newer = running("b");
  older.state.set_damaged_at(2);  // its last sound record is from before the message
  send(sender, signal_to("b", 1));
  signal(newer);
  settle();
  deliver(sender.state.last_seq);
  EXPECT_THAT(acknowledge(), ElementsAre("RP1005"));
}

// ---- room, ends -------------------------------------------------------------------------------

TEST_F(DeliveriesTest, WithoutRoomMessagesAndReceiptsWait) {
  KnownRun& sender = running("a");
  KnownRun& receiver = running("b");
  send(sender, signal_to("b", 1));
  fill_disk();
  deliver();
  EXPECT_FALSE(receiver.in_round());
  shared_.space.set({});
  take_mail();
  EXPECT_TRUE(receiver.in_round());
  settle();
  fill_disk();
  ASSERT_THAT(post_.receipts, SizeIs(1));
  EXPECT_THAT(acknowledge(), ElementsAre("delivered"));
  EXPECT_TRUE(sender.state.has_messages());
  shared_.space.set({});
  take_mail();
  settle();
  EXPECT_FALSE(sender.state.has_messages());
}

TEST_F(DeliveriesTest, AnEndFromOutsideWaitsForTheMessagesUnderWay) {
  KnownRun& sender = running("a");
  running("b");
  send(sender, signal_to("b", 1));
  send(sender, signal_to("b", 2));
  std::string told;
  requests_.terminate({"a", std::nullopt}, "r", into(&told));
  settle();
  EXPECT_TRUE(sender.state.open());
  EXPECT_EQ(told, "");
  deliver();
  (void)acknowledge();
  take_mail();
  settle();
  EXPECT_EQ(sender.state.status, RunStatus::kTerminated);
  EXPECT_EQ(told, "done");
  EXPECT_THAT(history(sender), ElementsAre("RunStarted", "", "", "MessageDeliveredMessageDelivered",
                                           "RunTerminated"));
}

// ---- what is sealed, and does not open ----------------------------------------------------------

class SealedDeliveriesTest : private shard_parts::WithToy, public DeliveriesTest {
 protected:
  SealedDeliveriesTest() : DeliveriesTest({}, {toy}) {}

  using WithToy::toy;

  // A run with this message under way when the process dies, in one that does not have its key.
  KnownRun& with_lost_message(const std::string& receiver) {
    KnownRun& sender = running("a");
    send(sender, signal_to(receiver, 1));
    post_.messages.clear();
    toy->take_key("k2");
    return sender;
  }
  void withhold(KnownRun& sender) {
    auto unsent = std::make_shared<const Unsent>(sender.state);
    const base::Status sent = unsent->send(shared_);
    ASSERT_FALSE(sent.has_value());
    EXPECT_THAT(post_.messages, IsEmpty());
    parking_.withhold(sender, std::move(unsent), sent.error());
    EXPECT_TRUE(sender.parked());
  }
  std::size_t signals_in_log(const KnownRun& run) {
    std::size_t signals = 0;
    const base::Status read = StoredRun(shared_, run.state).structure([&](const proto::Turn& turn) {
      for (const Event& input : turn.inputs()) signals += input.has_signal_received() ? 1 : 0;
    });
    EXPECT_TRUE(read.has_value());
    return signals;
  }
  void terminate_into(std::string* answer) {
    requests_.terminate({"a", std::nullopt}, "r", into(answer));
  }
};

// Who has sent it what is no secret.
TEST_F(SealedDeliveriesTest, AReceiverWithoutItsKeyIsAskedWhatItHas) {
  KnownRun& receiver = running("b");
  round_.add_input(receiver)->mutable_signal_received()->set_input("of the lost key");
  settle();
  toy->take_key("k2");
  KnownRun& sender = running("a");
  send(sender, signal_to("b", 1));
  deliver();
  settle();
  post_.receipts.clear();  // the process dies
  EXPECT_TRUE(Unsent(sender.state).send(shared_).has_value());
  ASSERT_THAT(post_.messages, SizeIs(1));
  deliver();
  EXPECT_THAT(acknowledge(), ElementsAre("delivered"));
  EXPECT_EQ(signals_in_log(receiver), 2U);
  EXPECT_EQ(history(sender).back(), "MessageDelivered");
}

TEST_F(SealedDeliveriesTest, AReceiverWithoutItsKeyTakesWhatItDoesNotHave) {
  KnownRun& receiver = running("b");
  round_.add_input(receiver)->mutable_signal_received()->set_input("of the lost key");
  settle();
  toy->take_key("k2");
  KnownRun& sender = running("a");
  send(sender, signal_to("b", 1));
  post_.messages.clear();  // the process dies
  EXPECT_TRUE(Unsent(sender.state).send(shared_).has_value());
  deliver();
  EXPECT_THAT(acknowledge(), ElementsAre("delivered"));
  EXPECT_EQ(signals_in_log(receiver), 2U);
}

TEST_F(SealedDeliveriesTest, ARunWhoseMessagesDoNotOpenCanBeTerminated) {
  KnownRun& receiver = running("b");
  KnownRun& sender = with_lost_message("b");
  withhold(sender);
  std::string answer;
  terminate_into(&answer);
  settle();
  EXPECT_EQ(answer, "") << "what became of its messages is recorded first";
  EXPECT_THAT(acknowledge(), ElementsAre("RP1012"));
  take_mail();
  settle();
  EXPECT_EQ(answer, "done");
  EXPECT_FALSE(sender.state.open());
  EXPECT_EQ(signals_in_log(receiver), 0U);
}

TEST_F(SealedDeliveriesTest, AnEndThatWaitsAlreadyIsNotForgotten) {
  running("b");
  KnownRun& sender = with_lost_message("b");
  std::string answer;
  terminate_into(&answer);
  settle();
  withhold(sender);
  EXPECT_THAT(acknowledge(), ElementsAre("RP1012"));
  take_mail();
  settle();
  EXPECT_EQ(answer, "done");
}

TEST_F(SealedDeliveriesTest, MessagesAreSentWhenTheRunIsTriedAgainWithItsKey) {
  KnownRun& receiver = running("b");
  KnownRun& sender = with_lost_message("b");
  withhold(sender);
  std::string answer;
  requests_.retry({"a", std::nullopt}, into(&answer), "");
  EXPECT_TRUE(sender.parked());
  EXPECT_THAT(post_.messages, IsEmpty());
  toy->take_key("k1");
  requests_.retry({"a", std::nullopt}, into(&answer), "");
  EXPECT_EQ(answer, "done");
  EXPECT_FALSE(sender.parked());
  deliver();
  EXPECT_THAT(acknowledge(), ElementsAre("delivered"));
  EXPECT_THAT(signals_of(receiver), ElementsAre("payload 1"));
}

}  // namespace
}  // namespace reprise::runtime::deliveries_test
