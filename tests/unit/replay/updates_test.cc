// Updates in live turns: which of them the code takes, and what is left of the others.
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/ids.h"
#include "tests/support/scripted_run.h"

namespace reprise::testing::updates_test {
namespace {

using replay::TurnEnd;
using replay::UntakenUpdate;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Why = UntakenUpdate::Why;

std::optional<proto::Failure> reject(const std::string& why) {
  proto::Failure failure;
  failure.set_message(why);
  return failure;
}

// Takes "add" until the signal "end"; "bad" is rejected, "throw" and "odd" are bugs of the check.
// Handlers wait for the signal "go".
Outcome take_updates(Execution& e) {
  const auto handle = [&e](std::string_view input) {
    const auto go = e.next_signal("go");
    e.wait(*go);
    return Outcome::success(std::string(input) + " done");
  };
  e.accept("add", handle);
  e.accept("checked", handle, [](std::string_view input) -> std::optional<proto::Failure> {
    if (input == "bad") return reject("it is bad");
    if (input == "throw") throw std::logic_error("off by one");
    if (input == "odd") throw 7;
    return std::nullopt;
  });
  const auto end = e.next_signal("end");
  e.wait(*end);
  return ends_with("done");
}

proto::Event checked(std::string id, std::string input) {
  proto::Event event = update(std::move(id), "checked");
  event.mutable_update_received()->set_input(std::move(input));
  return event;
}

// "0 rejected a": the index, why, and the update's id, of each that the last turn has not taken.
std::vector<std::string> untaken(ScriptedRun& run) {
  static const char* const kWhys[] = {"rejected", "bug", "known", "answered", "too early"};
  std::vector<std::string> texts;
  for (const UntakenUpdate& each : run.execution().take_untaken()) {
    texts.push_back(std::to_string(each.input) + " " + kWhys[static_cast<int>(each.why)] + " " +
                    each.event.update_received().update_id() + each.text + each.failure.message());
  }
  return texts;
}

TEST(Untaken, LeavesTheTurnAsIfItHadNotCome) {
  ScriptedRun run(take_updates);
  run.start();
  run.turn({checked("a", "bad"), signal("go"), checked("b", "throw"), checked("c", "good"),
            checked("d", "odd"), signal("go")});
  EXPECT_THAT(untaken(run), ElementsAre("0 rejected ait is bad", "2 bug bit threw off by one",
                                        "4 bug dit threw no std::exception"));
  EXPECT_EQ(run.last().inputs_size(), 3);
  EXPECT_THAT(run.commands(), ElementsAre("UpdateCompleted c"));
  EXPECT_THAT(untaken(run), IsEmpty()) << "once";
  EXPECT_EQ(run.execution().events(), 1U + 3U + 1U);
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(run.execution().events(), 1U + 3U + 1U);
}

// No replay would see the time of a turn that is not recorded.
TEST(Untaken, ATurnOfNothingElseDoesNotMoveTheTime) {
  ScriptedRun run(take_updates);
  run.start();
  const base::Time before = run.execution().now();
  run.turn({checked("a", "bad")});
  EXPECT_EQ(run.last().inputs_size() + run.last().commands_size(), 0);
  EXPECT_EQ(run.execution().now(), before);
  run.turn({checked("a", "bad"), signal("other")});
  EXPECT_GT(run.execution().now(), before);
}

TEST(Untaken, OnReplayNothingIsChecked) {
  ScriptedRun run(take_updates);
  run.start();
  run.turn({checked("a", "good"), signal("go")});
  run.history().back().mutable_inputs(0)->mutable_update_received()->set_input("bad");
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  run.defer({checked("b", "bad")});
  run.turn({signal("go")});
  EXPECT_THAT(run.commands(), ElementsAre("UpdateCompleted b"));
  EXPECT_THAT(untaken(run), IsEmpty());
}

TEST(Untaken, OneThatWasTakenIsKnown) {
  ScriptedRun run(take_updates);
  run.start();
  run.turn({update("a", "add")});
  for (int replayed = 0; replayed < 2; ++replayed) {
    run.turn({update("a", "add"), update("a", "checked"), checked("b", "bad")});
    EXPECT_THAT(untaken(run), ElementsAre("0 known aadd", "1 known aadd", "2 rejected bit is bad"));
    run.replay();
  }
  run.turn({signal("go"), update("a", "add")});
  EXPECT_THAT(untaken(run), ElementsAre("1 answered a"));
  run.replay();
  run.turn({update("a", "unknown")});
  EXPECT_THAT(untaken(run), ElementsAre("0 answered a"));
}

TEST(Untaken, EarlierRunsOfTheChainHaveTakenSome) {
  ScriptedRun run(take_updates);
  proto::Event start = started();
  start.mutable_run_started()->add_known_updates(base::hash64("a"));
  run.turn({start});
  for (int replayed = 0; replayed < 2; ++replayed) {
    run.turn({update("a", "add")});
    EXPECT_THAT(untaken(run), ElementsAre("0 answered a"));
    run.replay();
  }
  run.turn({update("b", "add")});
  EXPECT_THAT(untaken(run), IsEmpty());
}

TEST(Untaken, TheNextRunKnowsTheLatest) {
  ScriptedRun run([](Execution& e) -> Outcome {
    e.accept("add", [](std::string_view) { return Outcome(); });
    const auto end = e.next_signal("end");
    e.wait(*end);
    proto::RunContinuedAsNew next;
    next.set_workflow("next");
    e.continue_as_new(as(next), at(7));
  });
  proto::Event start = started();
  start.mutable_run_started()->add_known_updates(1);
  run.turn({start});
  const int all = static_cast<int>(replay::kRememberedUpdates);
  for (int i = 0; i < all; ++i) run.turn({update(std::to_string(i), "add")});
  EXPECT_EQ(run.turn({signal("end"), update("late", "add")}), TurnEnd::kClosed);
  const auto known = run.execution().take_unread().known_updates;
  ASSERT_EQ(known.size(), replay::kRememberedUpdates);
  EXPECT_EQ(known.front(), base::hash64("0"));
  EXPECT_EQ(known.back(), base::hash64(std::to_string(all - 1)));
  EXPECT_THAT(untaken(run), ElementsAre("1 too early late"));
}

TEST(Untaken, CodeThatIsBeingMadeTakesNone) {
  class Slow final : public replay::WorkflowInstance {
   public:
    explicit Slow(Execution& e) : e_(e) {}
    Outcome make() override {
      (void)call(e_, "prepare");
      e_.accept("add", [](std::string_view) { return Outcome::success("added"); });
      return {};
    }
    Outcome run(std::string_view) override {
      const auto end = e_.next_signal("end");
      e_.wait(*end);
      return {};
    }

   private:
    Execution& e_;
  };
  ScriptedRun run(take_updates);
  run.set_code([](Execution& e) { return std::make_unique<Slow>(e); });
  run.start();
  run.turn({update("a", "add"), signal("x")});
  EXPECT_THAT(untaken(run), ElementsAre("0 too early a"));
  run.turn({activity_completed(1), update("a", "add"), update("b", "unknown")});
  EXPECT_THAT(untaken(run), IsEmpty());
  EXPECT_THAT(run.commands(), ElementsAre("UpdateCompleted a", "UpdateCompleted b"));
}

TEST(Untaken, ATurnThatParksTheRunLeavesTheOthersInPlace) {
  ScriptedRun run([](Execution& e) -> Outcome {
    e.accept("bug", [](std::string_view) -> Outcome { throw std::logic_error("oops"); });
    return take_updates(e);
  });
  run.start();
  proto::Turn turn;
  for (const auto& input : {checked("a", "bad"), update("b", "bug"), signal("s")}) {
    *turn.add_inputs() = input;
  }
  EXPECT_EQ(run.execution().run_turn(&turn), TurnEnd::kParked);
  ASSERT_EQ(turn.inputs_size(), 2);
  EXPECT_TRUE(turn.inputs(1).has_signal_received());
}

// ---- handlers under way -----------------------------------------------------------------------

TEST(Handlers, AreCountedUntilTheirStrandsEnd) {
  ScriptedRun run([](Execution& e) -> Outcome {
    e.on_signal("slow", [&e](const auto&) {
      EXPECT_TRUE(e.in_handler());
      (void)call(e, "a");
    });
    return take_updates(e);
  });
  run.start();
  const auto under_way = [&] { return run.execution().handlers_under_way(); };
  EXPECT_EQ(under_way(), 0U);
  run.turn({signal("slow"), update("a", "add"), update("b", "unknown")});
  EXPECT_EQ(under_way(), 2U);
  run.replay();
  EXPECT_EQ(under_way(), 2U);
  run.turn({activity_completed(1)});
  EXPECT_EQ(under_way(), 1U);
  run.turn({signal("go")});
  EXPECT_EQ(under_way(), 0U);
  EXPECT_FALSE(run.execution().in_handler());
}

}  // namespace
}  // namespace reprise::testing::updates_test
