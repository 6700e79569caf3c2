// On replay the log decides which signals do not decode, not the codec.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/replay/signal_codecs.h"

namespace reprise::signals_test::replay_test {
namespace {

using replay::TurnEnd;
using testing::activity_completed;
using testing::call;
using ::testing::ElementsAre;
using testing::signal;
using testing::started;

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

// The log counts how often other code has accepted a signal, not how often it was examined.
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

// Replay accepts a signal if the log does not set it aside; but then the waiting code still does
// not get it.
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

// Any other exception of a codec is a bug: the code must meet it where it takes the signal.
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

// The buggy codec does not matter for how the signal was read before.
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

}  // namespace
}  // namespace reprise::signals_test::replay_test
