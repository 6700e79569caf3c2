// Signals that do not decode as what the code would have read them as.
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_run.h"

namespace reprise::signals_test {
namespace {

using replay::TurnEnd;
using replay::Waited;
using testing::activity_completed;
using testing::call;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::signal;
using testing::started;
using testing::timer_fired;

using testing::Execution;
using testing::Outcome;
using testing::ScriptedRun;

// ---- codecs -----------------------------------------------------------------------------------

int times_read = 0;

bool read_as(std::string_view wanted,
             std::string_view payload,
             std::shared_ptr<void>* value,
             std::string* why_not) {
  ++times_read;
  if (!payload.starts_with(wanted)) {
    *why_not = "no " + std::string(wanted);
    return false;
  }
  *value = std::make_shared<std::string>(payload.substr(wanted.size()));
  return true;
}

bool read_number(std::string_view payload, std::shared_ptr<void>* value, std::string* why_not) {
  return read_as("n", payload, value, why_not);
}
bool read_text(std::string_view payload, std::shared_ptr<void>* value, std::string* why_not) {
  return read_as("t", payload, value, why_not);
}
bool read_anything(std::string_view payload, std::shared_ptr<void>* value, std::string* why_not) {
  return read_as("", payload, value, why_not);
}
bool read_with_a_bug(std::string_view, std::shared_ptr<void>*, std::string*) {
  throw std::logic_error("a bug of the codec's");
}

std::string value_of(const replay::Operation& taken) {
  return taken.signal->value.value
             ? *static_cast<const std::string*>(taken.signal->value.value.get())
             : "unread";
}

replay::OperationRef next(Execution& run, replay::ReadSignal read = read_number) {
  return run.next_signal("s", testing::at(7), read);
}

std::string take(Execution& run, const replay::OperationRef& signal) {
  run.wait(*signal);
  const std::string value = value_of(*signal);
  (void)signal->take_outcome();
  return value;
}

Outcome take_one(Execution& run) {
  return Outcome::success(take(run, next(run)));
}

std::string result_of(const ScriptedRun& run) {
  const auto& commands = run.last().commands();
  return commands.empty() ? "(open)" : commands[commands.size() - 1].run_completed().result();
}

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
  EXPECT_EQ(seen, "unread") << "nothing is read on replay but by the code itself";
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

// ---- what decides on replay -------------------------------------------------------------------

TEST(UnreadableSignals, StayAsideForCodeThatCouldReadThem) {
  ScriptedRun run([](Execution& e) {
    take(e, next(e));
    return Outcome::success(call(e, "a"));
  });
  run.start();
  run.turn({signal("s", "x1")});
  EXPECT_EQ(run.turn({signal("s", "n2")}), TurnEnd::kBlocked);
  run.change_code([](Execution& e) {
    const auto got = next(e, read_anything);
    e.wait(*got);
    const std::string payload = got->take_outcome().take_payload();
    return Outcome::success(payload + call(e, "a"));
  });
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(run.turn({activity_completed(1, "!")}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "n2!");
}

TEST(UnreadableSignals, ThatWereReadOnceStayWithTheCode) {
  const auto body = [](replay::ReadSignal read) {
    return [read](Execution& e) {
      const auto got = next(e, read);
      e.wait(*got);
      const std::string payload = got->take_outcome().take_payload();
      return Outcome::success(payload + call(e, "a"));
    };
  };
  ScriptedRun run(body(read_number));
  run.start();
  run.turn({signal("s", "n1")});
  run.change_code(body(read_text));
  times_read = 0;
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_EQ(times_read, 0);
  EXPECT_EQ(run.turn({activity_completed(1)}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "n1");
}

// The log counts how often other code has found a signal good, not how often one has looked.
TEST(UnreadableSignals, MayBeLookedAtMoreOftenByWhoReadsThemTheSame) {
  const auto body = [](int looks) {
    return [looks](Execution& e) {
      call(e, "a");
      for (int i = 0; i < looks; ++i) (void)e.has_signal("s", read_number);
      std::string all = take(e, next(e, read_text));
      return Outcome::success(all + call(e, "b"));
    };
  };
  for (const int recorded : {1, 3}) {
    ScriptedRun run(body(recorded));
    run.turn({started(), signal("s", "n1"), signal("s", "t2")});
    EXPECT_EQ(run.turn({activity_completed(1)}), TurnEnd::kBlocked);
    ASSERT_THAT(run.commands(), ElementsAre("SignalSetAside s", "ActivityScheduled b"));
    EXPECT_EQ(run.last().commands(0).signal_set_aside().looks(), 1U);
    for (const int looks : {1, 2, 5}) {
      run.change_code(body(looks));
      EXPECT_EQ(run.replay(), TurnEnd::kBlocked) << recorded << " " << looks;
    }
  }
}

// Replay says yes where the log has nothing; then the one who waits is not given it all the same.
TEST(UnreadableSignals, MayBeLookedAtBeforeTheyAreFoundBad) {
  const auto body = [](int looks) {
    return [looks](Execution& e) {
      call(e, "a");
      for (int i = 0; i < looks; ++i) (void)e.has_signal("s", read_number);
      call(e, "b");
      return take_one(e);
    };
  };
  ScriptedRun run(body(0));
  run.turn({started(), signal("s", "x1")});
  run.turn({activity_completed(1)});
  EXPECT_EQ(run.turn({activity_completed(2)}), TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(), ElementsAre("SignalSetAside s"));
  run.change_code(body(2));
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
}

TEST(UnreadableSignals, ThatNoCodeMeetsAnyMoreAreReported) {
  ScriptedRun run(take_one);
  run.start();
  run.turn({signal("s", "x1")});
  run.change_code([](Execution& e) { return Outcome::success(call(e, "a")); });
  EXPECT_EQ(run.replay(), TurnEnd::kParked);
}

TEST(UnreadableSignals, AreReadOnceEachWhereTheyAreGood) {
  ScriptedRun run([](Execution& e) {
    std::string all;
    for (int i = 0; i < 3; ++i) {
      if (e.has_signal("s", read_number)) all += "!";
      all += take(e, next(e));
    }
    return Outcome::success(all);
  });
  times_read = 0;
  run.turn({started(), signal("s", "n1"), signal("s", "n2")});
  EXPECT_EQ(run.turn({signal("s", "n3")}), TurnEnd::kClosed);
  EXPECT_EQ(times_read, 3);
}

// What a codec throws besides is a bug: the code is to meet it where it takes the signal.
TEST(UnreadableSignals, AreNoneWhereTheCodecHasABug) {
  ScriptedRun run([](Execution& e) {
    const auto got = next(e, read_with_a_bug);
    e.wait(*got);
    return Outcome::success(value_of(*got));
  });
  run.start();
  EXPECT_EQ(run.turn({signal("s", "n1")}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "unread");
  EXPECT_THAT(run.commands(), ElementsAre("RunCompleted"));
}

// What it was read as before is none of the codec's with the bug.
TEST(UnreadableSignals, AreNotHandedOnAsWhatAnotherCodecHasMadeOfThem) {
  ScriptedRun asked([](Execution& e) {
    call(e, "a");
    if (!e.has_signal("s", read_anything)) return Outcome::success("none");
    const auto got = next(e, read_with_a_bug);
    return Outcome::success(take(e, got));
  });
  ScriptedRun given_back([](Execution& e) {
    call(e, "a");
    { const auto unread = next(e, read_anything); }
    return Outcome::success(take(e, next(e, read_with_a_bug)));
  });
  ScriptedRun taken_over([](Execution& e) {
    auto first = next(e, read_anything);
    const auto second = next(e, read_with_a_bug);
    call(e, "a");
    first = {};
    return Outcome::success(take(e, second));
  });
  ScriptedRun raw([](Execution& e) {
    call(e, "a");
    { const auto unread = next(e, read_anything); }
    const auto got = e.next_signal("s");
    e.wait(*got);
    return Outcome::success(got->signal == nullptr ? "unread" : "read");
  });
  for (ScriptedRun* const run : {&asked, &given_back, &taken_over, &raw}) {
    run->turn({started(), signal("s", "n1")});
    EXPECT_EQ(run->turn({activity_completed(1)}), TurnEnd::kClosed);
    EXPECT_EQ(result_of(*run), "unread");
    EXPECT_EQ(run->replay(), TurnEnd::kClosed);
  }
}

TEST(UnreadableSignals, AreNotHandedToHandlersAsWhatAnotherCodecHasMadeOfThem) {
  std::string seen;
  ScriptedRun run([&seen](Execution& e) {
    call(e, "a");
    seen = e.has_signal("s", read_anything) ? "there, " : "none, ";
    e.on_signal(
        "s", [&seen](const auto& handed) { seen += handed.value ? "a value" : "unread"; },
        read_with_a_bug);
    call(e, "b");
    return Outcome::success(seen);
  });
  run.turn({started(), signal("s", "n1")});
  run.turn({activity_completed(1)});
  EXPECT_EQ(seen, "there, unread");
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
  EXPECT_EQ(refusal("n"), "none") << "who reads the next one is open";
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
