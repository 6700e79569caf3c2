// Decisions: what is recorded, and what replay makes of code that decides otherwise, elsewhere, or
// not at all.
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_run.h"

namespace reprise::testing::decisions_test {
namespace {

using replay::TurnEnd;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = replay::Mismatch::Kind;

void decide(Execution& e, const std::string& what, bool outcome) {
  e.decide(what, outcome, at(7));
}

TEST(Decisions, AreRecordedAndGoOnAtOnce) {
  ScriptedRun run([](Execution& e) {
    decide(e, "credit ok", true);
    decide(e, "abroad", false);
    return ends_with(call(e, "charge"));
  });
  EXPECT_EQ(run.start(), TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(),
              ElementsAre("DecisionRecorded credit ok: true", "DecisionRecorded abroad: false",
                          "ActivityScheduled charge"));
  const proto::Event& first = run.last().commands(0);
  EXPECT_EQ(first.decision_recorded().what(), "credit ok");
  EXPECT_TRUE(first.decision_recorded().outcome());
  EXPECT_EQ(first.call_site().line(), 7U);
  EXPECT_EQ(run.last().commands(2).activity_scheduled().id(), 1U) << "decisions have no id";
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  run.turn({activity_completed(1, "paid")});
  EXPECT_EQ(result_of(run), "paid");
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Decisions, OfOneNameAreAsManyAsAreMade) {
  ScriptedRun run([](Execution& e) {
    for (int i = 0; i < 3; ++i) decide(e, "again", i < 2);
    return ends_with("done");
  });
  EXPECT_EQ(run.start(), TurnEnd::kClosed);
  EXPECT_THAT(run.commands(),
              ElementsAre("DecisionRecorded again: true", "DecisionRecorded again: true",
                          "DecisionRecorded again: false", "RunCompleted"));
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Decisions, AreMadeInACancelledRunToo) {
  ScriptedRun run([](Execution& e) {
    const std::string outcome = call(e, "charge");
    decide(e, "kept on", e.cancelled());
    return ends_with(outcome);
  });
  run.start();
  EXPECT_EQ(run.turn({cancel_requested()}), TurnEnd::kClosed);
  EXPECT_THAT(run.commands(), ElementsAre("ActivityCancelRequested #1",
                                          "DecisionRecorded kept on: true", "RunCompleted"));
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Decisions, OnOtherStrandsAreRecordedToo) {
  ScriptedRun run([](Execution& e) {
    const auto other = e.spawn([&e] { decide(e, "there", true); });
    decide(e, "here", true);
    e.wait(*other);
    return ends_with("done");
  });
  EXPECT_EQ(run.start(), TurnEnd::kClosed);
  EXPECT_THAT(run.commands(), ElementsAre("DecisionRecorded here: true",
                                          "DecisionRecorded there: true", "RunCompleted"));
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Decisions, CountAsCommandsOfTheirTurn) {
  const auto ten = [](Execution& e) {
    for (int i = 0; i < 10; ++i) decide(e, std::string(1'000, 'x'), true);
    return ends_with("done");
  };
  ScriptedRun small(ten, {.turn_bytes = 10 * 1'000});
  EXPECT_EQ(small.start(), TurnEnd::kParked);
  EXPECT_EQ(small.execution().trouble().code, base::ErrorCode::kRunLimit);
  ScriptedRun large(ten, {.turn_bytes = 11 * 1'000});
  EXPECT_EQ(large.start(), TurnEnd::kClosed);
  EXPECT_EQ(large.execution().events(), 12U) << "the start, ten decisions, the end";
  large.change_limit(1);
  EXPECT_EQ(large.replay(), TurnEnd::kClosed) << "what is recorded is replayed whatever the limit";
}

// ---- what differs -----------------------------------------------------------------------------

// The run waits for "go" after each turn; its code is a list of commands for every turn.
using Script = std::vector<std::vector<std::string>>;  // "a": an activity, "x+", "x-": decisions

Body code(Script script) {
  return [script = std::move(script)](Execution& e) {
    std::vector<replay::OperationRef> started;
    for (const auto& turn : script) {
      for (const std::string& command : turn) {
        const std::string name = command.substr(0, command.size() - 1);
        if (command.ends_with("+") || command.ends_with("-")) {
          decide(e, name, command.ends_with("+"));
        } else {
          started.push_back(schedule(e, command));
        }
      }
      const auto go = e.next_signal("go");
      e.wait(*go);
      (void)go->take_outcome();
    }
    return Outcome();
  };
}

struct Change {
  std::string name;
  Script recorded;
  Script now;
  Kind kind;
  std::uint64_t event;
};

void PrintTo(const Change& change, std::ostream* out) {
  *out << change.name;
}

const Change kChanges[] = {
    {"OtherOutcome", {{"x+", "a"}}, {{"x-", "a"}}, Kind::kDecided, 2},
    {"OtherOutcomeLater", {{"a", "x-"}}, {{"a", "x+"}}, Kind::kDecided, 3},
    {"OtherOutcomeInTheNextTurn", {{"x+"}, {"x+"}}, {{"x+"}, {"x-"}}, Kind::kDecided, 4},
    {"OtherName", {{"x+"}}, {{"y+"}}, Kind::kOtherName, 2},
    {"OtherNameAndOutcome", {{"x+"}}, {{"y-"}}, Kind::kOtherName, 2},
    {"MissingAtTheEndOfATurn", {{"a", "x+"}}, {{"a"}}, Kind::kMissing, 3},
    {"MissingBeforeACommand", {{"x+", "a"}}, {{"a"}}, Kind::kSwapped, 2},
    {"ExtraAtTheEndOfATurn", {{"a"}}, {{"a", "x+"}}, Kind::kExtra, 3},
    {"ExtraBeforeACommand", {{"a"}}, {{"x+", "a"}}, Kind::kOtherKind, 2},
    {"ExtraOfTheSame", {{"x+"}}, {{"x+", "x+"}}, Kind::kExtra, 3},
    {"MissingOfTheSame", {{"x+", "x+"}}, {{"x+"}}, Kind::kMissing, 3},
    {"MovedBehindACommand", {{"x+", "a"}}, {{"a", "x+"}}, Kind::kSwapped, 2},
    {"MovedBeforeACommand", {{"a", "x+"}}, {{"x+", "a"}}, Kind::kSwapped, 2},
    {"MovedToTheNextTurn", {{"x+"}, {}}, {{}, {"x+"}}, Kind::kMissing, 2},
    {"MovedToTheTurnBefore", {{}, {"x+"}}, {{"x+"}, {}}, Kind::kExtra, 2},
    {"TwoChangedPlaces", {{"x+", "y-"}}, {{"y-", "x+"}}, Kind::kSwapped, 2},
    {"OtherKind", {{"x+"}}, {{"x"}}, Kind::kOtherKind, 2},
};

class Changed : public ::testing::TestWithParam<Change> {};

TEST_P(Changed, IsFoundWhereItIs) {
  const Change& change = GetParam();
  for (const bool strict : {false, true}) {
    ScriptedRun run(code(change.recorded), {.strict = strict});
    run.start();
    for (std::size_t turn = 1; turn < change.recorded.size(); ++turn) run.turn({signal("go")});
    ASSERT_EQ(run.replay(), TurnEnd::kBlocked);
    run.change_code(code(change.now));
    ASSERT_EQ(run.replay(), TurnEnd::kParked);
    const replay::Mismatch& found = *run.execution().trouble().mismatch;
    EXPECT_EQ(found.kind, change.kind) << to_string(found.kind);
    EXPECT_EQ(found.event, change.event);
    EXPECT_EQ(run.execution().trouble().code, base::ErrorCode::kNondeterminism);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Changed, ::testing::ValuesIn(kChanges), [](const auto& row) {
  return row.param.name;
});

TEST(Decisions, TheReportSaysWhatWasDecidedThenAndNow) {
  ScriptedRun run(code({{"credit ok+", "charge"}}));
  run.start();
  run.change_code(code({{"credit ok-", "refuse"}}));
  ASSERT_EQ(run.replay(), TurnEnd::kParked);
  const std::string& report = run.execution().trouble().report;
  EXPECT_THAT(report, HasSubstr("DecisionRecorded credit ok: true"));
  EXPECT_THAT(report, HasSubstr("DecisionRecorded credit ok: false"));
  EXPECT_THAT(report, HasSubstr("the outcome: true in the log, false now"));
}

// A name may be anything; a report is printable all the same.
TEST(Decisions, HostileNamesAreReplayedAndShownEscaped) {
  for (const std::string& name : {std::string("a\x1b[2J\n: true"), std::string("a\0b", 3),
                                  std::string("\xff\xfe"), std::string(1'000, 'x')}) {
    const auto deciding = [&name](bool outcome) -> Body {
      return [name, outcome](Execution& e) {
        decide(e, name, outcome);
        return ends_with(call(e, "a"));
      };
    };
    ScriptedRun run(deciding(true));
    run.start();
    EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
    run.change_code(deciding(false));
    ASSERT_EQ(run.replay(), TurnEnd::kParked);
    EXPECT_EQ(run.execution().trouble().mismatch->kind, Kind::kDecided);
    const std::string& report = run.execution().trouble().report;
    for (const char byte : {'\x1b', '\0', '\xff'}) EXPECT_EQ(report.find(byte), report.npos);
  }
}

// A change of the rule, the same way as of any other code.
TEST(Decisions, OldRunsKeepTheOldRule) {
  const auto rule = [](int limit, bool patched) -> Body {
    return [limit, patched](Execution& e) {
      const bool changed = patched && e.patched("limit", at(6));
      decide(e, "credit ok", 650 > (changed ? 700 : limit));
      return ends_with(call(e, "charge"));
    };
  };
  ScriptedRun run(rule(600, false));
  run.start();
  run.change_code(rule(700, false));
  EXPECT_EQ(run.replay(), TurnEnd::kParked);
  run.change_code(rule(600, true));
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  run.turn({activity_completed(1)});
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

// ---- observers --------------------------------------------------------------------------------

class Asked final : public replay::ReplayObserver {
 public:
  explicit Asked(bool stays) : stays_(stays) {}
  void applying(std::uint64_t, const proto::Event&) override {}
  bool resumed() override { return true; }
  bool asks(std::uint64_t event, const proto::Event& command) override {
    lines.push_back(std::to_string(event) + " " + event::describe(command));
    return stays_;
  }
  void throws(const std::string&) override {}
  void differs(const replay::Trouble&) override {}
  bool settled() override { return true; }

  std::vector<std::string> lines;

 private:
  bool stays_;
};

TEST(Decisions, AnObserverIsToldAndMayLeave) {
  for (const bool stays : {false, true}) {
    Asked asked(stays);
    ScriptedRun run(code({{"x+", "a"}}), {.observer = &asked});
    run.start();
    EXPECT_EQ(run.replay(), stays ? TurnEnd::kBlocked : TurnEnd::kLeft);
    std::vector<std::string> expected{"2 DecisionRecorded x: true"};
    if (stays) expected.push_back("3 ActivityScheduled a");
    EXPECT_EQ(asked.lines, expected);
  }
}

// Nothing is recorded, but what would follow is known.
TEST(Decisions, ARehearsalGoesOnAfterThem) {
  ScriptedRun run([](Execution& e) -> Outcome {
    e.wait(*e.next_signal("go"));
    decide(e, "x", true);
    throw std::runtime_error("too far");
  });
  run.start();
  run.defer({signal("go")});
  run.replay();
  EXPECT_EQ(run.execution().rehearse(), TurnEnd::kParked);
  EXPECT_THAT(run.execution().trouble().report, HasSubstr("too far"));
}

}  // namespace
}  // namespace reprise::testing::decisions_test
