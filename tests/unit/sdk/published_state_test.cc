// Published state through the public interface. First the code of docs/language/published_state.md;
// a test makes sure that it is that code.
#include <chrono>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <limits>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reprise/history.h"
#include "reprise/json.h"
#include "reprise/replayer.h"
#include "reprise/reprise.h"
#include "reprise/testing/env.h"
#include "tests/support/page_code.h"
#include "tests/support/temporary_directory.h"

namespace published_state_page_test {

// ---- the page ---------------------------------------------------------------------------------

constexpr reprise::Workflow<void(std::vector<std::string>)> importing{"import"};
constexpr reprise::Activity<void(std::string)> load{"load"};

struct Progress {
  int done = 0;
  int of = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Progress, done, of)

constexpr reprise::Value<Progress> progress{"progress"};
constexpr reprise::Attribute<std::string> customer{"customer"};
constexpr reprise::Attribute<reprise::Time> paid_at{"paid at"};

void run_import(reprise::Context& ctx, const std::vector<std::string>& files) {
  const int all = static_cast<int>(files.size());
  for (int done = 0; done < all; ++done) {
    ctx.set(progress({.done = done, .of = all}));
    ctx.call(load(files[static_cast<std::size_t>(done)]));
  }
  ctx.unset(progress);
  ctx.set(paid_at(ctx.now()));
}

void watch(const reprise::Client& client, const std::vector<std::string>& files) {
  const auto run =
      client.start(importing(files), {.id = "import-7", .settings = {customer("Ann")}});
  if (const auto now = run.get(progress)) std::cout << now->done << " of " << now->of << "\n";
  for (const reprise::RunDescription& each : client.list()) {
    std::cout << each.workflow_id << ": " << customer.find_in(each.settings).value_or("?") << "\n";
  }
}

}  // namespace published_state_page_test

namespace reprise::published_state_test {
namespace {

using namespace std::chrono_literals;
using namespace published_state_page_test;
using testing::Crash;
using ::testing::ElementsAre;
using testing::Env;
using testing::EnvOptions;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Replay;
using ::testing::SizeIs;
using Texts = std::vector<std::string>;

TEST(PublishedStatePage, HasTheCodeOfThisFile) {
  testing::expect_code_of("docs/language/published_state.md",
                          "tests/unit/sdk/published_state_test.cc", 2);
}

TEST(PublishedState, IsThereInEveryReplayAndAfterEveryCrash) {
  for (const Replay replay : {Replay::kOff, Replay::kEveryTurn, Replay::kShake}) {
    for (const Crash crash : {Crash::kNever, Crash::kEveryCommit}) {
      Env env({.replay = replay, .crash = crash});
      env.implement(importing, run_import);
      env.stub(load, [](const std::string&) {});
      const auto run = env.start(importing(Texts{"a", "b"}), {.settings = {customer("Ann")}});
      EXPECT_EQ(run.get(customer), "Ann");
      run.result();
      EXPECT_EQ(run.get(progress).has_value(), false);
      EXPECT_EQ(run.get(customer), "Ann");
      EXPECT_EQ(run.get(paid_at), env.now());
      const RunDescription description = run.describe();
      ASSERT_THAT(description.settings, SizeIs(2));
      EXPECT_EQ(description.settings[0], customer("Ann"));
      EXPECT_EQ(description.settings[1], paid_at(env.now()));
    }
  }
}

// ---- values -----------------------------------------------------------------------------------

constexpr Workflow<std::string()> publishing{"publishing"};
constexpr Signal<int> go{"go"};

// Publishes it and waits for "go".
RunHandle publish(Env& env, const Setting& setting) {
  env.implement(publishing, [setting](Context& ctx) {
    ctx.set(setting);
    ctx.inbox(go).next().get();
    return std::string("done");
  });
  return env.start(publishing());
}

// Set by code, and given with a start.
template <class Published, class T>
void expect_same(const Published& published, const T& value) {
  Env env;
  const auto run = publish(env, published(value));
  const auto given = env.start(publishing(), {.settings = {published(value)}});
  for (const RunHandle& each : {run, RunHandle(given)}) {
    const auto found = each.get(published);
    ASSERT_TRUE(found);
    EXPECT_EQ(published(*found), published(value));
    const History history = each.history();
    for (const JsonLayout layout : {JsonLayout::kCompact, JsonLayout::kIndented}) {
      EXPECT_EQ(History::parse(history.to_json(layout)).to_bytes(), history.to_bytes());
    }
  }
}

TEST(PublishedState, AttributesKeepTheirValues) {
  using Limits = std::numeric_limits<std::int64_t>;
  for (const bool value : {false, true}) expect_same(Attribute<bool>("x"), value);
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-1}, Limits::min(), Limits::max()})
    expect_same(Attribute<std::int64_t>("x"), value);
  for (const double value : {0.0, -0.0, 0.1, 1e300, std::numeric_limits<double>::denorm_min(),
                             double(INFINITY), -double(INFINITY), std::nan("")})
    expect_same(Attribute<double>("x"), value);
  for (const std::string& value :
       {std::string(), std::string("a\0b", 3), std::string("\u00fcber \U0001f600\x1b\n"),
        std::string(kMaxAttributeBytes - 3, 'x')})
    expect_same(Attribute<std::string>("x"), value);
  for (const Texts& value : {Texts{}, Texts{""}, Texts{"b", "a", "b"}, Texts(100, "x")})
    expect_same(Attribute<Texts>("x"), value);
  for (const Time value : {Time{}, Time::min(), Time::max(), Time{-1ms}})
    expect_same(Attribute<Time>("x"), value);
}

TEST(PublishedState, ValuesAreOfAnyTypeAndAnyBytes) {
  expect_same(Value<std::string>("x"), std::string("\xff\xfe\0", 3));
  expect_same(Value<std::optional<int>>("x"), std::optional<int>());
  expect_same(Value<Progress>("x"), Progress{.done = 3, .of = 10});
  expect_same(Value<std::string>("x"), std::string(60'000, 'x'));
}

// ---- what is refused --------------------------------------------------------------------------

// The code of the error that setting it throws in workflow code; "": none. The run goes on.
std::string refusal(const Setting& setting) {
  Env env;
  env.implement(publishing, [setting](Context& ctx) {
    std::string code;
    try {
      ctx.set(setting);
    } catch (const Error& error) {
      code = error.code();
    }
    ctx.sleep(1s);
    return code;
  });
  const auto run = env.start(publishing());
  const std::string code = run.result();
  EXPECT_THAT(run.describe().settings, SizeIs(code.empty() ? 1 : 0));
  // A start with it is refused in the same way.
  try {
    env.start(publishing(), {.id = "given", .settings = {setting}});
    EXPECT_EQ(code, "");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    EXPECT_FALSE(env.client().find_description("given"));
  }
  return code;
}

TEST(PublishedState, NamesAreLikeAllOthers) {
  EXPECT_EQ(refusal(Value<int>("")(1)), "RP3003");
  const std::string longest(kMaxIdBytes, 'x');
  EXPECT_EQ(refusal(Value<int>(longest)(1)), "");
  const std::string longer(kMaxIdBytes + 1, 'x');
  EXPECT_EQ(refusal(Value<int>(longer)(1)), "RP3003");
  EXPECT_EQ(refusal(Value<int>("\xff")(1)), "RP3003");
  EXPECT_EQ(refusal(Value<int>(std::string_view("a\0\x1b\n", 4))(1)), "");
}

TEST(PublishedState, WhatIsTooLargeIsRefused) {
  EXPECT_EQ(refusal(Value<std::string>("x")(std::string(kMaxPayloadBytes, 'x'))), "RP3002");
  const Attribute<std::string> text("x");
  EXPECT_EQ(refusal(text(std::string(kMaxAttributeBytes, 'x'))), "RP3002");
  EXPECT_EQ(refusal(Attribute<Texts>("x")(Texts(1'000, "x"))), "RP3002");
}

TEST(PublishedState, AnAttributesTextIsUtf8) {
  const Attribute<std::string> text("x");
  const Attribute<Texts> texts("x");
  for (int byte = 0; byte < 256; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    if (byte < 128) {
      EXPECT_EQ(text(one).payload.size(), 2U);
      continue;
    }
    EXPECT_THROW((void)text(one), PayloadError);
    EXPECT_THROW((void)texts({"a", one}), PayloadError);
  }
}

// Settings that no Value and no Attribute has made.
TEST(PublishedState, HandMadeSettingsAreChecked) {
  EXPECT_EQ(refusal({"x", "", SettingType::kValue}), "RP3012");
  EXPECT_EQ(refusal({"x", "\xff", SettingType::kValue}), "RP3001");
  EXPECT_EQ(refusal({"x", std::string("\x01\x02", 2), SettingType::kValue}), "RP3001");
  EXPECT_EQ(refusal({"x", "\x01", SettingType::kValue}), "");
  EXPECT_EQ(refusal({"x", "\x01", SettingType::kText}), "RP3001");
  EXPECT_EQ(refusal({"x", "\x41\xff", SettingType::kText}), "RP3012");
  EXPECT_EQ(refusal({"x", "\x41\x61", SettingType::kText}), "RP3001") << "a byte string";
  EXPECT_EQ(refusal({"x", "\x61\x61", SettingType::kText}), "");
  EXPECT_EQ(refusal({"x", "\x61\x61", SettingType::kTexts}), "RP3001");
  EXPECT_EQ(refusal({"x", "\x18\x01", SettingType::kInt64}), "RP3001") << "not the shortest form";
  EXPECT_EQ(refusal({"x", "\x01", SettingType::kDouble}), "RP3001") << "an integer";
  EXPECT_EQ(refusal({"x", "\x01", static_cast<SettingType>(77)}), "RP3010");
}

TEST(PublishedState, OneNameHasOneTypeAtATime) {
  constexpr Value<int> as_value{"x"};
  constexpr Attribute<std::int64_t> as_number{"x"};
  constexpr Attribute<Time> as_time{"x"};
  Env env({.replay = Replay::kEveryTurn});
  env.implement(publishing, [&](Context& ctx) {
    std::string seen;
    const auto attempt = [&](const Setting& setting) {
      try {
        ctx.set(setting);
        seen += "set ";
      } catch (const UsageError& error) {
        seen += std::string(error.code()) + " ";
        EXPECT_THAT(error.what(), HasSubstr("an attribute of type int64"));
      }
    };
    attempt(as_number(1));
    ctx.sleep(1s);
    attempt(as_value(2));
    attempt(as_time(Time{}));
    EXPECT_THROW(ctx.unset(as_time), UsageError);
    ctx.unset(as_number);
    ctx.sleep(1s);
    attempt(as_value(3));
    attempt(as_value(4));
    return seen;
  });
  const auto run = env.start(publishing());
  EXPECT_EQ(run.result(), "set RP3010 RP3010 set set ");
  EXPECT_EQ(run.get(as_value), 4);
  EXPECT_THROW((void)run.get(as_number), PayloadError);
  EXPECT_THROW((void)run.get(Value<std::string>("x")), PayloadError);
  EXPECT_EQ(run.get(Value<int>("y")), std::nullopt);
  EXPECT_THROW((void)run.get(Value<int>("")), InvalidOption);
  EXPECT_THROW((void)env.client().handle("nobody").get(as_value), NotFound);
}

TEST(PublishedState, OfTheStartHasItsTypeToo) {
  Env env;
  env.implement(publishing, [](Context& ctx) {
    try {
      ctx.set(Value<int>("customer")(1));
    } catch (const UsageError& error) {
      return std::string(error.code());
    }
    return std::string("set");
  });
  EXPECT_EQ(env.start(publishing(), {.settings = {customer("Ann")}}).result(), "RP3010");
  EXPECT_EQ(env.start(publishing()).result(), "set");
  EXPECT_THROW(env.start(publishing(), {.settings = {customer("a"), customer("b")}}),
               InvalidOption);
}

// ---- where ------------------------------------------------------------------------------------

TEST(PublishedState, IsSetInACancelledScopeInHandlersAndSpawnedFunctions) {
  Env env;
  constexpr Value<std::string> stage{"stage"};
  constexpr Value<int> handled{"handled"};
  constexpr Value<int> spawned{"spawned"};
  constexpr Update<int(int)> judge{"judge"};
  env.implement(publishing, [=](Context& ctx) {
    const auto judging = ctx.accept(judge, [&ctx, handled](int value) {
      ctx.set(handled(value));
      return value;
    });
    ctx.spawn([&ctx, spawned] { ctx.set(spawned(1)); }).get();
    try {
      ctx.inbox(go).next().get();
    } catch (const CancelledFailure&) {
      ctx.set(stage("cancelled"));
      throw;
    }
    return std::string();
  });
  const auto run = env.start(publishing());
  EXPECT_EQ(run.update(judge(7)), 7);
  EXPECT_EQ(run.get(handled), 7);
  EXPECT_EQ(run.get(spawned), 1);
  run.cancel();
  EXPECT_THROW(run.result(), CancelledFailure);
  EXPECT_EQ(run.get(stage), "cancelled");
}

TEST(PublishedState, OfATerminatedRunStays) {
  Env env;
  const auto run = publish(env, customer("Ann"));
  run.terminate("enough");
  EXPECT_EQ(run.get(customer), "Ann");
  const auto again = env.start(publishing(), {.id = run.id()});
  (void)again;
  EXPECT_EQ(env.client().handle(run.id(), run.run_id()).get(customer), "Ann");
}

// ---- replay -----------------------------------------------------------------------------------

TEST(PublishedState, AReplayerComparesNamesTypesAndStrictlyValues) {
  Env env;
  const auto run = publish(env, customer("Ann"));
  run.signal(go(1));
  run.describe();
  const History history = run.history();
  const auto replayed = [&](const Setting& now, bool strict) {
    Replayer replayer({.strict = strict});
    replayer.implement(publishing, [now](Context& ctx) {
      ctx.set(now);
      ctx.inbox(go).next().get();
      return std::string("done");
    });
    return std::string(replayer.replay(history).mismatch);
  };
  for (const bool strict : {false, true}) {
    EXPECT_EQ(replayed(customer("Ann"), strict), "");
    EXPECT_EQ(replayed(customer("Bob"), strict), strict ? "changed input" : "");
    EXPECT_EQ(replayed(Value<std::string>("customer")("Ann"), strict), "other type");
    EXPECT_EQ(replayed(Attribute<std::string>("client")("Ann"), strict), "other name");
  }
}

TEST(PublishedState, BeyondALimitTheRunIsParked) {
  Env env;
  env.implement(publishing, [](Context& ctx) {
    for (int i = 0; i <= 100; ++i) ctx.set({std::to_string(i), "\x01", SettingType::kValue});
    return std::string();
  });
  const auto run = env.start(publishing());
  try {
    run.result();
    FAIL();
  } catch (const ParkedError& error) {
    EXPECT_EQ(error.code(), "RP2007");
    EXPECT_THAT(error.what(), HasSubstr("EngineLimits::settings = 100"));
  }
  EXPECT_THAT(run.describe().settings, IsEmpty());
}

TEST(PublishedState, TypesHaveNames) {
  std::string names;
  for (int i = 0; i <= 7; ++i) {
    names += std::string(to_string(static_cast<SettingType>(i))) + " ";
  }
  EXPECT_EQ(names, "value bool int64 double text texts time unknown ");
  EXPECT_FALSE(Value<int>("x")(1).indexed());
  EXPECT_TRUE(customer("x").indexed());
}

// The page's reader, over an engine with its threads.
TEST(PublishedState, TheReaderOfThePageReads) {
  const testing::TemporaryDirectory directory;
  const auto engine = Engine::open(directory / "store");
  const Client client(*engine);
  ::testing::internal::CaptureStdout();
  watch(client, {"a"});
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "import-7: Ann\n");
}

}  // namespace
}  // namespace reprise::published_state_test
