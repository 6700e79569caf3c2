// Each behaviour, in runs that began before and after the change.
#include "replay/behaviours.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_run.h"

namespace reprise::testing::behaviours {
namespace {

using replay::Behaviours;
using replay::TurnEnd;
using replay::Waited;
using ::testing::HasSubstr;

TEST(Behaviours, OfANewerVersionAreNotReplayed) {
  EXPECT_TRUE(Behaviours().known());
  EXPECT_TRUE(Behaviours(Behaviours::kNewest).known());
  EXPECT_FALSE(Behaviours(Behaviours::kNewest + 1).known());
  ScriptedRun run([](Execution&) { return ends_with("ran"); });
  EXPECT_EQ(run.turn({started(Behaviours::kNewest + 1)}), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().code, base::ErrorCode::kStoreOtherFormat);
  EXPECT_THAT(run.execution().trouble().report, HasSubstr("newer version"));
}

// ---- cancellation_comes_first() ---------------------------------------------------------------

Outcome first_of_a_signal_and_a_timer(Execution& e) {
  const auto signal = e.next_signal("go");
  const auto timer = minute(e);
  replay::Operation* const both[] = {signal.get(), timer.get()};
  const auto first = e.wait_first(both);
  return ends_with(first ? std::to_string(*first) : "cancelled");
}

TEST(Behaviours, BeforeOneACancelledOperationWinsAgainstItsCancellation) {
  for (const auto& [behaviours, expected] : {std::pair(0u, "1"), std::pair(1u, "cancelled")}) {
    ScriptedRun run(first_of_a_signal_and_a_timer);
    run.turn({started(behaviours)});
    EXPECT_EQ(run.turn({cancel_requested()}), TurnEnd::kClosed);
    EXPECT_EQ(result_of(run), expected);
    EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  }
}

TEST(Behaviours, BeforeOneAConditionWinsThatTheCancellationBroughtAbout) {
  for (const auto& [behaviours, expected] : {std::pair(0u, "met"), std::pair(1u, "cancelled")}) {
    ScriptedRun run([](Execution& e) {
      const auto timer = minute(e);
      const auto waited = e.wait_until([&] { return timer->ready(); }, nullptr, {});
      return ends_with(waited == Waited::kReady ? "met" : "cancelled");
    });
    run.turn({started(behaviours)});
    EXPECT_EQ(run.turn({cancel_requested()}), TurnEnd::kClosed);
    EXPECT_EQ(result_of(run), expected);
    EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  }
}

TEST(Execution, WhatCompletedBeforeACancellationIsHandedOut) {
  ScriptedRun run(first_of_a_signal_and_a_timer);
  run.start();
  EXPECT_EQ(run.turn({signal("go"), cancel_requested()}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "0");
}

// The first strand to wake cancels the scope in which the other's limit has passed.
TEST(Execution, ALimitThatPassedBeforeACancellationHasPassed) {
  ScriptedRun run([](Execution& e) {
    const auto scope = e.enter_scope(replay::Scope::Kind::kCancellable);
    const auto timer = minute(e);
    const auto canceller = e.spawn([&] {
      const auto shield = e.enter_scope(replay::Scope::Kind::kShielded);
      e.wait(*timer);
      e.cancel_scope(scope);
      e.leave_scope(shield);
    });
    std::string seen;
    const auto waiter = e.spawn([&] {
      const auto waited = e.wait_until([] { return false; }, timer.get(), {});
      seen = waited == Waited::kTimedOut ? "timed out" : "cancelled";
    });
    const auto shield = e.enter_scope(replay::Scope::Kind::kShielded);
    e.wait(*waiter);
    e.leave_scope(shield);
    return ends_with(seen);
  });
  run.start();
  EXPECT_EQ(run.turn({timer_fired(1)}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "timed out");
}

TEST(Execution, ACancellationCountsFromTheFirstScopeAroundThatHasOne) {
  ScriptedRun run([](Execution& e) {
    std::string seen;
    const auto note = [&](replay::Operation& operation) {
      seen += e.wait(operation) == Waited::kReady ? "ready " : "cancelled ";
    };
    const auto outer = e.enter_scope(replay::Scope::Kind::kCancellable);
    const auto before = e.next_signal("before");
    e.wait(*before);
    const auto inner = e.enter_scope(replay::Scope::Kind::kCancellable);
    e.cancel_scope(outer);
    const auto shield = e.enter_scope(replay::Scope::Kind::kShielded);
    const auto after = e.next_signal("after");
    e.wait(*after);
    note(*after);
    e.leave_scope(shield);
    e.cancel_scope(inner);  // too late to count
    note(*before);
    note(*after);
    e.leave_scope(inner);
    e.leave_scope(outer);
    note(*after);
    return ends_with(seen);
  });
  run.start();
  run.turn({signal("before")});
  EXPECT_EQ(run.turn({signal("after")}), TurnEnd::kClosed);
  EXPECT_EQ(result_of(run), "ready ready cancelled ready ");
}

// ---- closures_make_no_calls() -----------------------------------------------------------------

TEST(Behaviours, BeforeOneClosuresCountAsTheRunsOwnCode) {
  for (const bool refused : {false, true}) {
    ScriptedRun run([refused](Execution& e) {
      EXPECT_EQ(e.closure(), nullptr);
      e.side_effect(
          [&] {
            EXPECT_EQ(e.closure() != nullptr, refused);
            return std::string();
          },
          {});
      e.wait_until(
          [&] {
            EXPECT_EQ(e.closure() != nullptr, refused);
            return true;
          },
          nullptr, {});
      EXPECT_EQ(e.closure(), nullptr);
      return ends_with("");
    });
    run.turn({started(refused ? 1 : 0)});
    EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  }
}

// ---- updates_await_handlers() -----------------------------------------------------------------

// Its handler is there when an activity has made it.
replay::WorkflowCode made_slowly() {
  class Slow final : public replay::WorkflowInstance {
   public:
    explicit Slow(Execution& execution) : run_(execution) {}
    Outcome make() override {
      (void)call(run_, "prepare");
      run_.accept("u", [this](std::string_view) {
        ++handled_;
        return Outcome();
      });
      return {};
    }
    Outcome run(std::string_view) override {
      run_.wait(*run_.next_signal("end"));
      return ends_with(std::to_string(handled_));
    }

   private:
    Execution& run_;
    int handled_ = 0;
  };
  return [](Execution& execution) { return std::make_unique<Slow>(execution); };
}

TEST(Behaviours, BeforeOneAnUpdateThatComesTooEarlyIsUnknown) {
  for (const std::uint32_t behaviours : {0u, 1u}) {
    ScriptedRun run([](Execution&) { return Outcome(); });
    run.set_code(made_slowly());
    run.turn({started(behaviours)});
    if (behaviours == 1) {
      // A live turn would not take them; one that was recorded without code, or long ago, has.
      run.defer({update("1", "u"), update("2", "other")});
    } else {
      run.turn({update("1", "u"), update("2", "other")});
      EXPECT_EQ(run.last().commands_size(), 2);
    }
    run.turn({activity_completed(1)});
    EXPECT_EQ(run.last().commands_size(), behaviours == 0 ? 0 : 2);
    if (behaviours == 1) {
      EXPECT_FALSE(run.last().commands(0).update_completed().has_failure());
      EXPECT_EQ(run.last().commands(1).update_completed().failure().type(), "UnknownUpdate");
    }
    EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
    EXPECT_EQ(run.turn({signal("end")}), TurnEnd::kClosed);
    EXPECT_EQ(result_of(run), behaviours == 0 ? "0" : "1");
  }
}

// A run recorded in this way has gone on.
TEST(Behaviours, LoopsInOldCancelledRunsGoOn) {
  const auto code = [](Execution& e) {
    const auto go = e.next_signal("go");
    for (int i = 0; i < 1'000'010; ++i) (void)e.wait(*go);
    return Outcome::success("left");
  };
  ScriptedRun old(code);
  old.turn({started(1)});
  EXPECT_EQ(old.turn({cancel_requested()}), TurnEnd::kClosed);
  ScriptedRun young(code);
  young.start();
  EXPECT_EQ(young.turn({cancel_requested()}), TurnEnd::kParked);
}

}  // namespace
}  // namespace reprise::testing::behaviours
