// What a cancellation does to a child at each moment, and the states of children.
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/replay/child_runs.h"

namespace reprise::testing::cancelled_children_test {
namespace {

using replay::CancelMode;
using replay::Lifecycle;
using replay::StartedChild;
using replay::TurnEnd;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using State = Lifecycle::State;
using Trigger = Lifecycle::Trigger;

constexpr std::array kModes = {CancelMode::kWait, CancelMode::kTry, CancelMode::kAbandon};

// ---- cancellation -----------------------------------------------------------------------------

// A turn for each letter: C the code cancels the child, S it has begun, E and F it has ended,
// R its start is refused, D the request to cancel is delivered.
proto::Event input_of(char letter) {
  switch (letter) {
    case 'C':
      return signal("cancel");
    case 'S':
      return child_started();
    case 'E':
      return child_completed();
    case 'F':
      return child_failed();
    case 'R':
      return child_failed(1, true);
    default:
      return delivered(2);
  }
}

struct Moment {
  CancelMode mode;
  std::string_view turns;
  std::string_view asks_at;  // the number of the turn that has the CancelSent; empty: none has
  std::string_view result;
};

constexpr std::string_view kGivenUp = "failed: child child as c was cancelled";

constexpr Moment kMoments[] = {
    // not at all
    {CancelMode::kWait, "SE", "", "done"},
    {CancelMode::kTry, "E", "", "done"},
    {CancelMode::kAbandon, "SF", "", "failed: broken"},
    // before it has begun
    {CancelMode::kWait, "CSDF", "2", "failed: broken"},
    {CancelMode::kWait, "CSFD", "2", "failed: broken"},
    {CancelMode::kWait, "CSDE", "2", "done"},
    {CancelMode::kTry, "CSD", "2", kGivenUp},
    {CancelMode::kTry, "CSFD", "2", kGivenUp},
    {CancelMode::kAbandon, "CS", "", kGivenUp},
    // it has ended at once, or never begun
    {CancelMode::kWait, "CE", "", "done"},
    {CancelMode::kWait, "CF", "", "failed: broken"},
    {CancelMode::kWait, "CR", "", "failed: taken"},
    {CancelMode::kTry, "CE", "", kGivenUp},
    {CancelMode::kTry, "CR", "", kGivenUp},
    {CancelMode::kAbandon, "CE", "", kGivenUp},
    {CancelMode::kAbandon, "CR", "", kGivenUp},
    // when it has begun
    {CancelMode::kWait, "SCDF", "2", "failed: broken"},
    {CancelMode::kWait, "SCED", "2", "done"},
    {CancelMode::kTry, "SCD", "2", kGivenUp},
    {CancelMode::kTry, "SCED", "2", kGivenUp},
    {CancelMode::kAbandon, "SC", "", kGivenUp},
    // when it has ended
    {CancelMode::kWait, "SEC", "", "done"},
    {CancelMode::kWait, "RC", "", "failed: taken"},
    {CancelMode::kTry, "EC", "", "done"},
    {CancelMode::kAbandon, "SFC", "", "failed: broken"},
    // twice
    {CancelMode::kWait, "CCSDF", "3", "failed: broken"},
    {CancelMode::kWait, "CSCDF", "2", "failed: broken"},
    {CancelMode::kWait, "SCCDF", "2", "failed: broken"},
    {CancelMode::kWait, "SCDCE", "2", "done"},
    {CancelMode::kTry, "CCSD", "3", kGivenUp},
    {CancelMode::kTry, "CSCD", "2", kGivenUp},
    {CancelMode::kTry, "SCCD", "2", kGivenUp},
    {CancelMode::kAbandon, "CCS", "", kGivenUp},
    {CancelMode::kAbandon, "SCC", "", kGivenUp},
};

TEST(ChildrenReplay, ACancellationDoesWhatTheModeSaysAtEachMoment) {
  for (const Moment& moment : kMoments) {
    SCOPED_TRACE(std::to_string(static_cast<int>(moment.mode)) + " " + std::string(moment.turns));
    const auto cancels = std::count(moment.turns.begin(), moment.turns.end(), 'C');
    ScriptedRun run([&](Execution& e) {
      const StartedChild child = start_child(e, "c", moment.mode);
      for (auto i = cancels; i > 0; --i) {
        wait_for(e, "cancel");
        e.cancel(*child.end, at(20));
      }
      return ends_with(outcome(e, child.end));
    });
    run.start();
    std::string asks_at;
    for (std::size_t i = 0; i < moment.turns.size(); ++i) {
      const bool is_last = i + 1 == moment.turns.size();
      ASSERT_EQ(turn(run, {input_of(moment.turns[i])}),
                is_last ? TurnEnd::kClosed : TurnEnd::kBlocked)
          << "turn " << i + 1;
      for (const auto& command : run.last().commands()) {
        if (!command.has_cancel_sent()) continue;
        asks_at += std::to_string(i + 1);
        EXPECT_EQ(command.cancel_sent().id(), 2U);
        EXPECT_EQ(command.cancel_sent().workflow_id(), "c");
        EXPECT_EQ(command.cancel_sent().run_id(), kRunOfChild);
        EXPECT_TRUE(command.cancel_sent().of_chain());
        EXPECT_EQ(command.call_site().line(), 20U);
      }
    }
    EXPECT_EQ(asks_at, moment.asks_at);
    EXPECT_EQ(result_of(run), moment.result);
  }
}

// The same by the cancellation of the run, while the code waits for the child.
TEST(ChildrenReplay, ACancelledScopeCancelsThem) {
  struct Case {
    CancelMode mode;
    bool begun;
    std::vector<std::string> at_once;
    std::string result;
  };
  const Case cases[] = {
      {CancelMode::kWait, true, {"CancelSent to c"}, "failed: broken"},
      {CancelMode::kWait, false, {}, "failed: broken"},
      {CancelMode::kTry, true, {"CancelSent to c"}, "cut short"},
      {CancelMode::kTry, false, {}, "cut short"},
      {CancelMode::kAbandon, true, {"RunCompleted"}, "cut short"},
      {CancelMode::kAbandon, false, {}, "cut short"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(std::to_string(static_cast<int>(each.mode)) + (each.begun ? " begun" : ""));
    ScriptedRun run([&](Execution& e) {
      const StartedChild child = start_child(e, "c", each.mode);
      return ends_with(outcome(e, child.end));
    });
    run.start();
    if (each.begun) turn(run, {child_started()});
    TurnEnd end = turn(run, {cancel_requested()});
    EXPECT_EQ(run.commands(), each.at_once);
    if (!each.begun) end = turn(run, {child_started()});
    if (each.mode != CancelMode::kAbandon) {
      EXPECT_EQ(end, TurnEnd::kBlocked);
      EXPECT_EQ(turn(run, {cancel_requested()}), TurnEnd::kBlocked) << "once more";
      EXPECT_THAT(run.commands(), IsEmpty());
      end = turn(run, {child_failed(), delivered(2)});
    }
    EXPECT_EQ(end, TurnEnd::kClosed);
    EXPECT_EQ(result_of(run), each.result);
  }
}

TEST(ChildrenReplay, AScopeCancelsThoseThatWereStartedInIt) {
  ScriptedRun run([](Execution& e) {
    const StartedChild outside = start_child(e, "outside");
    const auto scope = e.enter_scope(replay::Scope::Kind::kCancellable);
    const StartedChild inside = start_child(e, "inside");
    const auto shield = e.enter_scope(replay::Scope::Kind::kShielded);
    const StartedChild shielded = start_child(e, "shielded");
    e.leave_scope(shield);
    wait_for(e, "go");
    e.cancel_scope(scope);
    const std::string in_scope = outcome(e, inside.end);
    e.leave_scope(scope);
    return ends_with(in_scope + ", " + outcome(e, outside.end) + ", " + outcome(e, shielded.end));
  });
  run.start();
  EXPECT_EQ(turn(run, {child_started(1), child_started(2), child_started(3)}), TurnEnd::kBlocked);
  EXPECT_EQ(turn(run, {signal("go")}), TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(), ElementsAre("CancelSent to inside"));
  EXPECT_EQ(turn(run, {delivered(4), child_failed(2), child_completed(1)}), TurnEnd::kBlocked);
  EXPECT_EQ(turn(run, {child_completed(3)}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "failed: broken, done, done");
}

// Its end is waited for in the cancelled scope; for its beginning nobody waits there.
TEST(ChildrenReplay, InACancelledScopeTheWaitForABeginningIsCutShort) {
  ScriptedRun run([](Execution& e) {
    const StartedChild child = start_child(e);
    const std::string start = outcome(e, child.start);
    return ends_with(start + ", " + outcome(e, child.end));
  });
  run.start();
  EXPECT_EQ(turn(run, {cancel_requested()}), TurnEnd::kBlocked);
  EXPECT_EQ(turn(run, {child_started()}), TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(), ElementsAre("CancelSent to c"));
  EXPECT_EQ(turn(run, {delivered(2), child_failed()}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "cut short, failed: broken");
}

// Of several that a cancelled scope waits for, one whose end will come makes the wait go on, and
// those that were over when it was cancelled are not taken for it.
TEST(ChildrenReplay, AWaitForSeveralGoesOnForTheOneThatWasAsked) {
  ScriptedRun run([](Execution& e) {
    const StartedChild child = start_child(e);
    const StartedChild given_up = start_child(e, "d", CancelMode::kAbandon);
    const auto timer = minute(e);
    replay::Operation* const all[] = {timer.get(), given_up.end.get(), child.end.get()};
    const auto first = e.wait_first(all);
    const auto then = e.wait_first(all);
    const auto text = [](const auto& index) {
      return index ? std::to_string(*index) : std::string("cut short");
    };
    return ends_with(text(first) + ", " + text(then));
  });
  run.start();
  EXPECT_EQ(turn(run, {child_started(1), child_started(2)}), TurnEnd::kBlocked);
  EXPECT_EQ(turn(run, {cancel_requested()}), TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(), ElementsAre("CancelSent to c", "TimerCancelled #3"));
  EXPECT_EQ(turn(run, {delivered(4)}), TurnEnd::kBlocked);
  EXPECT_EQ(turn(run, {child_failed(1)}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "2, 2");
}

// ---- every state and trigger ------------------------------------------------------------------

constexpr std::array kTriggers = {"started", "completed", "failed", "refused", "cancel"};

struct Both {
  replay::OperationRef end;
  replay::OperationRef start;
};

// The triggers that an event or call is for the child, and for its beginning; the code has no other
// way to give them one.
std::vector<Trigger> for_end(std::string_view what, CancelMode mode) {
  if (what == "completed") return {Trigger::kSuccess};
  if (what == "failed" || what == "refused") return {Trigger::kFailure};
  if (what == "cancel") return {mode == CancelMode::kWait ? Trigger::kAsk : Trigger::kCancel};
  return {};
}

std::vector<Trigger> for_start(std::string_view what) {
  if (what == "refused") return {Trigger::kFailure};
  if (what == "cancel") return {};
  return {Trigger::kSuccess};
}

State follow(Lifecycle::Kind kind, State from, const std::vector<Trigger>& triggers) {
  for (const Trigger trigger : triggers) {
    from = Lifecycle::next(kind, from, trigger).value_or(from);
  }
  return from;
}

// A run whose child has had `way`, one after the other; the states of the child must be those of
// the tables after each.
void expect_follows_tables(CancelMode mode, const std::vector<std::string_view>& way) {
  Both operations;
  ScriptedRun run([&](Execution& e) {
    const StartedChild child = start_child(e, "c", mode);
    operations = {child.end, child.start};
    for (std::size_t i = 0; i < way.size(); ++i) {
      wait_for(e, "cancel");
      e.cancel(*child.end, at(20));
    }
    return ends_with("");
  });
  run.start();
  State end = State::kRecorded;
  State start = State::kUnderWay;
  bool is_over = false;  // later inputs are late
  for (const std::string_view what : way) {
    const proto::Event input = what == "started"     ? child_started()
                               : what == "completed" ? child_completed()
                               : what == "failed"    ? child_failed()
                               : what == "refused"   ? child_failed(1, true)
                                                     : signal("cancel");
    ASSERT_NE(run.turn({input}), TurnEnd::kParked);
    if (what == "cancel" || !is_over)
      end = follow(Lifecycle::Kind::kChild, end, for_end(what, mode));
    if (!is_over) start = follow(Lifecycle::Kind::kChildStart, start, for_start(what));
    is_over = is_over || (what != "started" && what != "cancel");
    for (const bool replayed : {false, true}) {
      if (replayed) {
        ASSERT_NE(run.replay(), TurnEnd::kParked);
      }
      EXPECT_EQ(operations.end->state(), end) << what << (replayed ? " replayed" : "");
      EXPECT_EQ(operations.start->state(), start) << what << (replayed ? " replayed" : "");
    }
  }
  run.drop();
}

// Every sequence of three: two lead to every state, and the third is every event and call.
TEST(ChildrenReplay, StatesAreThoseOfTheTables) {
  for (const CancelMode mode : kModes) {
    for (std::size_t number = 0; number < 5 * 5 * 5; ++number) {
      std::vector<std::string_view> way;
      std::string text = std::to_string(static_cast<int>(mode));
      for (std::size_t rest = number; way.size() < 3; rest /= 5) {
        way.emplace_back(kTriggers[rest % 5]);
        text += " " + std::string(way.back());
      }
      SCOPED_TRACE(text);
      expect_follows_tables(mode, way);
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace reprise::testing::cancelled_children_test
