// Child workflows, step by step: who records what when, what is asked again after a crash, and what
// the end of a parent does.
#include "runtime/engine/children.h"

#include <gmock/gmock.h>

#include "event/catalogue.h"
#include "runtime/engine/pending_children.h"
#include "tests/unit/runtime/shard_parts.h"

namespace reprise::runtime::children_test {
namespace {

using proto::ChildScheduled;
using proto::Event;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

base::RunId run_id(std::uint64_t number) {
  return base::RunId::make(base::from_ms(1), number, number);
}

Event child(const std::string& id, std::uint32_t operation) {
  Event event;
  ChildScheduled* const scheduled = event.mutable_child_scheduled();
  scheduled->set_id(operation);
  scheduled->set_run_id(std::string(run_id(operation).bytes()));
  scheduled->set_workflow_id(id);
  scheduled->set_workflow("w");
  scheduled->set_input("payload");
  return event;
}

Event replacing(const std::string& id, std::uint32_t operation) {
  Event event = child(id, operation);
  event.mutable_child_scheduled()->set_id_conflict(ChildScheduled::TERMINATE_RUNNING);
  return event;
}

class ChildrenTest : public shard_parts::ShardParts {
 protected:
  using ShardParts::ShardParts;

  KnownRun& running(const std::string& id) {
    KnownRun& run = start(id);
    settle();
    return run;
  }
  void call(KnownRun& parent, const Event& command) {
    log(parent, command);
    commit();
    release();
  }
  // What was posted, to where it belongs: until nothing more is posted.
  void deliver() {
    while (true) {
      auto calls = std::exchange(post_.calls, {});
      auto news = std::exchange(post_.news, {});
      auto ended = std::exchange(post_.ended, {});
      auto questions = std::exchange(post_.questions, {});
      if (calls.empty() && news.empty() && ended.empty() && questions.empty()) return;
      for (auto& each : calls) children_.take(std::make_shared<const ChildCall>(std::move(each)));
      for (auto& each : news) children_.take(std::make_shared<ChildNews>(std::move(each)));
      for (auto& each : ended) children_.take(each);
      for (auto& each : questions) children_.take(each);
      take_mail();
      settle();
    }
  }
  void terminate(const std::string& id) {
    requests_.terminate({id, std::nullopt}, "r", [](const base::Status&) {});
    settle();
  }
  // After a restart: a parent asks for its children, and a child for its parent.
  void recover(const KnownRun& run) {
    EXPECT_TRUE(Unsent(run.state).send(shared_).has_value());
    children_.recovered(run.state);
    release();
  }
  KnownRun& find(const std::string& id) { return *runs_.find(id); }
  const proto::Failure failure_in_last(const KnownRun& run) {
    proto::Failure failure;
    (void)StoredRun(shared_, run.state).history([&](const proto::Turn& turn) {
      for (const Event& input : turn.inputs()) {
        if (input.has_child_failed()) failure = input.child_failed().failure();
      }
    });
    return failure;
  }
};

TEST_F(ChildrenTest, NothingIsStartedBeforeTheCommandIsDurable) {
  KnownRun& parent = running("p");
  log(parent, child("c", 1));
  release();
  EXPECT_THAT(post_.calls, IsEmpty());
  commit();
  release();
  ASSERT_THAT(post_.calls, SizeIs(1));
  EXPECT_EQ(post_.calls[0].depth, 1U);
  EXPECT_TRUE(parent.state.has_messages()) << "it is not known whether it has begun";
  EXPECT_TRUE(parent.state.has_children());
}

TEST_F(ChildrenTest, TheParentHearsOfItWhenTheStartIsDurable) {
  KnownRun& parent = running("p");
  call(parent, child("c", 1));
  children_.take(std::make_shared<const ChildCall>(std::move(post_.calls[0])));
  post_.calls.clear();
  run_turns();
  release();
  EXPECT_THAT(post_.news, IsEmpty());
  commit();
  release();
  deliver();
  EXPECT_EQ(history(parent).back(), "ChildStarted");
  EXPECT_FALSE(parent.state.has_messages());
  EXPECT_TRUE(parent.state.has_children());
  const KnownRun& started = find("c");
  EXPECT_EQ(started.state.id, run_id(1));
  ASSERT_NE(started.state.parent(), nullptr);
  EXPECT_EQ(started.state.parent()->workflow_id, "p");
  EXPECT_EQ(started.state.parent()->run_id, parent.state.id);
  EXPECT_EQ(started.state.parent()->operation, 1U);
  EXPECT_EQ(started.state.depth(), 1U);
}

TEST_F(ChildrenTest, TheEndOfAChildTellsItsParent) {
  KnownRun& parent = running("p");
  call(parent, child("c", 1));
  deliver();
  terminate("c");
  deliver();
  EXPECT_EQ(history(parent).back(), "ChildFailed");
  EXPECT_FALSE(parent.state.has_children());
  const proto::Failure failure = failure_in_last(parent);
  EXPECT_EQ(failure.kind(), proto::Failure::CHILD);
  EXPECT_EQ(failure.workflow_id(), "c");
  EXPECT_EQ(failure.workflow(), "w");
  EXPECT_EQ(failure.cause().kind(), proto::Failure::TERMINATED);
}

TEST_F(ChildrenTest, AnIdThatIsTakenRefusesTheStart) {
  KnownRun& parent = running("p");
  running("c");
  call(parent, child("c", 1));
  deliver();
  EXPECT_EQ(history(parent).back(), "ChildFailed");
  const proto::Failure failure = failure_in_last(parent);
  EXPECT_EQ(failure.cause().kind(), proto::Failure::START_REFUSED);
  EXPECT_EQ(failure.cause().type(), "RP3004");
  EXPECT_THAT(failure.cause().message(), HasSubstr("belongs to run"));
}

// It waits until it is known whether the child has begun, and the child would wait for its end.
TEST_F(ChildrenTest, OneThatWouldReplaceItsParentIsRefused) {
  KnownRun& parent = running("p");
  call(parent, replacing("p", 1));
  deliver();
  EXPECT_EQ(history(parent).back(), "ChildFailed");
  EXPECT_EQ(failure_in_last(parent).cause().type(), "RP3004");
  EXPECT_TRUE(parent.state.open());
}

TEST_F(ChildrenTest, OfTwoThatWouldReplaceEachOthersParentsOneIsRefused) {
  KnownRun& one = running("p");
  KnownRun& other = running("q");
  log(one, replacing("q", 1));
  log(other, replacing("p", 2));
  commit();
  release();
  for (int i = 0; i < 3; ++i) {
    deliver();
    take_mail();
    settle();
  }
  EXPECT_EQ(failure_in_last(other).cause().type(), "RP3004");
  EXPECT_EQ(other.state.status, RunStatus::kTerminated);
  EXPECT_EQ(find("q").state.id, run_id(1));
  EXPECT_EQ(history(one).back(), "ChildStarted");
}

// The wait for the end is over, and so is what it stood in the way of.
TEST_F(ChildrenTest, OneMayReplaceARunWhoseChildrenHaveBegun) {
  KnownRun& replaced = running("q");
  call(replaced, child("c", 1));
  KnownRun& parent = running("p");
  log(parent, replacing("q", 2));
  commit();
  release();
  std::swap(post_.calls.front(), post_.calls.back());
  for (int i = 0; i < 3; ++i) {
    deliver();
    take_mail();
    settle();
  }
  EXPECT_EQ(replaced.state.status, RunStatus::kTerminated);
  EXPECT_EQ(find("q").state.id, run_id(2));
  EXPECT_TRUE(shared_.replacements.add(replaced.state.id, parent.state.id));
}

TEST_F(ChildrenTest, AClosedRunThatIsUsedHasBegunBeforeItsEndIsTold) {
  KnownRun& parent = running("p");
  running("c");
  terminate("c");
  Event command = child("c", 1);
  command.mutable_child_scheduled()->set_id_reuse(ChildScheduled::USE_EXISTING);
  call(parent, command);
  children_.take(std::make_shared<const ChildCall>(std::move(post_.calls[0])));
  post_.calls.clear();
  settle();
  ASSERT_THAT(post_.news, SizeIs(2));
  EXPECT_TRUE(post_.news[0].input.child_started().existing());
  EXPECT_TRUE(post_.news[1].input.has_child_failed());
}

// Of every way in which it can end before that, only its end is told.
TEST_F(ChildrenTest, OneThatEndsBeforeItsParentLearnsOfItsStart) {
  KnownRun& parent = running("p");
  call(parent, child("c", 1));
  children_.take(std::make_shared<const ChildCall>(std::move(post_.calls[0])));
  post_.calls.clear();
  requests_.terminate({"c", std::nullopt}, "r", [](const base::Status&) {});
  settle();
  ASSERT_THAT(post_.news, SizeIs(1));
  EXPECT_TRUE(post_.news[0].input.has_child_failed());
  deliver();
  EXPECT_FALSE(parent.state.has_children());
}

// ---- after a crash ----------------------------------------------------------------------------

TEST_F(ChildrenTest, AStartThatWasLostIsRepeatedWithTheSameRunId) {
  KnownRun& parent = running("p");
  call(parent, child("c", 1));
  post_.calls.clear();  // the process dies
  recover(parent);
  ASSERT_THAT(post_.calls, SizeIs(1));
  EXPECT_TRUE(post_.calls[0].again);
  EXPECT_FALSE(post_.calls[0].started);
  deliver();
  EXPECT_EQ(find("c").state.id, run_id(1));
  EXPECT_EQ(history(parent).back(), "ChildStarted");
}

TEST_F(ChildrenTest, AStartThatArrivedIsRecognised) {
  KnownRun& parent = running("p");
  call(parent, child("c", 1));
  children_.take(std::make_shared<const ChildCall>(std::move(post_.calls[0])));
  post_.calls.clear();
  settle();
  post_.news.clear();  // the process dies
  find("c").extras.reset();
  recover(parent);
  deliver();
  EXPECT_EQ(history(parent).back(), "ChildStarted");
  EXPECT_EQ(find("c").older, nullptr) << "it was started once more";
  terminate("c");
  deliver();
  EXPECT_EQ(history(parent).back(), "ChildFailed");
}

TEST_F(ChildrenTest, ARefusalThatWasLostIsRepeatedOnce) {
  KnownRun& parent = running("p");
  running("c");
  call(parent, child("c", 1));
  post_.calls.clear();  // the process dies
  recover(parent);
  children_.take(std::make_shared<const ChildCall>(std::move(post_.calls[0])));
  post_.calls.clear();
  settle();
  ASSERT_THAT(post_.news, SizeIs(1));
  EXPECT_TRUE(post_.news[0].input.child_failed().refused());
}

TEST_F(ChildrenTest, AnEndThatWasLostIsAskedFor) {
  KnownRun& parent = running("p");
  call(parent, child("c", 1));
  deliver();
  terminate("c");
  post_.news.clear();  // the process dies
  recover(parent);
  ASSERT_THAT(post_.calls, SizeIs(1));
  EXPECT_EQ(post_.calls[0].started, run_id(1));
  deliver();
  EXPECT_EQ(history(parent).back(), "ChildFailed");
  EXPECT_EQ(failure_in_last(parent).cause().kind(), proto::Failure::TERMINATED);
}

TEST_F(ChildrenTest, OneThatIsNotThereAnyMoreHasAnEndThatIsNotKnown) {
  KnownRun& parent = running("p");
  call(parent, child("c", 1));
  Event started;
  started.mutable_child_started()->set_id(1);
  started.mutable_child_started()->set_run_id(std::string(run_id(1).bytes()));
  children_.take(std::make_shared<ChildNews>(
      ChildNews{{parent.state.workflow_id, parent.state.id}, std::move(started)}));
  settle();
  post_.calls.clear();
  recover(parent);
  deliver();
  EXPECT_EQ(failure_in_last(parent).cause().kind(), proto::Failure::EXTERNAL);
  EXPECT_EQ(failure_in_last(parent).cause().type(), "RP3005");
}

// ---- the end of the parent --------------------------------------------------------------------

TEST_F(ChildrenTest, AnEndFromOutsideWaitsUntilItIsKnownWhetherTheChildHasBegun) {
  KnownRun& parent = running("p");
  call(parent, child("c", 1));
  requests_.terminate({"p", std::nullopt}, "r", [](const base::Status&) {});
  settle();
  EXPECT_TRUE(parent.state.open());
  deliver();
  take_mail();
  settle();
  EXPECT_EQ(parent.state.status, RunStatus::kTerminated);
  deliver();
  EXPECT_EQ(find("c").state.status, RunStatus::kTerminated);
}

TEST_F(ChildrenTest, EachPolicyDoesWhatItSays) {
  KnownRun& parent = running("p");
  std::uint32_t operation = 0;
  for (const auto policy :
       {ChildScheduled::TERMINATE, ChildScheduled::CANCEL, ChildScheduled::ABANDON}) {
    Event command = child("c" + std::to_string(policy), ++operation);
    command.mutable_child_scheduled()->set_on_parent_close(policy);
    call(parent, command);
  }
  deliver();
  terminate("p");
  ASSERT_THAT(post_.ended, SizeIs(1));
  deliver();
  EXPECT_EQ(find("c0").state.status, RunStatus::kTerminated);
  EXPECT_EQ(history(find("c1")).back(), "CancelRequested");
  EXPECT_EQ(find("c1").state.on_parent_close(), ChildScheduled::ABANDON) << "it has been told";
  EXPECT_THAT(history(find("c2")), ElementsAre("RunStarted"));
}

TEST_F(ChildrenTest, AfterACrashEachChildAsksWhetherItsParentHasEnded) {
  KnownRun& parent = running("p");
  Event cancelled = child("c1", 1);
  cancelled.mutable_child_scheduled()->set_on_parent_close(ChildScheduled::CANCEL);
  call(parent, cancelled);
  call(parent, child("c2", 2));
  deliver();
  recover(find("c1"));
  ASSERT_THAT(post_.questions, SizeIs(1));
  deliver();
  EXPECT_THAT(history(find("c1")), ElementsAre("RunStarted")) << "its parent is there";
  terminate("p");
  post_.ended.clear();  // the process dies
  for (int i = 0; i < 2; ++i) {
    recover(find("c1"));
    if (find("c2").state.open()) recover(find("c2"));
    deliver();
  }
  EXPECT_THAT(history(find("c1")), ElementsAre("RunStarted", "CancelRequested"));
  EXPECT_EQ(find("c2").state.status, RunStatus::kTerminated);
}

// Nobody knows whether it has ended, or what it was.
TEST_F(ChildrenTest, AQuarantinedOrUnknownParentHasNotEnded) {
  KnownRun& parent = running("p");
  call(parent, child("c", 1));
  deliver();
  parent.damaged = true;
  parent.with_extras().parked = base::Error{base::ErrorCode::kStoreDamaged, "damaged"};
  recover(find("c"));
  deliver();
  EXPECT_TRUE(find("c").state.open());
  children_.take(ParentQuestion{{"gone", run_id(9)}, "c"});
  EXPECT_THAT(post_.ended, IsEmpty());
}

// ---- room -------------------------------------------------------------------------------------

TEST_F(ChildrenTest, WithoutRoomEverythingWaits) {
  KnownRun& parent = running("p");
  call(parent, child("c", 1));
  fill_disk();
  children_.take(std::make_shared<const ChildCall>(std::move(post_.calls[0])));
  post_.calls.clear();
  EXPECT_EQ(runs_.find("c"), nullptr);
  shared_.space.set({});
  take_mail();
  settle();
  fill_disk();
  children_.take(std::make_shared<ChildNews>(std::move(post_.news[0])));
  post_.news.clear();
  EXPECT_FALSE(parent.in_round());
  shared_.space.set({});
  take_mail();
  settle();
  EXPECT_EQ(history(parent).back(), "ChildStarted");
}

class ShallowChildrenTest : public ChildrenTest {
 protected:
  ShallowChildrenTest() : ChildrenTest(limits()) {}
  static EngineLimits limits() {
    EngineLimits limits;
    limits.child_depth = 0;
    return limits;
  }
};

TEST_F(ShallowChildrenTest, TooDeepAChildIsRefused) {
  KnownRun& parent = running("p");
  call(parent, child("c", 1));
  deliver();
  EXPECT_EQ(failure_in_last(parent).cause().type(), "RP2007");
}

// ---- what is sealed, and does not open ----------------------------------------------------------

class SealedChildrenTest : private shard_parts::WithToy, public ChildrenTest {
 protected:
  SealedChildrenTest() : ChildrenTest({}, {toy}) {}

  using WithToy::toy;
};

TEST_F(SealedChildrenTest, AChildWhoseEndDoesNotOpenIsNotLost) {
  KnownRun& parent = running("p");
  call(parent, child("c", 1));
  toy->take_key("k2");
  deliver();
  terminate("c");
  post_.news.clear();  // the process dies
  toy->take_key("k1");
  recover(parent);
  deliver();
  EXPECT_TRUE(parent.state.has_children()) << "how it ended is asked again by the next engine";
  EXPECT_EQ(history(parent).back(), "ChildStarted");
  toy->take_key("k3");
  const auto pending = pending_children(shared_, parent.state);
  ASSERT_THAT(pending, SizeIs(1));
  EXPECT_EQ(pending[0].workflow_id, "c");
  EXPECT_EQ(pending[0].run_id, run_id(1));
}

}  // namespace
}  // namespace reprise::runtime::children_test
