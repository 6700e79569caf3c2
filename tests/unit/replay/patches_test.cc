// The life of a change: patched, deprecated, removed. Every stage of the code against the histories
// that each stage has written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_run.h"

namespace reprise::testing::patches_test {
namespace {

using replay::TurnEnd;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// ---- the table --------------------------------------------------------------------------------

// The change puts "check" in front of "pick".
enum class Stage { kBefore, kPatched, kDeprecated, kRemoved };

Outcome pick(Execution& e) {
  return Outcome::success(call(e, "pick", 20));
}
Outcome check_and_pick(Execution& e) {
  call(e, "check", 10);
  return pick(e);
}

Body code_at(Stage stage) {
  switch (stage) {
    case Stage::kBefore:
      return pick;
    case Stage::kPatched:
      return [](Execution& e) { return e.patched("fraud", at(9)) ? check_and_pick(e) : pick(e); };
    case Stage::kDeprecated:
      return [](Execution& e) {
        e.deprecate_patch("fraud", at(9));
        return check_and_pick(e);
      };
    case Stage::kRemoved:
      return check_and_pick;
  }
  return {};
}

struct Case {
  Stage recorded;
  Stage replayed;
  std::string advice;  // empty: the run goes on
};

std::string name_of(Stage stage) {
  constexpr const char* kNames[] = {"Before", "Patched", "Deprecated", "Removed"};
  return kNames[static_cast<int>(stage)];
}
void PrintTo(const Case& row, std::ostream* out) {
  *out << name_of(row.recorded) << " by " << name_of(row.replayed);
}

class PatchTable : public ::testing::TestWithParam<Case> {};

TEST_P(PatchTable, GoesOnOrSaysWhatToPutBack) {
  const auto& [recorded, replayed, advice] = GetParam();
  ScriptedRun run(code_at(recorded));
  run.start();
  run.change_code(code_at(replayed));
  const TurnEnd end = run.replay();
  if (!advice.empty()) {
    ASSERT_EQ(end, TurnEnd::kParked);
    EXPECT_THAT(run.execution().trouble().report, HasSubstr(advice));
    return;
  }
  ASSERT_EQ(end, TurnEnd::kBlocked) << run.execution().trouble().report;
  run.turn({activity_completed(1)});
  if (recorded != Stage::kBefore) run.turn({activity_completed(2)});
  EXPECT_TRUE(run.execution().closed());
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

constexpr const char* kPutBack =
    "put ctx.deprecate_patch(\"fraud\"); back where it was (tests/workflow.cc:9 when this run "
    "recorded it)";
constexpr const char* kTooEarly =
    "this run has no marker of it: go back to if (ctx.patched(\"fraud\"))";
constexpr const char* kUnguarded = "keep old runs going with ctx.patched(\"...\")";

INSTANTIATE_TEST_SUITE_P(
    All,
    PatchTable,
    ::testing::Values(Case{Stage::kBefore, Stage::kBefore, ""},
                      Case{Stage::kBefore, Stage::kPatched, ""},
                      Case{Stage::kBefore, Stage::kDeprecated, kTooEarly},
                      Case{Stage::kBefore, Stage::kRemoved, kUnguarded},
                      Case{Stage::kPatched, Stage::kBefore, kPutBack},
                      Case{Stage::kPatched, Stage::kPatched, ""},
                      Case{Stage::kPatched, Stage::kDeprecated, ""},
                      Case{Stage::kPatched, Stage::kRemoved, kPutBack},
                      // Rolled back twice: the marker need not be known, the check does.
                      Case{Stage::kDeprecated, Stage::kBefore, kUnguarded},
                      Case{Stage::kDeprecated, Stage::kPatched, ""},
                      Case{Stage::kDeprecated, Stage::kDeprecated, ""},
                      Case{Stage::kDeprecated, Stage::kRemoved, ""},
                      Case{Stage::kRemoved, Stage::kBefore, kUnguarded},
                      // Such a run looks like one that took the old branch.
                      Case{Stage::kRemoved, Stage::kPatched, kUnguarded},
                      Case{Stage::kRemoved, Stage::kDeprecated, ""},
                      Case{Stage::kRemoved, Stage::kRemoved, ""}),
    [](const auto& row) {
      return name_of(row.param.recorded) + "_" + name_of(row.param.replayed);
    });

// ---- where patched() can stand ----------------------------------------------------------------

TEST(Patches, TheFirstAnswerHoldsInEveryRoundOfALoop) {
  const auto looping = [](bool changed) -> Body {
    return [changed](Execution& e) {
      for (int round = 0; round < 3; ++round) {
        if (changed && e.patched("check", at(3))) call(e, "check", 4);
        call(e, "pick", 5);
      }
      return Outcome();
    };
  };
  ScriptedRun old(looping(false));
  old.start();
  old.change_code(looping(true));
  ASSERT_EQ(old.replay(), TurnEnd::kBlocked);
  old.turn({activity_completed(1)});  // the second round is live, and remembers the answer
  EXPECT_THAT(old.commands(), ElementsAre("ActivityScheduled pick"));
  EXPECT_EQ(old.replay(), TurnEnd::kBlocked);

  ScriptedRun fresh(looping(true));
  fresh.start();
  for (std::uint32_t id = 1; id < 6; ++id) fresh.turn({activity_completed(id)});
  ASSERT_EQ(fresh.turn({activity_completed(6)}), TurnEnd::kClosed);
  int markers = 0;
  for (const auto& turn : fresh.history()) {
    for (const auto& command : turn.commands()) markers += command.has_patch_recorded() ? 1 : 0;
  }
  EXPECT_EQ(markers, 1);
  EXPECT_EQ(fresh.replay(), TurnEnd::kClosed);
}

TEST(Patches, AnIdOfItsOwnForEachRoundIsAskedAnew) {
  const auto looping = [](bool changed) -> Body {
    return [changed](Execution& e) {
      for (int round = 0; round < 2; ++round) {
        if (changed && e.patched("check-" + std::to_string(round), at(3))) call(e, "check", 4);
        call(e, "pick", 5);
      }
      return Outcome();
    };
  };
  ScriptedRun run(looping(false));
  run.start();
  run.change_code(looping(true));
  ASSERT_EQ(run.replay(), TurnEnd::kBlocked);
  run.turn({activity_completed(1)});
  EXPECT_THAT(run.commands(), ElementsAre("PatchRecorded check-1", "ActivityScheduled check"));
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
}

TEST(Patches, SeveralAtOnePlaceAreIndependent) {
  const auto code = [](bool first, bool second) -> Body {
    return [first, second](Execution& e) {
      std::string name = "pick";
      if (first && e.patched("first", at(1))) name += "+first";
      if (second && e.patched("second", at(2))) name += "+second";
      return Outcome::success(call(e, name));
    };
  };
  ScriptedRun run(code(true, false));
  run.start();
  EXPECT_THAT(run.commands(), ElementsAre("PatchRecorded first", "ActivityScheduled pick+first"));
  run.change_code(code(true, true));
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  ScriptedRun fresh(code(true, true));
  fresh.start();
  EXPECT_THAT(fresh.commands(), ElementsAre("PatchRecorded first", "PatchRecorded second",
                                            "ActivityScheduled pick+first+second"));
  EXPECT_EQ(fresh.replay(), TurnEnd::kBlocked);
}

// Of two deprecated changes one is removed and the other one's call moves before it.
TEST(Patches, DeprecatedMarkersArePassedOverInAnyOrder) {
  ScriptedRun run([](Execution& e) {
    e.deprecate_patch("a", at(1));
    e.deprecate_patch("b", at(2));
    e.deprecate_patch("c", at(3));
    call(e, "pick");
    e.side_effect([] { return std::string("v"); }, at(4));
    e.deprecate_patch("d", at(5));
    const auto end = e.next_signal("end");
    e.wait(*end);
    return Outcome();
  });
  run.start();
  run.turn({activity_completed(1)});
  run.change_code([](Execution& e) {
    e.deprecate_patch("c", at(1));
    EXPECT_TRUE(e.patched("b", at(2)));
    call(e, "pick");
    EXPECT_TRUE(e.patched("a", at(2)));
    EXPECT_EQ(e.side_effect([] { return std::string("w"); }, at(4)), "v");
    const auto end = e.next_signal("end");
    e.wait(*end);
    EXPECT_TRUE(e.patched("d", at(2)));  // live, and the log has it
    return Outcome();
  });
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  run.turn({signal("end")});
  EXPECT_THAT(run.commands(), ElementsAre("RunCompleted"));
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Patches, ADeprecatedMarkerDoesNotHideTheCommandBehindIt) {
  ScriptedRun run([](Execution& e) {
    e.deprecate_patch("a", at(1));
    call(e, "pick", 2);
    return Outcome();
  });
  run.start();
  run.change_code([](Execution& e) {
    call(e, "ship", 3);
    return Outcome();
  });
  ASSERT_EQ(run.replay(), TurnEnd::kParked);
  const auto& mismatch = *run.execution().trouble().mismatch;
  EXPECT_EQ(mismatch.event, 3U);  // start, marker, pick
  EXPECT_EQ(mismatch.recorded->activity_scheduled().name(), "pick");
}

TEST(Patches, DeprecatingAfterAskingRecordsOneMarker) {
  ScriptedRun run([](Execution& e) {
    EXPECT_TRUE(e.patched("a", at(1)));
    e.deprecate_patch("a", at(2));
    e.deprecate_patch("b", at(3));
    EXPECT_TRUE(e.patched("b", at(4)));
    call(e, "pick");
    return Outcome();
  });
  run.start();
  EXPECT_THAT(run.commands(),
              ElementsAre("PatchRecorded a", "PatchRecorded b", "ActivityScheduled pick"));
  EXPECT_FALSE(run.last().commands(0).patch_recorded().deprecated());
  EXPECT_TRUE(run.last().commands(1).patch_recorded().deprecated());
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
}

TEST(Patches, TheFirstToAskMayBeASpawnedStrand) {
  const auto code = [](Stage stage) -> Body {
    return [stage](Execution& e) {
      const auto child = e.spawn([&] { (void)code_at(stage)(e); });
      e.wait(*child);
      const auto end = e.next_signal("end");
      e.wait(*end);
      return Outcome::success(stage == Stage::kPatched && e.patched("fraud", at(30)) ? "new" : "");
    };
  };
  for (const Stage recorded : {Stage::kBefore, Stage::kPatched, Stage::kDeprecated}) {
    ScriptedRun run(code(recorded));
    run.start();
    run.change_code(code(Stage::kPatched));
    ASSERT_EQ(run.replay(), TurnEnd::kBlocked);
    run.turn({activity_completed(1)});
    if (recorded != Stage::kBefore) run.turn({activity_completed(2)});
    ASSERT_EQ(run.turn({signal("end")}), TurnEnd::kClosed);
    EXPECT_EQ(run.last().commands(0).run_completed().result(),
              recorded == Stage::kBefore ? "" : "new");
    EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  }
}

// Turns that ran no code do not tell which code ran before them.
TEST(Patches, ARunThatWaitedForBetterCodeIsAsNewAsItsTurns) {
  ScriptedRun run([](Execution& e) {
    const auto go = e.next_signal("go");
    e.wait(*go);
    return pick(e);
  });
  run.start();
  run.defer({signal("go")});
  run.change_code([](Execution& e) {
    const auto go = e.next_signal("go");
    e.wait(*go);
    return e.patched("fraud", at(9)) ? check_and_pick(e) : pick(e);
  });
  ASSERT_EQ(run.replay(), TurnEnd::kBlocked);
  run.turn({signal("go")});
  EXPECT_THAT(run.commands(), ElementsAre("PatchRecorded fraud", "ActivityScheduled check"));
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
}

TEST(Patches, AMovedCallIsReportedWhereTheLogHasIt) {
  ScriptedRun run([](Execution& e) {
    call(e, "pick", 1);
    if (e.patched("fraud", at(2))) call(e, "check", 3);
    return Outcome();
  });
  run.start();
  run.turn({activity_completed(1)});
  run.change_code([](Execution& e) {
    const bool check = e.patched("fraud", at(1));
    call(e, "pick", 2);
    if (check) call(e, "check", 3);
    return Outcome();
  });
  ASSERT_EQ(run.replay(), TurnEnd::kParked);
  EXPECT_THAT(run.execution().trouble().report,
              HasSubstr("back where it was (tests/workflow.cc:2 when this run recorded it)"));
}

TEST(Patches, AreToldAfterwards) {
  ScriptedRun run(code_at(Stage::kBefore));
  run.start();
  run.change_code(code_at(Stage::kPatched));
  run.replay();
  const auto& patch = run.execution().patches().at("fraud");
  EXPECT_TRUE(patch.asked);
  EXPECT_FALSE(patch.taken);
  EXPECT_FALSE(patch.deprecated);
}

}  // namespace
}  // namespace reprise::testing::patches_test
