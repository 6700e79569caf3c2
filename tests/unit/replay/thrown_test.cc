// Exceptions that leave the code of a run: their reports, with the place where they were thrown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replay/strand.h"
#include "tests/support/scripted_run.h"

// As a user's: stacks leave out what is in our own namespace.
namespace thrown_code {
struct Odd {};

[[gnu::noinline]] void fail_deep_down(int depth) {
  if (depth > 0) {
    fail_deep_down(depth - 1);
    asm volatile("");  // no tail call
  } else {
    throw std::out_of_range("no such item\nforged \x1b[31m");
  }
}
[[gnu::noinline]] void fail_oddly() {
  throw Odd();
}
// Its destructor throws and catches while the exception passes.
struct Busy {
  ~Busy() {
    try {
      throw 1;
    } catch (int) {
    }
  }
};
[[gnu::noinline]] void fail_behind_others() {
  const Busy busy;
  try {
    fail_deep_down(0);
  } catch (const std::bad_alloc&) {
  }
}
}  // namespace thrown_code

namespace reprise::testing::thrown_test {
namespace {

using replay::Thrown;
using replay::TurnEnd;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ThrownTest : public ::testing::Test {
 protected:
  ThrownTest() { options_.symbols = &symbols_; }

  std::string report_of(const ScriptedRun& run) { return trouble_of(run).report; }
  const Thrown& thrown_by(const ScriptedRun& run) { return *trouble_of(run).thrown; }
  static const replay::Trouble& trouble_of(const ScriptedRun& run) {
    return const_cast<ScriptedRun&>(run).execution().trouble();
  }

  base::Symbols symbols_;
  replay::ExecutionOptions options_;
};

TEST_F(ThrownTest, TheReportSaysWhatWasThrownWhereAndByWhom) {
  ScriptedRun run(
      [](Execution& e) {
        call(e, "a");
        thrown_code::fail_deep_down(3);
        return Outcome();
      },
      options_);
  run.start();
  ASSERT_EQ(run.turn({activity_completed(1)}), TurnEnd::kParked);
  EXPECT_EQ(trouble_of(run).code, base::ErrorCode::kWorkflowBug);
  EXPECT_EQ(thrown_by(run).type, "std::out_of_range");
  EXPECT_EQ(thrown_by(run).what, "no such item\nforged \x1b[31m");
  EXPECT_EQ(thrown_by(run).event, 3u);
  EXPECT_EQ(thrown_by(run).strand.number, 1u);
  EXPECT_THAT(report_of(run),
              AllOf(HasSubstr("std::out_of_range: no such item\\nforged \\x1b[31m\n"),
                    HasSubstr("of                  workflow 'test', run run-1 ("),
                    HasSubstr("in                  the workflow's function\n"),
                    HasSubstr("at event            3 ActivityCompleted #1\n"),
                    HasSubstr("stack               strand 1\n"
                              "                      thrown_code::fail_deep_down "),
                    Not(HasSubstr("__cxa_throw")), Not(HasSubstr("_Unwind"))));
  EXPECT_GE(replay::user_frames(thrown_by(run), symbols_).size(), 4u) << report_of(run);
}

TEST_F(ThrownTest, WhatPassesByOthersIsFoundWhereItWasThrown) {
  ScriptedRun run(
      [](Execution&) {
        thrown_code::fail_behind_others();
        return Outcome();
      },
      options_);
  ASSERT_EQ(run.start(), TurnEnd::kParked);
  EXPECT_EQ(thrown_by(run).type, "std::out_of_range");
  EXPECT_THAT(report_of(run), AllOf(HasSubstr("thrown_code::fail_deep_down"),
                                    HasSubstr("thrown_code::fail_behind_others")));
}

TEST_F(ThrownTest, AnythingCanBeThrown) {
  ScriptedRun run(
      [](Execution&) {
        thrown_code::fail_oddly();
        return Outcome();
      },
      options_);
  ASSERT_EQ(run.start(), TurnEnd::kParked);
  EXPECT_EQ(thrown_by(run).type, "thrown_code::Odd");
  EXPECT_EQ(thrown_by(run).what, "");
  EXPECT_THAT(report_of(run), HasSubstr("thrown_code::fail_oddly"));
}

TEST_F(ThrownTest, HandlersAndStrandsAreNamed) {
  const auto with = [&](proto::Event input) {
    auto run = std::make_unique<ScriptedRun>(
        [](Execution& e) {
          e.on_signal("packed", [](const auto&) { thrown_code::fail_deep_down(0); });
          e.accept("change", [](std::string_view) -> Outcome {
            thrown_code::fail_deep_down(0);
            return {};
          });
          e.wait(*e.spawn([&] {
            e.wait(*e.next_signal("go"));
            thrown_code::fail_deep_down(0);
          }));
          return Outcome();
        },
        options_);
    run->start();
    EXPECT_EQ(run->turn({std::move(input)}), TurnEnd::kParked);
    return report_of(*run);
  };
  EXPECT_THAT(with(signal("packed")),
              HasSubstr("in                  the handler of signal 'packed'"));
  EXPECT_THAT(with(update("u1", "change")), HasSubstr("the handler of update 'change'"));
  EXPECT_THAT(with(signal("go")), AllOf(HasSubstr("a spawned strand"), HasSubstr("strand 2")));
}

// Exceptions that the code catches itself are not reported.
TEST_F(ThrownTest, NothingIsKeptOfWhatIsCaught) {
  ScriptedRun run([](Execution&) {
    try {
      thrown_code::fail_deep_down(0);
    } catch (const std::exception&) {
    }
    EXPECT_TRUE(replay::StackLook::take().empty());
    return Outcome();
  });
  EXPECT_EQ(run.start(), TurnEnd::kClosed);
}

// ---- inputs that no code has seen -------------------------------------------------------------

TEST_F(ThrownTest, ARehearsalRunsTheCodeOnDeferredInputs) {
  int signals = 0;
  ScriptedRun run(
      [&](Execution& e) {
        e.wait(*e.next_signal("go"));
        ++signals;
        call(e, "never made");
        return Outcome();
      },
      options_);
  run.start();
  run.defer({signal("go")});
  ASSERT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(signals, 0);
  EXPECT_EQ(run.execution().rehearse(), TurnEnd::kBlocked);
  EXPECT_EQ(signals, 1);
}

TEST_F(ThrownTest, ARehearsalFindsWhatWouldParkTheRun) {
  ScriptedRun run(
      [](Execution& e) {
        e.wait(*e.next_signal("go"));
        thrown_code::fail_deep_down(0);
        return Outcome();
      },
      options_);
  run.start();
  run.defer({signal("other")});
  run.defer({signal("go")});
  run.replay();
  ASSERT_EQ(run.execution().rehearse(), TurnEnd::kParked);
  EXPECT_EQ(thrown_by(run).event, 3u);
  EXPECT_EQ(thrown_by(run).input, "SignalReceived go");
}

TEST_F(ThrownTest, ARehearsalMakesNoSideEffect) {
  bool made = false;
  ScriptedRun run(
      [&](Execution& e) {
        e.wait(*e.next_signal("go"));
        e.side_effect([&] { return made = true, std::string(); }, at(1));
        thrown_code::fail_deep_down(0);
        return Outcome();
      },
      options_);
  run.start();
  run.defer({signal("go")});
  run.replay();
  EXPECT_EQ(run.execution().rehearse(), TurnEnd::kLeft);
  EXPECT_FALSE(made);
}

}  // namespace
}  // namespace reprise::testing::thrown_test
