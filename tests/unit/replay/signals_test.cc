// Signals that do not decode as the type that the code reads.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/replay/signal_codecs.h"

namespace reprise::signals_test {
namespace {

using replay::TurnEnd;
using testing::activity_completed;
using testing::call;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::signal;
using testing::started;
using testing::timer_fired;

// ---- who meets it -----------------------------------------------------------------------------

TEST(UnreadableSignals, AreNotSeenByWhoWaitsForTheNext) {
  ScriptedRun run(take_one);
  run.start();
  EXPECT_EQ(run.turn({signal("s", "x1"), signal("s", "n2")}), TurnEnd::kClosed);
  EXPECT_THAT(run.commands(), ElementsAre("SignalSetAside s", "RunCompleted"));
  EXPECT_EQ(result_of(run), "2");
  const proto::Event& set_aside = run.last().commands(0);
  EXPECT_EQ(set_aside.signal_set_aside().event(), 2U);
  EXPECT_EQ(set_aside.signal_set_aside().why(), "no n");
  EXPECT_EQ(set_aside.call_site().line(), 7U);
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(UnreadableSignals, OfTheInboxAreFoundByWhoAsksForTheNext) {
  ScriptedRun run([](Execution& e) {
    call(e, "a");
    return take_one(e);
  });
  run.start();
  run.turn({signal("s", "x1"), signal("s", "n2")});
  EXPECT_THAT(run.commands(), IsEmpty());
  EXPECT_EQ(run.turn({activity_completed(1)}), TurnEnd::kClosed);
  EXPECT_THAT(run.commands(), ElementsAre("SignalSetAside s", "RunCompleted"));
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(UnreadableSignals, DoNotEndAWaitForTheFirstOfSeveral) {
  ScriptedRun run([](Execution& e) {
    const auto message = next(e);
    const auto timer = e.start_timer(base::Duration(1'000), testing::at(1));
    replay::Operation* const both[] = {message.get(), timer.get()};
    return Outcome::success(std::to_string(*e.wait_first(both)));
  });
  run.start();
  EXPECT_EQ(run.turn({signal("s", "x")}), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({timer_fired(1)}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "1");
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(UnreadableSignals, AreNotSeenByHandlers) {
  std::string seen;
  ScriptedRun run([&seen](Execution& e) {
    seen.clear();
    e.on_signal(
        "s",
        [&seen](const auto& handed) {
          seen += handed.value ? *static_cast<std::string*>(handed.value.get()) : "unread";
        },
        read_number);
    call(e, "a");
    return Outcome::success(seen);
  });
  run.start();
  run.turn({signal("s", "x1"), signal("s", "n2")});
  EXPECT_EQ(seen, "2");
  EXPECT_THAT(run.commands(), ElementsAre("SignalSetAside s"));
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(seen, "unread") << "on replay only the code itself reads";
}

TEST(UnreadableSignals, ThatCameBeforeTheirHandlerAreNotSeenEither) {
  int handled = 0;
  ScriptedRun run([&handled](Execution& e) {
    call(e, "a");
    e.on_signal(
        "s", [&handled](const auto&) { ++handled; }, read_number);
    call(e, "b");
    return Outcome::success("");
  });
  run.turn({started(), signal("s", "x1"), signal("s", "n2")});
  run.turn({activity_completed(1)});
  EXPECT_EQ(handled, 1);
  EXPECT_THAT(run.commands(), ElementsAre("ActivityScheduled b", "SignalSetAside s"));
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(handled, 2);
}

TEST(UnreadableSignals, AreNoneForWhoAsksWhetherThereIsOne) {
  ScriptedRun run([](Execution& e) {
    const auto there = [&e] { return e.has_signal("s", read_number, testing::at(9)); };
    e.wait_until(there, nullptr, {});
    return take_one(e);
  });
  run.start();
  EXPECT_EQ(run.turn({signal("s", "x1")}), TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(), ElementsAre("SignalSetAside s"));
  EXPECT_EQ(run.last().commands(0).call_site().line(), 9U);
  EXPECT_EQ(run.turn({signal("s", "n2")}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "2");
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(UnreadableSignals, ThatAreGivenBackAreReadByWhoComesNext) {
  ScriptedRun run([](Execution& e) {
    call(e, "a");
    { const auto unread = next(e, read_number); }
    const auto text = next(e, read_text);
    return Outcome::success(take(e, text));
  });
  run.turn({started(), signal("s", "n1")});
  run.turn({activity_completed(1)});
  EXPECT_THAT(run.commands(), ElementsAre("SignalSetAside s"));
  EXPECT_EQ(run.last().commands(0).signal_set_aside().looks(), 1U) << "it was good for the first";
  EXPECT_EQ(run.turn({signal("s", "t2")}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "2");
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

// The closure is not executed again on replay, so it must not decide anything.
TEST(UnreadableSignals, ThatAreGivenBackInSideEffectsAreNotReadThere) {
  ScriptedRun run([](Execution& e) {
    auto unread = next(e, read_number);
    const auto text = next(e, read_text);
    call(e, "a");
    e.side_effect([&unread] { return unread = {}, std::string(); }, {});
    return Outcome::success(text->ready() ? "ready" : "open");
  });
  run.turn({started(), signal("s", "n1")});
  EXPECT_EQ(run.turn({activity_completed(1)}), TurnEnd::kClosed);
  EXPECT_THAT(run.commands(), ElementsAre("SideEffectRecorded", "RunCompleted"));
}

TEST(UnreadableSignals, AreOnlyLookedAtInSideEffects) {
  ScriptedRun run([](Execution& e) {
    const auto look = [&e] { return std::string(e.has_signal("s", read_number) ? "one" : "none"); };
    call(e, "a");
    const std::string seen = e.side_effect(look, {});
    return Outcome::success(seen + look());
  });
  run.turn({started(), signal("s", "x")});
  EXPECT_EQ(run.turn({activity_completed(1)}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "onenone");
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

// ---- how many -------------------------------------------------------------------------------

// The reason is for people, who need not read it a million times.
TEST(UnreadableSignals, AfterAHundredInATurnDoNotSayWhy) {
  ScriptedRun run([](Execution& e) {
    call(e, "a");
    return take_one(e);
  });
  run.start();
  for (int i = 0; i < 3; ++i) run.turn(std::vector<proto::Event>(50, signal("s", "x")));
  run.turn({activity_completed(1)});
  ASSERT_EQ(run.last().commands_size(), 150);
  EXPECT_EQ(run.last().commands(99).signal_set_aside().why(), "no n");
  EXPECT_EQ(run.last().commands(100).signal_set_aside().why(), "");
  EXPECT_EQ(run.turn({signal("s", "x")}), TurnEnd::kBlocked);
  EXPECT_EQ(run.last().commands(0).signal_set_aside().why(), "no n") << "it is another turn";
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
}

// A turn is one record of the log, which has a largest size.
TEST(UnreadableSignals, CountForTheBytesOfATurn) {
  const auto ask = [](Execution& e) {
    call(e, "a");
    return take_one(e);
  };
  const auto look = [](Execution& e) {
    call(e, "a");
    return Outcome::success(e.has_signal("s", read_number) ? "one" : "none");
  };
  for (const testing::Body& body : {testing::Body(ask), testing::Body(look)}) {
    ScriptedRun run(body, {.turn_bytes = 20 * 64});
    run.start();
    run.turn(std::vector<proto::Event>(30, signal("s", "x")));
    EXPECT_EQ(run.turn({activity_completed(1)}), TurnEnd::kParked);
    EXPECT_EQ(run.execution().trouble().code, base::ErrorCode::kRunLimit);
    EXPECT_THAT(run.execution().trouble().report, HasSubstr("turn_bytes"));
    run.change_limit(40 * 64 + 200);
    EXPECT_EQ(run.replay(), TurnEnd::kBlocked) << "a higher limit lets it go on";
    EXPECT_NE(run.turn({activity_completed(1)}), TurnEnd::kParked);
    EXPECT_GE(run.last().commands_size(), 30);
    run.change_limit(64);
    EXPECT_NE(run.replay(), TurnEnd::kParked) << "what is recorded is within any limit";
  }
}

// ---- what is known before ---------------------------------------------------------------------

TEST(UnreadableSignals, AreRefusedWhereTheCodeHasShownHowItReads) {
  ScriptedRun run([](Execution& e) {
    e.on_signal(
        "handled", [](const auto&) {}, read_text);
    call(e, "a");
    std::string all = take(e, next(e));
    call(e, "b");
    return Outcome::success(all);
  });
  const auto refusal = [&run](std::string_view name, std::string_view input) {
    return run.execution().signal_refusal(name, input).value_or("none");
  };
  run.start();
  EXPECT_EQ(refusal("handled", "n"), "no t");
  EXPECT_EQ(refusal("handled", "t"), "none");
  EXPECT_EQ(refusal("s", "x"), "none") << "nothing is known of it yet";
  run.turn({activity_completed(1)});
  EXPECT_EQ(refusal("s", "x"), "no n") << "the code waits for it";
  EXPECT_EQ(refusal("other", "x"), "none");
  run.turn({signal("s", "n1")});
  EXPECT_EQ(refusal("s", "x"), "no n") << "the code has waited for one";
  EXPECT_THAT(run.commands(), ElementsAre("ActivityScheduled b")) << "asking records nothing";
  run.turn({activity_completed(2)});
  EXPECT_EQ(refusal("s", "x"), "none") << "the run has ended";
}

TEST(UnreadableSignals, AreNotRefusedWhereTheCodeReadsThemNowLikeThisAndNowLikeThat) {
  ScriptedRun run([](Execution& e) {
    std::string all = take(e, next(e, read_number));
    call(e, "a");
    all += take(e, next(e, read_text));
    call(e, "b");
    return Outcome::success(all);
  });
  const auto refusal = [&run](std::string_view input) {
    return run.execution().signal_refusal("s", input).value_or("none");
  };
  run.start();
  run.turn({signal("s", "n1")});
  EXPECT_EQ(refusal("x"), "no n") << "that is all that is known";
  run.turn({activity_completed(1)});
  EXPECT_EQ(refusal("n"), "no t") << "the code waits for it";
  run.turn({signal("s", "t1")});
  EXPECT_EQ(refusal("n"), "none") << "it is not known yet which code will read the next one";
}

// ---- runs from before -------------------------------------------------------------------------

TEST(UnreadableSignals, BeforeTwoWereForTheCode) {
  ScriptedRun run(take_one);
  run.turn({started(1)});
  EXPECT_EQ(run.turn({signal("s", "x1")}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "unread");
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  EXPECT_FALSE(run.execution().signal_refusal("s", "x"));
}

TEST(CancelledSignals, BeforeTwoLeftOneThatNobodyHadSent) {
  for (const std::uint32_t behaviours : {0U, 1U, 2U}) {
    ScriptedRun run([](Execution& e) {
      {
        const auto given_up = e.next_signal("s");
        e.cancel(*given_up, {});
      }
      return Outcome::success(e.has_signal("s") ? "one" : "none");
    });
    EXPECT_EQ(run.turn({started(behaviours)}), TurnEnd::kClosed);
    EXPECT_EQ(result_of(run), behaviours < 2 ? "one" : "none") << behaviours;
    EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  }
}

// ---- conditions that ask for what nobody waits for --------------------------------------------

TEST(Conditions, BeforeTwoOverlookedInputsOnWhichNoCodeGoesOn) {
  for (const std::uint32_t behaviours : {0U, 1U, 2U}) {
    ScriptedRun run([](Execution& e) {
      const auto a = testing::schedule(e, "a");
      e.wait_until([&] { return a->ready(); }, nullptr, {});
      call(e, "b");
      e.wait_until([&] { return e.has_signal("s"); }, nullptr, {});
      return Outcome::success("saw both");
    });
    run.turn({started(behaviours)});
    run.turn({activity_completed(1)});
    EXPECT_EQ(run.last().commands_size(), behaviours < 2 ? 0 : 1) << behaviours;
    if (behaviours < 2) continue;
    run.turn({activity_completed(2)});
    EXPECT_EQ(run.turn({signal("s")}), TurnEnd::kClosed);
    EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  }
}

}  // namespace
}  // namespace reprise::signals_test
