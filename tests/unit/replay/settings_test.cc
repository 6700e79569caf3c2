// Settings: what is recorded, what counts on replay, and the limits.
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scripted_run.h"

namespace reprise::testing::settings_test {
namespace {

using replay::TurnEnd;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = replay::Mismatch::Kind;
using Type = Execution::SettingType;

constexpr Type kValue = proto::SettingRecorded::VALUE;
constexpr Type kText = proto::SettingRecorded::TEXT;
constexpr Type kTime = proto::SettingRecorded::TIME;

void set(Execution& e, const std::string& name, const std::string& value, Type type = kValue) {
  e.set(name, value, type, at(7));
}

// Sets, then waits for "go" for ever.
Body setting(std::vector<std::pair<std::string, std::string>> settings, Type type = kValue) {
  return [settings = std::move(settings), type](Execution& e) {
    for (const auto& [name, value] : settings) set(e, name, value, type);
    e.wait(*e.next_signal("go"));
    return ends_with("done");
  };
}

TEST(Settings, AreRecordedAndTheCodeGoesOnAtOnce) {
  ScriptedRun run([](Execution& e) {
    set(e, "stage", "paid");
    set(e, "due", "3", kTime);
    set(e, "stage", "");
    return ends_with(call(e, "ship"));
  });
  EXPECT_EQ(run.start(), TurnEnd::kBlocked);
  EXPECT_THAT(run.commands(), ElementsAre("SettingRecorded stage", "SettingRecorded due (time)",
                                          "SettingRecorded stage", "ActivityScheduled ship"));
  const proto::Event& first = run.last().commands(0);
  EXPECT_EQ(first.setting_recorded().value(), "paid");
  EXPECT_EQ(first.setting_recorded().type(), kValue);
  EXPECT_EQ(first.call_site().line(), 7U);
  EXPECT_EQ(run.last().commands(2).setting_recorded().value(), "");
  EXPECT_EQ(run.last().commands(3).activity_scheduled().id(), 1U) << "settings have no id";
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  run.turn({activity_completed(1, "shipped")});
  EXPECT_EQ(result_of(run), "shipped");
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Settings, TheSameOneMayBeSetAgain) {
  ScriptedRun run(setting({{"a", "1"}, {"a", "1"}, {"a", "2"}, {"a", "1"}}));
  run.start();
  EXPECT_EQ(run.commands().size(), 4U) << "each is for the history";
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
}

TEST(Settings, WorkInACancelledRunAndOnOtherStrands) {
  ScriptedRun run([](Execution& e) {
    const auto other = e.spawn([&e] { set(e, "there", "1"); });
    const std::string outcome = call(e, "charge");
    set(e, "here", outcome);
    return ends_with(outcome);
  });
  run.start();
  EXPECT_EQ(run.turn({cancel_requested()}), TurnEnd::kClosed);
  EXPECT_THAT(run.commands(),
              ElementsAre("ActivityCancelRequested #1", "SettingRecorded here", "RunCompleted"));
  EXPECT_EQ(run.replay(), TurnEnd::kClosed);
}

TEST(Settings, ATypeIsKnownWhileTheNameIsPublished) {
  std::vector<bool> known;
  const auto knows = [&](Execution& e, const char* name, std::optional<Type> type) {
    known.push_back(e.setting_type(name) == type);
  };
  ScriptedRun run([&](Execution& e) {
    knows(e, "stage", kText);  // from the start
    knows(e, "none", std::nullopt);
    set(e, "due", "1", kTime);
    knows(e, "due", kTime);
    set(e, "due", "", kTime);
    knows(e, "due", std::nullopt);
    set(e, "due", "x");
    knows(e, "due", kValue);
    return ends_with(call(e, "a"));
  });
  proto::Event start = started();
  auto* given = start.mutable_run_started()->add_settings();
  given->set_name("stage");
  given->set_value("new");
  given->set_type(kText);
  run.turn({start});
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  EXPECT_THAT(known, ::testing::AllOf(::testing::SizeIs(10), ::testing::Each(true)));
}

// ---- what differs -----------------------------------------------------------------------------

struct Change {
  std::string name;
  Body recorded;
  Body now;
  Kind kind;
  std::uint64_t event;
};

std::vector<Change> changes() {
  return {
      {"another name", setting({{"a", "1"}}), setting({{"b", "1"}}), Kind::kOtherName, 2},
      {"another type", setting({{"a", "1"}}), setting({{"a", "1"}}, kText), Kind::kOtherType, 2},
      {"another type of two", setting({{"b", "1"}, {"a", "1"}}, kTime),
       setting({{"b", "1"}, {"a", "1"}}, kText), Kind::kOtherType, 2},
      {"missing", setting({{"a", "1"}}), setting({}), Kind::kMissing, 2},
      {"extra", setting({}), setting({{"a", "1"}}), Kind::kExtra, 2},
      {"swapped", setting({{"a", "1"}, {"b", "1"}}), setting({{"b", "1"}, {"a", "1"}}),
       Kind::kSwapped, 2},
      {"another kind", setting({{"a", "1"}}),
       [](Execution& e) {
         e.decide("a", true, at(7));
         return ends_with(call(e, "x"));
       },
       Kind::kOtherKind, 2},
  };
}

TEST(Settings, AChangedNameTypeOrOrderIsFound) {
  for (const Change& change : changes()) {
    for (const bool strict : {false, true}) {
      ScriptedRun run(change.recorded, {.strict = strict});
      run.start();
      ASSERT_EQ(run.replay(), TurnEnd::kBlocked) << change.name;
      run.change_code(change.now);
      ASSERT_EQ(run.replay(), TurnEnd::kParked) << change.name;
      const replay::Mismatch& found = *run.execution().trouble().mismatch;
      EXPECT_EQ(found.kind, change.kind) << change.name << ": " << to_string(found.kind);
      EXPECT_EQ(found.event, change.event) << change.name;
    }
  }
}

TEST(Settings, AChangedValueIsFoundInStrictModeOnly) {
  for (const auto& [was, now] : {std::pair("1", "2"), std::pair("1", ""), std::pair("", "1")}) {
    for (const bool strict : {false, true}) {
      ScriptedRun run(setting({{"a", was}}), {.strict = strict});
      run.start();
      run.change_code(setting({{"a", now}}));
      ASSERT_EQ(run.replay(), strict ? TurnEnd::kParked : TurnEnd::kBlocked);
      if (strict) {
        EXPECT_EQ(run.execution().trouble().mismatch->kind, Kind::kChangedInput);
      }
    }
  }
}

// The log says what the run publishes, whatever code of now computes.
TEST(Settings, OnReplayTheRecordedValueCounts) {
  const auto body = [](const std::string& value) -> Body {
    return [value](Execution& e) {
      set(e, "a", value);
      e.wait(*e.next_signal("go"));
      return ends_with(e.setting_type("a") ? "published" : "not");
    };
  };
  ScriptedRun run(body("1"));
  run.start();
  run.change_code(body(""));
  EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
  run.turn({signal("go")});
  EXPECT_EQ(result_of(run), "published");
}

TEST(Settings, TheReportNamesBothTypes) {
  ScriptedRun run(setting({{"due", "1"}}, kTime));
  run.start();
  run.change_code(setting({{"due", "1"}}, kText));
  ASSERT_EQ(run.replay(), TurnEnd::kParked);
  const std::string& report = run.execution().trouble().report;
  EXPECT_THAT(report, HasSubstr("SettingRecorded due (time)"));
  EXPECT_THAT(report, HasSubstr("SettingRecorded due (text)"));
  EXPECT_THAT(report, HasSubstr("the type: time in the log, text now"));
}

TEST(Settings, HostileNamesAreReplayedAndShownEscaped) {
  for (const std::string& name : {std::string(), std::string("a\x1b[2J\n"), std::string("a\0b", 3),
                                  std::string("\xff\xfe"), std::string(1'000, 'x')}) {
    ScriptedRun run(setting({{name, "1"}}));
    run.start();
    EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
    run.change_code(setting({{name, "1"}}, kText));
    ASSERT_EQ(run.replay(), TurnEnd::kParked);
    const std::string& report = run.execution().trouble().report;
    for (const char byte : {'\x1b', '\0', '\xff'}) EXPECT_EQ(report.find(byte), report.npos);
  }
}

// ---- limits -----------------------------------------------------------------------------------

// "": it is not parked; otherwise its report.
std::string limit_met(Body body, replay::ExecutionOptions options) {
  ScriptedRun run(std::move(body), std::move(options));
  if (run.start() != TurnEnd::kParked) {
    EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
    return "";
  }
  EXPECT_EQ(run.execution().trouble().code, base::ErrorCode::kRunLimit);
  return run.execution().trouble().report;
}

TEST(Settings, AreLimitedInNumber) {
  const replay::ExecutionOptions two{.settings = 2};
  EXPECT_EQ(limit_met(setting({{"a", "1"}, {"b", "1"}}), two), "");
  EXPECT_THAT(limit_met(setting({{"a", "1"}, {"b", "1"}, {"c", "1"}}), two),
              HasSubstr("more settings than EngineLimits::settings = 2"));
  EXPECT_EQ(limit_met(setting({{"a", "1"}, {"b", "1"}, {"a", "2"}}), two), "") << "again";
  EXPECT_EQ(limit_met(setting({{"a", "1"}, {"b", "1"}, {"a", ""}, {"c", "1"}}), two), "");
  EXPECT_EQ(limit_met(setting({{"a", "1"}, {"b", "1"}, {"c", ""}}), two), "") << "none is added";
}

TEST(Settings, AreLimitedInBytesWithTheirNames) {
  const replay::ExecutionOptions ten{.settings_bytes = 10};
  EXPECT_EQ(limit_met(setting({{"ab", "345"}, {"ab", "345678"}}), ten), "");
  EXPECT_EQ(limit_met(setting({{"ab", "345"}, {"cd", "345"}}), ten), "");
  EXPECT_THAT(limit_met(setting({{"ab", "345"}, {"cd", "3456"}}), ten),
              HasSubstr("settings of more bytes than EngineLimits::settings_bytes = 10"));
  EXPECT_EQ(limit_met(setting({{"ab", "345"}, {"cd", "345"}, {"ab", "1"}, {"cd", "34567"}}), ten),
            "");
  EXPECT_EQ(limit_met(setting({{"ab", "345"}, {"ab", ""}, {"cd", "34567890"}}), ten), "");
}

TEST(Settings, OfTheStartCountToo) {
  proto::Event start = started();
  auto* given = start.mutable_run_started()->add_settings();
  given->set_name("given");
  given->set_value("12345");
  ScriptedRun run(setting({{"a", "1"}}), {.settings_bytes = 11});
  EXPECT_EQ(run.turn({start}), TurnEnd::kParked);
  ScriptedRun other(setting({{"a", "1"}}), {.settings_bytes = 12});
  EXPECT_EQ(other.turn({start}), TurnEnd::kBlocked);
}

// What is recorded stays valid, and what makes it less is always possible.
TEST(Settings, ALoweredLimitBreaksNoRecordedRun) {
  const auto body = [](std::string later) -> Body {
    return [later = std::move(later)](Execution& e) {
      set(e, "a", "12345");
      e.wait(*e.next_signal("go"));
      set(e, "a", later);
      return ends_with(call(e, "x"));
    };
  };
  for (const auto& [later, end] :
       {std::pair("1234", TurnEnd::kBlocked), std::pair("12345", TurnEnd::kBlocked),
        std::pair("", TurnEnd::kBlocked), std::pair("123456", TurnEnd::kParked)}) {
    ScriptedRun run(body(later));
    run.start();
    run.change_options([](replay::ExecutionOptions& options) {
      options.settings = 1;
      options.settings_bytes = 2;
    });
    EXPECT_EQ(run.replay(), TurnEnd::kBlocked);
    EXPECT_EQ(run.turn({signal("go")}), end) << later;
  }
}

TEST(Settings, CountAsCommandsOfTheirTurn) {
  const Body body = setting({{"a", std::string(1'000, 'x')}, {"a", std::string(1'000, 'y')}});
  ScriptedRun small(body, {.turn_bytes = 2'100});
  EXPECT_EQ(small.start(), TurnEnd::kParked);
  ScriptedRun large(body, {.turn_bytes = 2'200});
  EXPECT_EQ(large.start(), TurnEnd::kBlocked);
}

}  // namespace
}  // namespace reprise::testing::settings_test
