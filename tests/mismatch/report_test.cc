// The text of the report that a person reads when a deployment has broken a run.
#include <gtest/gtest.h>

#include "replay/mismatch.h"
#include "tests/support/scripted_run.h"

namespace reprise::testing::report_test {
namespace {

TEST(Report, ShowsBothSidesWithTheirCallSites) {
  ScriptedRun run([](Execution& e) {
    call(e, "reserve", 31);
    call(e, "charge", 38);
    return Outcome();
  });
  run.start();
  run.turn({activity_completed(1)});
  run.change_code([](Execution& e) {
    call(e, "reserve", 31);
    e.start_timer(base::Duration(86'400'000), at(41));
    return Outcome();
  });
  EXPECT_EQ(run.replay(), replay::TurnEnd::kParked);
  EXPECT_EQ(
      run.execution().trouble().report,
      "RP2001 nondeterminism: workflow 'test', run run-1 "
      "(00000000-0000-0000-0000-000000000000), event 4\n"
      "  the log says        ActivityScheduled charge        recorded at tests/workflow.cc:38\n"
      "  the code now does   TimerStarted 24h                at tests/workflow.cc:41\n"
      "  last match          2 ActivityScheduled reserve\n"
      "  usually             a durable call was added, removed or moved; keep old runs going "
      "with ctx.patched(\"...\")\n"
      "  different           the code makes another kind of command here\n"
      "  to go on            if (ctx.patched(\"...\")) { the calls as they are now } else { the "
      "calls "
      "as they were }\n");
}

TEST(Report, SaysWhenAPatchMarkerIsMissing) {
  ScriptedRun run([](Execution& e) {
    e.patched("fees", at(5));
    call(e, "a", 6);
    return Outcome();
  });
  run.start();
  run.change_code([](Execution& e) {
    call(e, "a", 6);
    return Outcome();
  });
  run.replay();
  EXPECT_NE(run.execution().trouble().report.find("ctx.patched(\"fees\") was removed"),
            std::string::npos);
}

TEST(Report, SaysWhenTheCodeDoesNothingMore) {
  ScriptedRun run([](Execution& e) {
    call(e, "a", 6);
    return Outcome();
  });
  run.start();
  run.change_code([](Execution& e) {
    const auto s = e.next_signal("s");
    e.wait(*s);
    return Outcome();
  });
  run.replay();
  EXPECT_NE(run.execution().trouble().report.find("the code now does   nothing of the kind"),
            std::string::npos);
}

}  // namespace
}  // namespace reprise::testing::report_test
