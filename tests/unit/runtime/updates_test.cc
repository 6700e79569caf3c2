// Updates of an engine: what waits, what is told to whom, and what a restart knows of them.
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/engine_fixture.h"
#include "tests/support/temporary_directory.h"

namespace reprise::testing::updates_test {
namespace {

using base::ErrorCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Strings = std::vector<std::string>;

class UpdatesTest : public EngineFixture {
 protected:
  // What somebody who sends it is told, in order: "accepted id", and then the answer.
  std::shared_ptr<Strings> update(const std::string& run,
                                  const std::string& name,
                                  const std::string& id = {},
                                  const std::string& input = "i") {
    auto told = std::make_shared<Strings>();
    engine_->ask(
        runtime::verb::Update{.key = {run, {}},
                              .name = name,
                              .input = input,
                              .reply = answer_into(told),
                              .id = id,
                              .accepted = [told](const base::Result<std::string>& accepted) {
                                told->push_back("accepted " + *accepted);
                              }});
    settle();
    return told;
  }
  static runtime::Reply<Outcome> answer_into(const std::shared_ptr<Strings>& told) {
    return [told](const base::Result<Outcome>& outcome) {
      if (!outcome) return told->push_back(base::to_string(outcome.error().code));
      told->push_back(outcome->ok() ? outcome->payload() : "! " + outcome->failure().message());
    };
  }

  // Counts its updates; "slow" ones wait for the signal "go", and "none" is never taken.
  void count_updates() {
    workflow("w", [](Execution& e) {
      int count = 0;
      const auto handle = [&](std::string_view input) {
        return Outcome::success(std::string(input) + std::to_string(++count));
      };
      e.accept("fast", handle);
      e.accept("slow", [&](std::string_view input) {
        const auto go = e.next_signal("go");
        e.wait(*go);
        (void)go->take_outcome();
        return handle(input);
      });
      e.accept("none", handle, [](std::string_view) {
        proto::Failure failure;
        failure.set_message("no");
        return std::optional(failure);
      });
      const auto end = e.next_signal("end");
      e.wait(*end);
      return ends_with(std::to_string(count));
    });
  }
  int recorded(const std::string& run) {
    int count = 0;
    for (const proto::Turn& turn : history(run)) {
      for (const proto::Event& input : turn.inputs()) count += input.has_update_received() ? 1 : 0;
    }
    return count;
  }
};

TEST_F(UpdatesTest, TheAcceptanceIsToldBeforeTheAnswer) {
  count_updates();
  start_worker();
  start("w", "run");
  EXPECT_THAT(*update("run", "fast", "a"), ElementsAre("accepted a", "i1"));
  const auto slow = update("run", "slow", "b");
  EXPECT_THAT(*slow, ElementsAre("accepted b"));
  (void)signal("run", "go");
  EXPECT_THAT(*slow, ElementsAre("accepted b", "i2"));
  EXPECT_THAT(*update("run", "none", "c"), ElementsAre("! no"));
  EXPECT_EQ(recorded("run"), 2);
}

TEST_F(UpdatesTest, WithoutAWorkerNothingIsRecordedAndEverythingIsKept) {
  count_updates();
  start("w", "run");
  const auto first = update("run", "fast", "a");
  const auto again = update("run", "fast", "a");
  const auto conflict = update("run", "slow", "a");
  const auto rejected = update("run", "none");
  const auto last = update("run", "fast");
  EXPECT_THAT(*first, IsEmpty());
  EXPECT_THAT(*conflict, ElementsAre("RP3035"));
  (void)signal("run", "other");
  EXPECT_EQ(recorded("run"), 0);
  start_worker();
  settle();
  EXPECT_THAT(*first, ElementsAre("accepted a", "i1"));
  EXPECT_THAT(*again, ElementsAre("accepted a", "i1"));
  EXPECT_THAT(*rejected, ElementsAre("! no"));
  ASSERT_EQ(last->size(), 2u);
  EXPECT_EQ(last->back(), "i2");
  EXPECT_EQ(recorded("run"), 2);
}

TEST_F(UpdatesTest, OnesThatWaitAreRefusedWhenTheRunEnds) {
  count_updates();
  start("w", "run");
  const auto waiting = update("run", "fast", "a");
  (void)terminate("run");
  EXPECT_THAT(*waiting, ElementsAre("RP3006"));
  EXPECT_THAT(*update("run", "fast", "a"), ElementsAre("RP3006"));
}

TEST_F(UpdatesTest, AParkedRunRefusesNewOnesAndAnswersOldOnes) {
  count_updates();
  start_worker();
  start("w", "run");
  (void)update("run", "fast", "a");
  const auto slow = update("run", "slow", "b");
  worker_.reset();
  workflow("w", [](Execution& e) -> Outcome {
    (void)call(e, "something else");
    return {};
  });
  start_worker();
  settle();
  (void)signal("run", "wake");
  ASSERT_TRUE(describe("run")->parked);
  EXPECT_THAT(*slow, ElementsAre("accepted b", "RP2001"));
  EXPECT_THAT(*update("run", "fast", "new"), ElementsAre("RP2001"));
  EXPECT_THAT(*update("run", "slow", "b"), ElementsAre("RP2001"));
  EXPECT_THAT(*update("run", "fast", "a"), ElementsAre("accepted a", "i1"));
  worker_.reset();
  count_updates();
  start_worker();
  settle();
  EXPECT_EQ(recorded("run"), 2);
  const auto again = update("run", "slow", "b");
  (void)signal("run", "go");
  EXPECT_THAT(*again, ElementsAre("accepted b", "i2"));
}

// The other inputs of the turn are confirmed, whatever is left out before them.
TEST_F(UpdatesTest, OthersOfTheTurnAreConfirmed) {
  count_updates();
  start_worker();
  start("w", "run");
  std::string told;
  const auto reject = [&] {
    engine_->ask(runtime::verb::Update{
        {"run", {}}, "none", "", [&](const base::Result<Outcome>&) { told += "rejected "; }});
  };
  const auto send = [&](const std::string& name) {
    engine_->ask(runtime::verb::Signal{{"run", {}}, name, "", [&told, name](const base::Status& s) {
                                         told += name + (s ? " " : "! ");
                                       }});
  };
  reject();
  send("one");
  reject();
  send("end");
  reject();
  send("late");
  settle();
  EXPECT_THAT(told, HasSubstr("one end "));
  EXPECT_THAT(told, HasSubstr("late! "));
}

class FewUpdates : public UpdatesTest {
 protected:
  FewUpdates() {
    runtime::EngineOptions few = options();
    few.limits.pending_updates = 2;
    engine_ = runtime::Engine::in_memory(few);
  }
};

TEST_F(FewUpdates, MoreAreRefusedUntilSomeAreAnswered) {
  count_updates();
  start_worker();
  start("w", "run");
  const auto one = update("run", "slow", "1");
  const auto two = update("run", "slow", "2");
  EXPECT_THAT(*update("run", "fast", "3"), ElementsAre("RP3011"));
  (void)signal("run", "go");
  EXPECT_THAT(*one, ElementsAre("accepted 1", "i1"));
  EXPECT_THAT(*update("run", "fast", "3"), ElementsAre("accepted 3", "i2"));
}

// ---- ids --------------------------------------------------------------------------------------

TEST_F(UpdatesTest, IdsAreCheckedBeforeAnythingIsRecorded) {
  count_updates();
  start_worker();
  start("w", "run");
  const std::string longest(1'000, 'x');
  EXPECT_THAT(*update("run", "fast", longest), ElementsAre("accepted " + longest, "i1"));
  for (const std::string& bad : {longest + "x", std::string("\xff")}) {
    EXPECT_THAT(*update("run", "fast", bad), ElementsAre("RP3003"));
    runtime::StartRequest request{.workflow = "w", .workflow_id = "other"};
    const auto told = std::make_shared<Strings>();
    request.update =
        runtime::FirstUpdate{.name = "fast", .input = "i", .id = bad, .reply = answer_into(told)};
    (void)start(std::move(request));
    EXPECT_EQ(started_->error().code, ErrorCode::kInvalidId);
    EXPECT_THAT(*told, ElementsAre("RP3003"));
  }
  EXPECT_EQ(describe("other").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(recorded("run"), 1);
}

// ---- restarts ---------------------------------------------------------------------------------

class StoredUpdates : public UpdatesTest {
 protected:
  StoredUpdates() { open(); }
  void open(const runtime::RetentionOptions& retention = {}) {
    worker_.reset();
    engine_.reset();
    auto with = options();
    with.retention = retention;
    if (retention.max_age.count() != 0) with.archive_slice = 1;
    auto opened = runtime::Engine::open(directory_ / "store", with);
    ASSERT_TRUE(opened) << opened.error().text();
    engine_ = std::move(*opened);
  }
  TemporaryDirectory directory_;
};

TEST_F(StoredUpdates, AreKnownAfterARestart) {
  count_updates();
  start_worker();
  start("w", "run");
  EXPECT_THAT(*update("run", "fast", "a"), ElementsAre("accepted a", "i1"));
  const std::string b("b\0\n\xc3\xa4", 5);
  const auto lost = update("run", "slow", b);
  EXPECT_THAT(*lost, ElementsAre("accepted " + b));
  open();
  const auto early = update("run", "fast", "a");
  EXPECT_THAT(*early, IsEmpty()) << "its code must be asked";
  start_worker();
  settle();
  EXPECT_THAT(*early, ElementsAre("accepted a", "i1"));
  const auto again = update("run", "slow", b);
  EXPECT_THAT(*again, ElementsAre("accepted " + b));
  EXPECT_THAT(*update("run", "fast", b), ElementsAre("RP3035"));
  (void)signal("run", "go");
  EXPECT_THAT(*again, ElementsAre("accepted " + b, "i2"));
  (void)signal("run", "end");
  open();
  EXPECT_THAT(*update("run", "slow", b), ElementsAre("accepted " + b, "i2")) << "of a closed run";
  EXPECT_THAT(*update("run", "slow", "c"), ElementsAre("RP3006"));
  EXPECT_EQ(recorded("run"), 2);
}

// In one turn with what ends the run, so no code looks at it any more.
TEST_F(StoredUpdates, ThatComeWithTheEndOfTheirRunAreAnsweredIfTheyWereBefore) {
  count_updates();
  start_worker();
  start("w", "run");
  EXPECT_THAT(*update("run", "fast", "a"), ElementsAre("accepted a", "i1"));
  engine_->ask(runtime::verb::Signal{{"run", {}}, "end", {}, [](const base::Status&) {}});
  EXPECT_THAT(*update("run", "fast", "a"), ElementsAre("accepted a", "i1"));
  EXPECT_EQ(describe("run")->status, runtime::RunStatus::kCompleted);
  start("w", "other");
  engine_->ask(runtime::verb::Signal{{"other", {}}, "end", {}, [](const base::Status&) {}});
  EXPECT_THAT(*update("other", "fast", "b"), ElementsAre("RP3006")) << "it never was";
}

// It was handled, so it must not be handled again; but nobody knows the answer.
TEST_F(StoredUpdates, WhoseRunWasRemovedAreRefused) {
  int handled = 0;
  workflow("chain", [&handled](Execution& e) {
    (void)e.accept(
        "u", [&handled](std::string_view) { return Outcome::success(std::to_string(++handled)); });
    const auto signal = e.next_signal("go");
    e.wait(*signal);
    if (signal->take_outcome().payload() == "end") return Outcome::success("ended");
    proto::RunContinuedAsNew next;
    next.set_workflow("chain");
    e.continue_as_new(as(next), {});
  });
  runtime::RetentionOptions soon;
  soon.max_age = base::Duration(1'000);
  open(soon);
  start_worker();
  start("chain", "run");
  EXPECT_THAT(*update("run", "u", "a"), ElementsAre("accepted a", "1"));
  EXPECT_TRUE(signal("run", "go", "on"));
  EXPECT_THAT(*update("run", "u", "a"), ElementsAre("accepted a", "1")) << "it is there";
  skip(base::Duration(5'000));
  EXPECT_TRUE(signal("run", "else"));
  skip(base::Duration(5'000));
  open(soon);
  start_worker();
  skip(base::Duration(5'000));
  EXPECT_THAT(*update("run", "u", "a"), ElementsAre("RP3038"));
  EXPECT_THAT(*update("run", "u", "b"), ElementsAre("accepted b", "2"));
  EXPECT_EQ(handled, 2);
}

}  // namespace
}  // namespace reprise::testing::updates_test
