// Messages to other runs: what is recorded, what an outcome does, and that a run does not end
// before it is known what became of them.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_run.h"

namespace reprise::testing::sent_messages_test {
namespace {

using replay::OperationRef;
using replay::TurnEnd;
using replay::Waited;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = replay::Mismatch::Kind;

OperationRef send_go(Execution& e, const std::string& receiver, const std::string& name = "go") {
  proto::SignalSent sent;
  sent.set_workflow_id(receiver);
  sent.set_name(name);
  sent.set_input("payload");
  return e.send_signal(as(sent), at(7));
}

OperationRef send_cancel(Execution& e, const std::string& receiver) {
  proto::CancelSent sent;
  sent.set_workflow_id(receiver);
  sent.set_reason("late");
  return e.send_cancel(as(sent), at(8));
}

proto::Event delivered(std::uint32_t id) {
  proto::Event event;
  event.mutable_message_delivered()->set_id(id);
  return event;
}

proto::Event refused(std::uint32_t id, std::string why) {
  proto::Event event;
  event.mutable_message_refused()->set_id(id);
  auto* failure = event.mutable_message_refused()->mutable_failure();
  failure->set_kind(proto::Failure::EXTERNAL);
  failure->set_message(std::move(why));
  return event;
}

std::string outcome(Execution& e, const OperationRef& message) {
  if (e.wait(*message) == Waited::kCancelled) return "cancelled";
  const Outcome outcome = message->take_outcome();
  return outcome.ok() ? "delivered" : outcome.failure().message();
}

TEST(SentMessages, AreRecordedAndWaitForTheirReceiver) {
  ScriptedRun run([](Execution& e) {
    const OperationRef signal = send_go(e, "order-8");
    const OperationRef cancel = send_cancel(e, "order-9");
    const std::string first = outcome(e, signal);
    return ends_with(first + ", " + outcome(e, cancel));
  });
  EXPECT_EQ(run.start(), TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(), ElementsAre("SignalSent go to order-8", "CancelSent to order-9"));
  EXPECT_EQ(run.last().commands(0).signal_sent().id(), 1U);
  EXPECT_EQ(run.last().commands(1).cancel_sent().id(), 2U);
  EXPECT_EQ(run.last().commands(0).call_site().line(), 7U);
  EXPECT_EQ(run.execution().waiting_for().size(), 1U);
  EXPECT_THAT(run.execution().waiting_for()[0], HasSubstr("go to order-8"));
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({refused(2, "not there")}), TurnEnd::kBlocked);
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({delivered(1)}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "delivered, not there");
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(SentMessages, TheRunEndsWhenTheLastOneHasItsOutcome) {
  ScriptedRun run([](Execution& e) {
    (void)send_go(e, "a");
    (void)send_go(e, "b");
    return ends_with("done");
  });
  EXPECT_EQ(run.start(), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({delivered(2)}), TurnEnd::kBlocked);
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({delivered(1)}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "done");
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

// Handlers and spawned functions may refer to variables of the function that has returned.
TEST(SentMessages, WhileTheRunEndsNoOtherCodeRuns) {
  int ran = 0;
  ScriptedRun run([&](Execution& e) {
    e.on_signal("relay", [&](const Execution::HandedSignal&) { ++ran; });
    e.accept("change", [&](std::string_view) {
      ++ran;
      return Outcome::success("");
    });
    e.on_signal("busy", [&](const Execution::HandedSignal&) {
      e.wait(*send_go(e, "b"));
      ++ran;
    });
    e.on_signal("careful", [&](const Execution::HandedSignal&) {
      (void)e.wait_until([&] { return e.has_signal("relay"); }, nullptr, {});
      ++ran;
    });
    e.wait(*e.next_signal("go"));
    (void)send_go(e, "a");
    return ends_with("done");
  });
  EXPECT_EQ(run.start(), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({signal("busy"), signal("careful"), signal("go")}), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({signal("relay"), update("u", "change"), delivered(1)}), TurnEnd::kBlocked);
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({cancel_requested()}), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({delivered(2)}), TurnEnd::kClosed);
  EXPECT_THAT(run.commands(), ElementsAre("RunCompleted"));
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  EXPECT_EQ(ran, 0);
}

TEST(SentMessages, ARunThatContinuesTakesAlongWhatCameMeanwhile) {
  ScriptedRun run([](Execution& e) -> Outcome {
    e.accept("change", [&](std::string_view) { return Outcome::success("changed"); });
    (void)send_go(e, "a");
    proto::RunContinuedAsNew next;
    next.set_workflow("next");
    e.continue_as_new(as(next), at(9));
  });
  EXPECT_EQ(run.start(), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({signal("late", "1"), cancel_requested(), update("u", "change")}),
            TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(), ElementsAre());
  EXPECT_EQ(run.execution().take_untaken().size(), 1U) << "the update is for the next run";
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({delivered(1)}), TurnEnd::kClosed);
  EXPECT_THAT(run.commands(), ElementsAre("RunContinuedAsNew next"));
  const auto unread = run.execution().take_unread().inputs;
  ASSERT_EQ(unread.size(), 2U);
  EXPECT_EQ(unread[0].signal_received().input(), "1");
  EXPECT_TRUE(unread[1].has_cancel_requested());
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(SentMessages, AFailedRunWaitsForThemToo) {
  ScriptedRun run([](Execution& e) {
    (void)send_go(e, "a");
    proto::Failure failure;
    failure.set_message("broken");
    return Outcome::failed(failure);
  });
  EXPECT_EQ(run.start(), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({delivered(1)}), TurnEnd::kClosed);
  EXPECT_THAT(run.commands(), ElementsAre("RunFailed"));
}

TEST(SentMessages, ACancellationEndsTheWaitAndNotTheMessage) {
  ScriptedRun run([](Execution& e) { return ends_with(outcome(e, send_go(e, "a"))); });
  run.start();
  EXPECT_EQ(run.turn({cancel_requested()}), TurnEnd::kBlocked) << "it is still under way";
  EXPECT_THAT(run.commands(), ElementsAre());
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({delivered(1)}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "cancelled");
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(SentMessages, TheEarlierOneInTheLogWins) {
  ScriptedRun run([](Execution& e) {
    const OperationRef one = send_go(e, "a");
    const OperationRef other = send_go(e, "b");
    replay::Operation* const both[] = {one.get(), other.get()};
    return ends_with(std::to_string(*e.wait_first(both)));
  });
  run.start();
  EXPECT_EQ(run.turn({delivered(2), delivered(1)}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "1");
}

TEST(SentMessages, ATerminatedRunIsOverAtOnce) {
  ScriptedRun run([](Execution& e) { return ends_with(outcome(e, send_go(e, "a"))); });
  run.start();
  proto::Event terminated;
  terminated.mutable_run_terminated();
  EXPECT_EQ(run.turn({terminated}), TurnEnd::kClosed);
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(SentMessages, AnOutcomeThatNothingAskedForParksTheRun) {
  for (const proto::Event& input : {delivered(2), refused(2, "why")}) {
    ScriptedRun run([](Execution& e) { return ends_with(call(e, "charge")); });
    run.start();
    EXPECT_EQ(run.turn({input}), TurnEnd::kParked);
    EXPECT_EQ(run.execution().trouble().code, base::ErrorCode::kNondeterminism);
  }
}

TEST(SentMessages, CountAsPendingAndAsBytes) {
  const auto three = [](Execution& e) {
    for (int i = 0; i < 3; ++i) (void)send_go(e, "a");
    return ends_with("done");
  };
  ScriptedRun few(three, {.pending_operations = 2});
  EXPECT_EQ(few.start(), TurnEnd::kParked);
  EXPECT_EQ(few.execution().trouble().code, base::ErrorCode::kRunLimit);
  ScriptedRun small(three, {.turn_bytes = 100});
  EXPECT_EQ(small.start(), TurnEnd::kParked);
}

// ---- what differs -----------------------------------------------------------------------------

struct Other {
  std::string name;
  std::function<void(Execution&)> now;
  Kind kind;
};

TEST(SentMessages, CodeThatSendsSomethingElseIsParked) {
  const Other others[] = {
      {"another receiver", [](Execution& e) { (void)send_go(e, "b"); }, Kind::kOtherReceiver},
      {"another run of it",
       [](Execution& e) {
         proto::SignalSent sent;
         sent.set_workflow_id("a");
         sent.set_run_id(std::string(16, 'r'));
         sent.set_name("go");
         (void)e.send_signal(as(sent), at(9));
       },
       Kind::kOtherReceiver},
      {"another name", [](Execution& e) { (void)send_go(e, "a", "stop"); }, Kind::kOtherName},
      {"another kind", [](Execution& e) { (void)send_cancel(e, "a"); }, Kind::kOtherKind},
      {"an activity", [](Execution& e) { (void)schedule(e, "go"); }, Kind::kOtherKind},
      {"nothing", [](Execution&) {}, Kind::kMissing},
  };
  for (const Other& other : others) {
    SCOPED_TRACE(other.name);
    const auto waits = [](Execution& e) { e.wait(*e.next_signal("never")); };
    ScriptedRun run([&](Execution& e) {
      (void)send_go(e, "a");
      waits(e);
      return ends_with("");
    });
    run.start();
    run.change_code([&](Execution& e) {
      other.now(e);
      waits(e);
      return ends_with("");
    });
    EXPECT_EQ(run.replay(), TurnEnd::kParked);
    EXPECT_EQ(run.execution().trouble().mismatch->kind, other.kind);
  }
}

TEST(SentMessages, InStrictModeTheContentCounts) {
  const auto code = [](const std::string& reason) {
    return [reason](Execution& e) {
      proto::CancelSent sent;
      sent.set_workflow_id("a");
      sent.set_reason(reason);
      e.wait(*e.send_cancel(as(sent), at(9)));
      return ends_with("");
    };
  };
  ScriptedRun run(code("one"), {.strict = true});
  run.start();
  run.change_code(code("other"));
  EXPECT_EQ(run.replay(), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().mismatch->kind, Kind::kChangedInput);
}

}  // namespace
}  // namespace reprise::testing::sent_messages_test
