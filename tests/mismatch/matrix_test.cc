// Each recorded kind with each attempted kind: code that does something other than the log is
// found, and code that does the same is accepted.
#include <algorithm>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_run.h"

namespace reprise::testing::matrix_test {
namespace {

using replay::TurnEnd;

struct Kind {
  std::string_view name;
  // Makes one command (after a pending activity "before" and a pending timer, so that there is
  // something to cancel), then waits for a signal.
  void (*make)(Execution&, replay::Operation& activity, replay::Operation& timer);
};

void continue_as(Execution& e, const char* workflow) {
  proto::RunContinuedAsNew next;
  next.set_workflow(workflow);
  e.continue_as_new(as(next), at(23));
}

void start_child(Execution& e, const char* workflow, const char* id, std::uint32_t line) {
  proto::ChildScheduled child;
  child.set_workflow(workflow);
  child.set_workflow_id(id);
  (void)e.start_child(as(child), replay::CancelMode::kWait, at(line));
}

constexpr Kind kKinds[] = {
    {"activity", [](Execution& e, auto&, auto&) { schedule(e, "a", 10); }},
    {"other activity", [](Execution& e, auto&, auto&) { schedule(e, "b", 11); }},
    {"timer", [](Execution& e, auto&, auto&) { e.start_timer(base::Duration(7), at(12)); }},
    {"side effect",
     [](Execution& e, auto&, auto&) { e.side_effect([] { return std::string("v"); }, at(13)); }},
    {"patch", [](Execution& e, auto&, auto&) { e.patched("p", at(14)); }},
    {"other patch", [](Execution& e, auto&, auto&) { e.patched("q", at(15)); }},
    {"activity cancelled", [](Execution& e, auto& activity, auto&) { e.cancel(activity, at(16)); }},
    {"activity cancelled and awaited",
     [](Execution& e, auto& activity, auto&) {
       activity.on_cancel = replay::CancelMode::kWait;
       e.cancel(activity, at(35));
     }},
    {"timer cancelled", [](Execution& e, auto&, auto& timer) { e.cancel(timer, at(17)); }},
    {"step",
     [](Execution& e, auto&, auto&) {
       proto::StepScheduled step;
       step.set_name("s");
       e.run_step(
           as(step), [] { return Outcome(); }, at(18));
     }},
    {"other step",
     [](Execution& e, auto&, auto&) {
       proto::StepScheduled step;
       step.set_name("t");
       e.run_step(
           as(step), [] { return Outcome(); }, at(19));
     }},
    {"decision", [](Execution& e, auto&, auto&) { e.decide("d", true, at(20)); }},
    {"decision otherwise", [](Execution& e, auto&, auto&) { e.decide("d", false, at(21)); }},
    {"other decision", [](Execution& e, auto&, auto&) { e.decide("e", true, at(22)); }},
    {"signal to a run",
     [](Execution& e, auto&, auto&) {
       proto::SignalSent sent;
       sent.set_workflow_id("r");
       sent.set_name("s");
       e.send_signal(as(sent), at(23));
     }},
    {"other signal to it",
     [](Execution& e, auto&, auto&) {
       proto::SignalSent sent;
       sent.set_workflow_id("r");
       sent.set_name("t");
       e.send_signal(as(sent), at(24));
     }},
    {"the signal to another",
     [](Execution& e, auto&, auto&) {
       proto::SignalSent sent;
       sent.set_workflow_id("q");
       sent.set_name("s");
       e.send_signal(as(sent), at(25));
     }},
    {"cancel to a run",
     [](Execution& e, auto&, auto&) {
       proto::CancelSent sent;
       sent.set_workflow_id("r");
       e.send_cancel(as(sent), at(26));
     }},
    {"cancel to another",
     [](Execution& e, auto&, auto&) {
       proto::CancelSent sent;
       sent.set_workflow_id("q");
       e.send_cancel(as(sent), at(27));
     }},
    {"child", [](Execution& e, auto&, auto&) { start_child(e, "w", "r", 31); }},
    {"other child", [](Execution& e, auto&, auto&) { start_child(e, "v", "r", 32); }},
    {"the child under another id",
     [](Execution& e, auto&, auto&) { start_child(e, "w", "q", 33); }},
    {"the child without an id", [](Execution& e, auto&, auto&) { start_child(e, "w", "", 34); }},
    {"transaction",
     [](Execution& e, auto&, auto&) {
       e.run_transaction(
           "s", [] { return Outcome(); }, at(35));
     }},
    {"other transaction",
     [](Execution& e, auto&, auto&) {
       e.run_transaction(
           "t", [] { return Outcome(); }, at(36));
     }},
    {"setting",
     [](Execution& e, auto&, auto&) { e.set("s", "1", proto::SettingRecorded::VALUE, at(28)); }},
    {"setting of another type",
     [](Execution& e, auto&, auto&) { e.set("s", "1", proto::SettingRecorded::TEXT, at(29)); }},
    {"other setting",
     [](Execution& e, auto&, auto&) { e.set("t", "1", proto::SettingRecorded::VALUE, at(30)); }},
    {"continuing", [](Execution& e, auto&, auto&) { continue_as(e, "w"); }},
    {"continuing elsewhere", [](Execution& e, auto&, auto&) { continue_as(e, "v"); }},
    {"checkpoint", [](Execution& e, auto&, auto&) { e.checkpoint("x", at(35)); }},
    {"nothing", [](Execution&, auto&, auto&) {}},
};

Body workflow(const Kind& kind) {
  return [&kind](Execution& e) {
    const auto activity = schedule(e, "before", 1);
    const auto timer = e.start_timer(base::Duration(1'000), at(2));
    const auto go = e.next_signal("go");
    e.wait(*go);
    kind.make(e, *activity, *timer);
    const auto end = e.next_signal("end");
    e.wait(*end);
    return Outcome();
  };
}

class Matrix : public ::testing::TestWithParam<std::tuple<Kind, Kind>> {};

TEST_P(Matrix, IsFoundOutUnlessItIsTheSame) {
  const auto& [recorded, attempted] = GetParam();
  // An old run has no marker: that is what patched() is for.
  const bool allowed = recorded.name == attempted.name ||
                       (recorded.name == "nothing" && attempted.name.ends_with("patch"));
  ScriptedRun run(workflow(recorded));
  run.start();
  run.turn({signal("go")});
  run.change_code(workflow(attempted));
  const TurnEnd as_recorded = recorded.name.starts_with("continuing") ? TurnEnd::kClosed
                              : recorded.name == "checkpoint"         ? TurnEnd::kCheckpoint
                                                                      : TurnEnd::kBlocked;
  EXPECT_EQ(run.replay(), allowed ? as_recorded : TurnEnd::kParked);
  if (allowed) return;
  const replay::Trouble& trouble = run.execution().trouble();
  EXPECT_EQ(trouble.code, base::ErrorCode::kNondeterminism);
  ASSERT_TRUE(trouble.mismatch.has_value());
  // start, activity, timer, signal, then the event in question
  EXPECT_EQ(trouble.mismatch->event, 5u);
  EXPECT_EQ(trouble.mismatch->recorded.has_value(), recorded.name != "nothing");
  // An answer of patched() that is not recorded is not a command.
  EXPECT_EQ(trouble.mismatch->attempted.has_value(),
            attempted.name != "nothing" && !attempted.name.ends_with("patch"));
  EXPECT_EQ(trouble.mismatch->last_match_event, 3u);
}

std::string test_name(const ::testing::TestParamInfo<Matrix::ParamType>& info) {
  std::string name(std::get<0>(info.param).name);
  name += "__";
  name += std::get<1>(info.param).name;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All,
                         Matrix,
                         ::testing::Combine(::testing::ValuesIn(kKinds),
                                            ::testing::ValuesIn(kKinds)),
                         test_name);

// ---- what one command more or less does not cover ---------------------------------------------

TEST(Mismatch, AWaitThatWasRemovedEndsTheRunTooEarly) {
  ScriptedRun run(workflow(kKinds[0]));
  run.start();
  run.turn({signal("go")});
  run.change_code([](Execution&) { return Outcome(); });
  EXPECT_EQ(run.replay(), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().mismatch->kind, replay::Mismatch::Kind::kLeftOver);
}

TEST(Mismatch, TheHistoryGoesOnBehindTheEnd) {
  ScriptedRun run([](Execution& e) {
    const auto go = e.next_signal("go");
    e.wait(*go);
    return Outcome();
  });
  run.start();
  EXPECT_EQ(run.turn({signal("go")}), TurnEnd::kClosed);
  proto::Turn more;
  *more.add_inputs() = signal("go");
  run.history().push_back(more);
  EXPECT_EQ(run.replay(), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().mismatch->kind, replay::Mismatch::Kind::kLeftOver);
}

TEST(Mismatch, AnInputAnswersACommandThatWasNeverMade) {
  ScriptedRun run([](Execution& e) {
    call(e, "a");
    return Outcome();
  });
  run.start();
  proto::Turn turn;
  *turn.add_inputs() = activity_completed(9);
  run.history().push_back(turn);
  EXPECT_EQ(run.replay(), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().mismatch->kind, replay::Mismatch::Kind::kOrphanInput);
  EXPECT_EQ(run.execution().trouble().mismatch->event, 3u);
}

// Its number is from the turn that recorded it, not from the one that applies it.
TEST(Mismatch, ADeferredInputAnswersACommandThatWasNeverMade) {
  ScriptedRun run([](Execution& e) {
    call(e, "a");
    return Outcome();
  });
  run.start();
  run.defer({signal("s"), activity_completed(9)});
  proto::Turn turn;
  *turn.add_inputs() = signal("t");
  run.history().push_back(turn);
  EXPECT_EQ(run.replay(), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().mismatch->kind, replay::Mismatch::Kind::kOrphanInput);
  // started, activity a, s, the completion
  EXPECT_EQ(run.execution().trouble().mismatch->event, 4u);
}

TEST(Mismatch, SwappedCommandsAreFound) {
  ScriptedRun run([](Execution& e) {
    const auto a = schedule(e, "a");
    const auto b = schedule(e, "b");
    e.wait(*b);
    return Outcome();
  });
  run.start();
  run.change_code([](Execution& e) {
    const auto b = schedule(e, "b");
    const auto a = schedule(e, "a");
    e.wait(*b);
    return Outcome();
  });
  EXPECT_EQ(run.replay(), TurnEnd::kParked);
}

TEST(Mismatch, AChangedInputIsFoundInStrictModeOnly) {
  const auto charging = [](std::string cents) -> Body {
    return [cents](Execution& e) {
      proto::ActivityScheduled charge;
      charge.set_name("charge");
      charge.set_input(cents);
      const auto operation = e.schedule_activity(as(charge), at(1));
      e.wait(*operation);
      return Outcome();
    };
  };
  for (const bool strict : {false, true}) {
    ScriptedRun run(charging("100"), {.strict = strict});
    run.start();
    run.change_code(charging("200"));
    EXPECT_EQ(run.replay(), strict ? TurnEnd::kParked : TurnEnd::kBlocked);
    if (!strict) continue;
    EXPECT_EQ(run.execution().trouble().mismatch->kind, replay::Mismatch::Kind::kChangedInput);
  }
}

// A turn without code: commands in it are not what the code asked for.
TEST(Mismatch, ADeferredTurnHasNoCommands) {
  ScriptedRun run([](Execution& e) {
    call(e, "a");
    return Outcome();
  });
  run.start();
  run.history()[0].set_without_code(true);
  EXPECT_EQ(run.replay(), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().mismatch->kind, replay::Mismatch::Kind::kMissing);
}

TEST(Mismatch, ATurnGoesOnBehindTheInputThatEndsTheRun) {
  ScriptedRun run([](Execution& e) {
    const auto go = e.next_signal("go");
    e.wait(*go);
    return Outcome();
  });
  run.start();
  EXPECT_EQ(run.turn({signal("go")}), TurnEnd::kClosed);
  *run.history()[1].add_inputs() = signal("late");
  EXPECT_EQ(run.replay(), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().mismatch->kind, replay::Mismatch::Kind::kLeftOver);
  // started, go, late
  EXPECT_EQ(run.execution().trouble().mismatch->event, 3u);
}

TEST(Mismatch, ARunStartsOnce) {
  ScriptedRun run([](Execution& e) {
    call(e, "a");
    return Outcome();
  });
  run.start();
  proto::Turn again;
  *again.add_inputs() = started();
  run.history().push_back(again);
  EXPECT_EQ(run.replay(), TurnEnd::kParked);
  EXPECT_EQ(run.execution().trouble().mismatch->kind, replay::Mismatch::Kind::kOrphanInput);
}

TEST(Mismatch, AChangedAnswerToAnUpdateIsFoundInStrictModeOnly) {
  const auto answering = [](std::string answer) -> Body {
    return [answer](Execution& e) {
      e.accept("ask", [answer](std::string_view) { return Outcome::success(answer); });
      const auto end = e.next_signal("end");
      e.wait(*end);
      return Outcome();
    };
  };
  for (const bool strict : {false, true}) {
    ScriptedRun run(answering("yes"), {.strict = strict});
    run.start();
    run.turn({update("u1", "ask")});
    run.change_code(answering("no"));
    EXPECT_EQ(run.replay(), strict ? TurnEnd::kParked : TurnEnd::kBlocked);
  }
}

// Checks are not called on replay: what was accepted stays accepted.
TEST(Mismatch, AnotherCheckOfAnUpdateIsNone) {
  const auto checking = [](bool rejects) -> Body {
    return [rejects](Execution& e) {
      const auto check = [rejects](std::string_view) {
        return rejects ? std::optional<proto::Failure>(proto::Failure()) : std::nullopt;
      };
      e.accept(
          "ask", [](std::string_view) { return Outcome(); }, check);
      const auto end = e.next_signal("end");
      e.wait(*end);
      return Outcome();
    };
  };
  ScriptedRun run(checking(false), {.strict = true});
  run.start();
  run.turn({update("u1", "ask")});
  run.change_code(checking(true));
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  run.turn({update("u2", "ask")});
  EXPECT_EQ(run.last().inputs_size(), 0);
}

TEST(Mismatch, CodeThatNoLongerWaitsForItsHandlersIsFound) {
  const auto ending = [](bool waits) -> Body {
    return [waits](Execution& e) {
      e.accept("ask", [&e](std::string_view) { return Outcome::success(call(e, "work")); });
      const auto end = e.next_signal("end");
      e.wait(*end);
      const auto finished = [&e] { return e.handlers_under_way() == 0; };
      if (waits) e.wait_until(finished, nullptr, at(7));
      return Outcome();
    };
  };
  ScriptedRun run(ending(true));
  run.start();
  run.turn({update("u1", "ask"), signal("end")});
  run.turn({activity_completed(1)});
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
  run.change_code(ending(false));
  EXPECT_EQ(run.replay(), TurnEnd::kParked);
}

TEST(Mismatch, AnotherFailureOfTheRunIsFoundInStrictModeOnly) {
  const auto failing = [](std::string type) -> Body {
    return [type](Execution&) {
      proto::Failure failure;
      failure.set_kind(proto::Failure::APPLICATION);
      failure.set_type(type);
      return Outcome::failed(failure);
    };
  };
  for (const bool strict : {false, true}) {
    ScriptedRun run(failing("Busy"), {.strict = strict});
    run.start();
    run.change_code(failing("Closed"));
    EXPECT_EQ(run.replay(), strict ? TurnEnd::kParked : TurnEnd::kClosed);
  }
}

TEST(Mismatch, IsNeverSeenByUserCode) {
  int caught = 0;
  ScriptedRun run([](Execution& e) {
    call(e, "a");
    return Outcome();
  });
  run.start();
  run.change_code([&caught](Execution& e) {
    try {
      call(e, "b");
    } catch (const std::exception&) {
      ++caught;
    }
    return Outcome();
  });
  EXPECT_EQ(run.replay(), TurnEnd::kParked);
  EXPECT_EQ(caught, 0);
}

}  // namespace
}  // namespace reprise::testing::matrix_test
